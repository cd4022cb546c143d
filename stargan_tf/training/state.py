"""All that training changes, in one place: what a checkpoint holds."""

import numpy as np
import tensorflow as tf

from stargan_tf.config.train import TrainConfig
from stargan_tf.errors import UserError
from stargan_tf.models.networks import TranslationNetworks, build_discriminator
from stargan_tf.training.optimizers import Adam


class TrainState(tf.Module):
    """Networks, their moving averages, optimizers, and where the schedule stands.

    Make it inside the strategy's scope. The input's position is not kept apart:
    the input is a function of `step`.
    """

    def __init__(self, config: TrainConfig, num_domains: int) -> None:
        """Makes the state of a run that has not begun.

        Args:
          config: of the run; `config.seed` decides the initial weights.
          num_domains: K.
        """
        super().__init__()
        tf.keras.utils.set_random_seed(config.seed)
        self.networks = TranslationNetworks(config, num_domains)
        self.discriminator = build_discriminator(config, num_domains)
        self.averages = TranslationNetworks(config, num_domains)
        for average, network in zip(
            self.averages.networks(), self.networks.networks(), strict=True
        ):
            average.set_weights(network.get_weights())

        self.generator_optimizer = _adam(config, config.lr, self.networks.generator)
        self.mapping_optimizer = _adam(config, config.f_lr, self.networks.mapping_network)
        self.style_optimizer = _adam(config, config.lr, self.networks.style_encoder)
        self.discriminator_optimizer = _adam(config, config.lr, self.discriminator)

        self.step = tf.Variable(0, trainable=False, dtype=tf.int64, name="step")
        self.lambda_ds = tf.Variable(config.lambda_ds, trainable=False, name="lambda_ds")

    def set_learning_rates(self, config: TrainConfig) -> bool:
        """Sets the rates of `config`, after a restore brought the old ones; whether they differ."""
        optimizers = {
            self.generator_optimizer: config.lr,
            self.mapping_optimizer: config.f_lr,
            self.style_optimizer: config.lr,
            self.discriminator_optimizer: config.lr,
        }
        changed = False
        for optimizer, rate in optimizers.items():
            changed |= optimizer.learning_rate.numpy() != np.float32(rate)
            optimizer.learning_rate = rate
        return changed

    def check_finite(self) -> None:
        """Stops a run before broken weights are saved over good ones.

        Raises:
          UserError: names the first network with a weight that is NaN or infinite.
        """
        for network in (*self.networks.networks(), self.discriminator):
            if not all(bool(tf.reduce_all(tf.math.is_finite(v))) for v in network.variables):
                raise UserError(
                    f"Weights of the {network.name} became NaN or infinite by iteration "
                    f"{self.step.numpy()}: training was stopped, and the last good checkpoint "
                    "kept; try a lower --lr or --mixed_precision=none in a new --run_dir."
                )


def _adam(
    config: TrainConfig, learning_rate: float, network: tf.keras.Model
) -> tf.keras.optimizers.Optimizer:
    optimizer = Adam(learning_rate, config.beta1, config.beta2, config.weight_decay)
    optimizer.build(network.trainable_variables)
    if config.mixed_precision == "float16":
        return tf.keras.mixed_precision.LossScaleOptimizer(optimizer)
    return optimizer
