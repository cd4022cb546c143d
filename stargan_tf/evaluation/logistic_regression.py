"""Multinomial logistic regression, solved to the one optimum it has."""

import numpy as np
import scipy.optimize
import scipy.special

# ftol=0: the search ends by the gradient's largest entry alone, at most log K at the start.
# maxcor: updates from which the Hessian is estimated; memory of so many times the weights.
_OPTIONS = {"gtol": 1e-8, "ftol": 0.0, "maxcor": 30, "maxiter": 20_000, "maxfun": 40_000}


def fit_logistic_regression(
    inputs: np.ndarray, labels: np.ndarray, shares: np.ndarray, l2: float
) -> np.ndarray:
    """Weights W that minimise sum_i shares_i cross_entropy_i + l2 / 2 |W without last row|^2.

    Nothing is random, and the loss is convex, so that the start does not matter.

    Source: Zhu et al. 1997, algorithm 778 (L-BFGS-B), as SciPy has it.

    Args:
      inputs: [n, d] float64, the last column ones: its weights are the bias.
      labels: [n] int64 in [0, K).
      shares: [n] float64, 1 in all: how much each example counts.
      l2: weight of the penalty, above 0.

    Returns:
      [d, K] float64.
    """
    targets = np.eye(labels.max() + 1)[labels]  # [n, K]
    penalty = np.full((inputs.shape[1], 1), l2)
    penalty[-1] = 0.0

    def loss_and_gradient(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(len(penalty), -1)
        log_probabilities = scipy.special.log_softmax(inputs @ weights, axis=1)
        loss = -shares @ np.sum(targets * log_probabilities, axis=1)
        loss += 0.5 * np.sum(penalty * weights**2)
        errors = shares[:, None] * (np.exp(log_probabilities) - targets)
        return loss, (inputs.T @ errors + penalty * weights).ravel()

    start = np.zeros(len(penalty) * targets.shape[1])
    found = scipy.optimize.minimize(
        loss_and_gradient, start, jac=True, method="L-BFGS-B", options=_OPTIONS
    )
    return found.x.reshape(len(penalty), -1)
