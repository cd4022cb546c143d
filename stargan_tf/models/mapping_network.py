"""The mapping network F(z, y): a random latent code becomes a style of a domain."""

import tensorflow as tf

from stargan_tf.compat import keras
from stargan_tf.models.layers import PerDomainDense, he_normal, input_width, select_domain
from stargan_tf.models.saving import SavedNetwork, serializable
from stargan_tf.shapes import check_shapes, floats, integers


@serializable
class MappingNetwork(SavedNetwork, keras.Model):
    """Shared layers, then layers of each domain, of which the last is linear.

    Source: Choi et al. 2020, section 2 and table 6: four shared layers, and four of each domain.
    The first preprint (arXiv:1912.01865v1) has six shared layers and one linear layer of each
    domain: num_shared 6 and num_unshared 0.
    """

    def __init__(
        self,
        num_domains: int,
        style_dim: int = 64,
        hidden_dim: int = 512,
        num_shared: int = 4,
        num_unshared: int = 3,
        name: str = "mapping_network",
    ) -> None:
        """Makes the layers.

        Args:
          num_domains: K.
          style_dim: length of the style code.
          hidden_dim: width of all layers but the last.
          num_shared: layers that all domains share, at least one.
          num_unshared: layers of each domain before its last, which makes the style.
          name: of the model.
        """
        super().__init__(name=name)
        self.num_domains = num_domains
        self.style_dim = style_dim
        self.hidden_dim = hidden_dim
        self.num_shared = num_shared
        self.num_unshared = num_unshared
        self.shared = [
            keras.layers.Dense(hidden_dim, "relu", kernel_initializer=he_normal())
            for _ in range(num_shared)
        ]
        self.unshared = [PerDomainDense(num_domains, hidden_dim) for _ in range(num_unshared)]
        self.style = PerDomainDense(num_domains, style_dim)

    @property
    def latent_dim(self) -> int | None:
        """Length of the latent codes, None before the first call."""
        return input_width(self.shared[0])

    def make_weights(self, latent_dim: int) -> None:
        """Creates the weights, for latent codes of this length."""
        self(tf.zeros([1, latent_dim]), tf.zeros([1], tf.int32))

    def call(self, z: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """Makes styles of latent codes.

        Args:
          z: latent codes, [N, latent_dim] float, from the standard normal distribution.
          y: domains, [N] integer in [0, num_domains).

        Returns:
          Style codes, [N, style_dim] float32.

        Raises:
          ShapeError: `z` are not float vectors as long as the first call's, or `y` not one
            integer for each.
        """
        check_shapes(
            f"{self.name} takes latent codes of one length and a domain for each",
            z=floats(z, "N", self.latent_dim),
            y=integers(y, "N"),
        )
        h = z
        for layer in self.shared:
            h = layer(h)  # [N, hidden_dim]
        for layer in self.unshared:
            h = tf.nn.relu(layer(h))  # [N, K, hidden_dim]
        return tf.cast(select_domain(self.style(h), y), tf.float32)
