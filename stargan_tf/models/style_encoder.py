"""The style encoder E(x, y): the style of a reference image, as an image of its domain."""

import tensorflow as tf

from stargan_tf.models.layers import PerDomainDense, select_domain
from stargan_tf.models.trunk import Trunk


class StyleEncoder(tf.keras.Model):
    """A trunk and one linear head for each domain.

    Source: Choi et al. 2020, section 2 and table 7.
    """

    def __init__(
        self,
        img_size: int,
        base_channels: int,
        max_conv_dim: int,
        num_domains: int,
        style_dim: int = 64,
        name: str = "style_encoder",
    ) -> None:
        """Makes the layers; see `Generator` and `MappingNetwork` for the arguments."""
        super().__init__(name=name)
        self.trunk = Trunk(img_size, base_channels, max_conv_dim)
        self.heads = PerDomainDense(num_domains, style_dim)

    def call(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """Maps images x [N, R, R, 3] in [-1, 1], domains y [N] to styles [N, style_dim] float32."""
        return tf.cast(select_domain(self.heads(self.trunk(x)), y), tf.float32)
