"""The discriminator D(x, y): is x a real image of its domain?"""

import tensorflow as tf

from stargan_tf.compat import keras
from stargan_tf.models.layers import PerDomainDense, select_domain
from stargan_tf.models.saving import SavedNetwork, serializable
from stargan_tf.models.trunk import Trunk
from stargan_tf.shapes import check_shapes, floats, integers


@serializable
class Discriminator(SavedNetwork, keras.Model):
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
        self.img_size = img_size
        self.base_channels = base_channels
        self.max_conv_dim = max_conv_dim
        self.num_domains = num_domains
        self.trunk = Trunk(img_size, base_channels, max_conv_dim)
        self.heads = PerDomainDense(num_domains, 1)

    def make_weights(self) -> None:
        """Creates the weights."""
        self(tf.zeros([1, self.img_size, self.img_size, 3]), tf.zeros([1], tf.int32))

    def call(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """Tells real images of a domain from generated ones.

        Args:
          x: images, [N, R, R, 3] float in [-1, 1].
          y: their domains, [N] integer in [0, num_domains).

        Returns:
          Logits [N] float32; above 0 says real.

        Raises:
          ShapeError: `x` are not float images of side R, or `y` not one integer for each.
        """
        side = self.img_size
        check_shapes(
            f"{self.name} takes images of img_size {side} and a domain for each",
            x=floats(x, "N", side, side, 3),
            y=integers(y, "N"),
        )
        logits = select_domain(self.heads(self.trunk(x)), y)  # [N, 1]
        return tf.cast(logits[:, 0], tf.float32)
