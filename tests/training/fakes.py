"""Training without networks: a state that counts, and a step that does as it is told."""

from collections.abc import Callable

import tensorflow as tf

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.errors import UserError
from tests.training.tiny import CONFIG, LOSSES


class FakeState(tf.Module):
    """Enough of a `TrainState` for the loop and the checkpoints."""

    def __init__(self, settings=CONFIG):
        super().__init__()
        self.algorithm = make_algorithm(settings, 3)
        self.step = tf.Variable(0, dtype=tf.int64)
        self.weight = tf.Variable(0.0)
        self.averages = tf.Module()

    def check_finite(self):
        if not tf.math.is_finite(self.weight):
            raise UserError("Weights of the fake became NaN.")


class FakeStep:
    """Counts, remembers the batch as the weight, and reports the iteration as every loss."""

    def __init__(self, state: FakeState, events: dict[int, Callable[[], None]] | None = None):
        self.state = state
        self.losses = {}
        self.events = events or {}

    def __call__(self, batch: float, iteration: int) -> dict[str, tf.Tensor]:
        assert iteration == int(self.state.step.numpy())
        done = int(self.state.step.assign_add(1))
        self.state.weight.assign(batch)
        self.events.get(done, lambda: None)()
        losses = {name: tf.constant(float(done)) for name in LOSSES}
        return losses | self.losses.get(done, {})
