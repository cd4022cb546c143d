"""One step down an objective, with the optimizers of the networks that it is for."""

from collections.abc import Callable

import tensorflow as tf

from stargan_tf.algorithms.algorithm import Losses, Objective
from stargan_tf.training.loss_scaling import gradient_scale, loss_scale, unscale
from stargan_tf.training.state import TrainState


class Minimizer:
    """What the step of an algorithm gets as `minimize`; see `Minimize`."""

    def __init__(self, state: TrainState, replicas: int) -> None:
        """Binds it to a state.

        Args:
          state: whose networks and optimizers are used.
          replicas: how many train together.
        """
        self._state = state
        self._replicas = replicas
        self._before: list[tf.Operation] = []  # all gradients of the update before
        self.gradient_scale = gradient_scale(next(iter(state.optimizers.values())))

    def __call__(
        self,
        objective: Callable[[], Objective],
        *networks: str,
        tape: tf.GradientTape | None = None,
    ) -> Losses:
        """Takes one step down the objective with each network's optimizer.

        Args:
          objective: computes the total and the losses that are logged.
          *networks: names of those that are stepped; all others stay as they are.
          tape: see `Minimize`.

        Returns:
          The objective's losses.
        """
        optimizers = [self._state.optimizers[name] for name in networks]
        weights = [self._state.networks[name].trainable_variables for name in networks]
        # One after the other: updates that do not depend on each other would run at once, and hold
        # the feature maps of both.
        with tf.control_dependencies(self._before):
            with tape or tf.GradientTape() as tape:
                total, losses = objective()
                # Optimizers add up the replicas' gradients; each loss is a mean over
                # its replica's share, so the sum needs dividing by their number.
                total /= self._replicas
                total *= loss_scale(optimizers[0])
            gradients = unscale(tape.gradient(total, weights), optimizers)
        self._before = [tf.group(*sum(gradients, []))]
        for optimizer, own, variables in zip(optimizers, gradients, weights, strict=True):
            optimizer.apply_gradients(zip(own, variables, strict=True))
        return losses
