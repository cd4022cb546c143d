"""The discriminator D(x, y): is x a real image of its domain?"""

import tensorflow as tf

from stargan_tf.models.layers import PerDomainDense, select_domain
from stargan_tf.models.trunk import Trunk


class Discriminator(tf.keras.Model):
    """A trunk and one logit for each domain: a multi-task discriminator.

    Source: Choi et al. 2020, section 2 and table 7.
    """

    def __init__(
        self,
        img_size: int,
        base_channels: int,
        max_conv_dim: int,
        num_domains: int,
        name: str = "discriminator",
    ) -> None:
        """Makes the layers; see `Generator` and `MappingNetwork` for the arguments."""
        super().__init__(name=name)
        self.trunk = Trunk(img_size, base_channels, max_conv_dim)
        self.heads = PerDomainDense(num_domains, 1)

    def call(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """Maps images x [N, R, R, 3] in [-1, 1], domains y [N] to logits [N] float32."""
        logits = select_domain(self.heads(self.trunk(x)), y)  # [N, 1]
        return tf.cast(logits[:, 0], tf.float32)
