"""All that training changes, in one place: what a checkpoint holds."""

import numpy as np
import tensorflow as tf

from stargan_tf.algorithms.algorithm import AdamSettings, Algorithm, Networks
from stargan_tf.compat import keras
from stargan_tf.errors import NotFiniteError, UserError
from stargan_tf.models.precision import mixed_precision
from stargan_tf.training.optimizers import Adam

Optimizer = keras.optimizers.Optimizer


class TrainState(tf.Module):
    """Networks, their moving averages, optimizers, and where the schedule stands.

    Make it inside the strategy's scope. The input's position is not kept apart:
    the input is a function of `step`.

    Attributes:
      algorithm: whose state it is.
      networks: all that are trained, by name.
      averages: the moving averages of those that draw, by the same names.
      pretrained: networks that are not trained, by name.
      optimizers: one for each network, by its name.
      schedule: the values that change with the iteration, by log key.
      step: iterations done, int64.
    """

    def __init__(self, algorithm: Algorithm) -> None:
        """Makes the state of a run that has not begun; its seed decides the initial weights."""
        super().__init__()
        settings = algorithm.settings
        keras.utils.set_random_seed(settings.seed)
        self.algorithm = algorithm
        with mixed_precision(settings.mixed_precision):
            self.networks = algorithm.build()
            self.averages = algorithm.build(algorithm.averaged)
            self.pretrained = algorithm.build(algorithm.pretrained)
        _check_keras({**self.networks, **self.pretrained})
        for name, average in self.averages.items():
            average.set_weights(self.networks[name].get_weights())
        self.optimizers = {
            name: _adam(adam, self.networks[name], settings.mixed_precision)
            for name, adam in algorithm.optimizers().items()
        }
        self.step = tf.Variable(0, trainable=False, dtype=tf.int64, name="step")
        self.schedule = {
            name: tf.Variable(value, trainable=False, name=name)
            for name, value in algorithm.schedule(self.step).items()
        }

    @property
    def training_networks(self) -> Networks:
        """What a step uses."""
        return {**self.networks, **self.pretrained}

    @property
    def drawing_networks(self) -> Networks:
        """What draws: the averages."""
        return {**self.averages, **self.pretrained}

    def advance(self) -> None:
        """Counts an iteration and moves everything that follows from their number."""
        self.step.assign_add(1)
        for name, value in self.algorithm.schedule(self.step).items():
            self.schedule[name].assign(value)
        for name, adam in self.algorithm.optimizers().items():
            if adam.rate_at:
                self.optimizers[name].learning_rate.assign(adam.rate_at(self.step))

    def set_learning_rates(self) -> bool:
        """Sets the rates of the settings, after a restore brought old ones; whether they differ."""
        changed = False
        for name, adam in self.algorithm.optimizers().items():
            optimizer = self.optimizers[name]
            rate = float(adam.rate_at(self.step)) if adam.rate_at else adam.learning_rate
            changed |= optimizer.learning_rate.numpy() != np.float32(rate)
            optimizer.learning_rate = rate
        return changed

    def check_finite(self) -> None:
        """Stops a run before broken weights are saved over good ones.

        Raises:
          NotFiniteError: names the first network with a weight that is NaN or infinite.
        """
        for network in self.networks.values():
            if not all(bool(tf.reduce_all(tf.math.is_finite(v))) for v in network.variables):
                raise NotFiniteError(
                    f"Weights of the {network.name} became NaN or infinite by iteration "
                    f"{self.step.numpy()}",
                    "the last good checkpoint kept",
                    "try --on_nan=rollback, or a lower --lr or --mixed_precision=none in a new "
                    "--run_dir",
                )


def _check_keras(networks: Networks) -> None:
    """Checkpoints leave out the weights of another Keras's networks without a word.

    Raises:
      UserError: a network is none of the Keras that is meant.
    """
    for name, network in networks.items():
        if not isinstance(network, keras.Model):
            raise UserError(
                f"The network {name} is a {type(network).__module__}.{type(network).__name__}, "
                "expected a keras.Model with the keras of stargan_tf.compat, whose weights "
                "checkpoints hold: import it from there."
            )


def _adam(adam: AdamSettings, network: keras.Model, precision: str) -> Optimizer:
    optimizer = Adam(adam.learning_rate, adam.beta1, adam.beta2, adam.l2)
    optimizer.build(network.trainable_variables)
    if precision == "float16":
        return keras.mixed_precision.LossScaleOptimizer(optimizer)
    return optimizer
