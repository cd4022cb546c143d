"""One learned style for each domain, whatever the image."""

import tensorflow as tf

from stargan_tf.compat import keras
from stargan_tf.models.saving import SavedNetwork, serializable
from stargan_tf.shapes import check_shapes, integers


@serializable
class DomainStyles(SavedNetwork, keras.Model):
    """A table of style codes, one for each domain.

    Source: Choi et al. 2020, table 1, configuration C; our reading, for no code of it was
    published.
    """

    def __init__(self, num_domains: int, style_dim: int, name: str = "domain_styles") -> None:
        """Makes the table.

        Args:
          num_domains: K.
          style_dim: length of a style code.
          name: of the model.
        """
        super().__init__(name=name)
        self.num_domains = num_domains
        self.style_dim = style_dim
        # Of one-hot domains, so that those absent from a batch get a gradient of zeros, and with it
        # weight decay. Its numbers begin as those of a latent code would.
        self.table = keras.layers.Dense(
            style_dim, use_bias=False, kernel_initializer=keras.initializers.RandomNormal(stddev=1)
        )

    def make_weights(self) -> None:
        """Creates the weights."""
        self(tf.zeros([1], tf.int32))

    def call(self, y: tf.Tensor) -> tf.Tensor:
        """Looks up the styles of domains.

        Args:
          y: domains, [N] integer in [0, num_domains).

        Returns:
          Style codes, [N, style_dim] float32.

        Raises:
          ShapeError: `y` are not integers in a row.
        """
        check_shapes(f"{self.name} takes domains", y=integers(y, "N"))
        return tf.cast(self.table(tf.one_hot(y, self.num_domains)), tf.float32)
