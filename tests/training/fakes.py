"""Training without networks: a state that counts, and a step that does as it is told."""

from collections.abc import Callable

import tensorflow as tf

from stargan_tf.errors import UserError
from tests.training.tiny import LOSSES


class FakeState(tf.Module):
    """Enough of a `TrainState` for the loop and the checkpoints."""

    def __init__(self):
        super().__init__()
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

    def __call__(self, batch: float) -> dict[str, tf.Tensor]:
        done = int(self.state.step.assign_add(1))
        self.state.weight.assign(batch)
        self.events.get(done, lambda: None)()
        losses = {name: tf.constant(float(done)) for name in LOSSES}
        return losses | self.losses.get(done, {})
