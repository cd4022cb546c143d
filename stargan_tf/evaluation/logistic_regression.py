"""Multinomial logistic regression, solved to the one optimum it has."""

import numpy as np

# The gradient's largest entry where the search ends; the loss is at most log K at the start.
_TOLERANCE = 1e-7
_MAX_NEWTON_STEPS = 50
_MAX_CONJUGATE_STEPS = 250


def fit_logistic_regression(
    inputs: np.ndarray, labels: np.ndarray, shares: np.ndarray, l2: float
) -> np.ndarray:
    """Weights W that minimise sum_i shares_i cross_entropy_i + l2 / 2 |W without last row|^2.

    Newton's method: each step solved by conjugate gradients, only as exactly as it pays,
    and halved until the loss falls as far as it promises. Nothing is random; the loss is
    convex, so the start does not matter.

    Source: Nocedal and Wright 2006, algorithm 7.1.

    Args:
      inputs: [n, d] float64, the last column ones: its weights are the bias.
      labels: [n] int64 in [0, K).
      shares: [n] float64, 1 in all: how much each example counts.
      l2: weight of the penalty, above 0.

    Returns:
      [d, K] float64.
    """
    penalty = np.full((inputs.shape[1], 1), l2)
    penalty[-1] = 0.0
    targets = np.eye(labels.max() + 1)[labels]  # [n, K]
    weights = np.zeros((inputs.shape[1], targets.shape[1]))
    loss, probabilities = _loss(inputs, targets, shares, penalty, weights)
    for _ in range(_MAX_NEWTON_STEPS):
        errors = shares[:, None] * (probabilities - targets)
        gradient = inputs.T @ errors + penalty * weights
        if np.abs(gradient).max() < _TOLERANCE:
            break
        step = _newton_step(inputs, probabilities, shares, penalty, gradient)
        promised = float(np.sum(gradient * step))  # below 0
        size = 1.0
        while size > 1e-10:
            candidate = weights + size * step
            new_loss, new_probabilities = _loss(inputs, targets, shares, penalty, candidate)
            if new_loss <= loss + 1e-4 * size * promised:
                break
            size /= 2
        else:
            break  # as exact as rounding allows
        weights, loss, probabilities = candidate, new_loss, new_probabilities
    return weights


def _loss(
    inputs: np.ndarray,
    targets: np.ndarray,
    shares: np.ndarray,
    penalty: np.ndarray,
    weights: np.ndarray,
) -> tuple[float, np.ndarray]:
    """The loss, and the probabilities [n, K]."""
    logits = inputs @ weights
    logits -= logits.max(axis=1, keepdims=True)  # no overflow; the probabilities stay
    log_sums = np.log(np.exp(logits).sum(axis=1, keepdims=True))
    log_probabilities = logits - log_sums
    cross_entropy = -np.sum(targets * log_probabilities, axis=1)
    loss = shares @ cross_entropy + 0.5 * np.sum(penalty * weights * weights)
    return float(loss), np.exp(log_probabilities)


def _newton_step(
    inputs: np.ndarray,
    probabilities: np.ndarray,
    shares: np.ndarray,
    penalty: np.ndarray,
    gradient: np.ndarray,
) -> np.ndarray:
    """Solves Hessian @ step = -gradient by conjugate gradients."""

    def times_hessian(direction: np.ndarray) -> np.ndarray:
        change = inputs @ direction  # [n, K], of the logits
        mean = np.sum(probabilities * change, axis=1, keepdims=True)
        return inputs.T @ (shares[:, None] * probabilities * (change - mean)) + penalty * direction

    step = np.zeros_like(gradient)
    residual = -gradient
    direction = residual
    squared = float(np.sum(residual * residual))
    norm = np.sqrt(squared)
    goal = min(0.1, np.sqrt(norm)) * norm
    for _ in range(_MAX_CONJUGATE_STEPS):
        product = times_hessian(direction)
        length = squared / float(np.sum(direction * product))
        step = step + length * direction
        residual = residual - length * product
        previous, squared = squared, float(np.sum(residual * residual))
        if np.sqrt(squared) <= goal:
            break
        direction = residual + (squared / previous) * direction
    return step
