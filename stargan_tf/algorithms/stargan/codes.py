"""Labels as codes: a vector of c numbers says what an image is to show."""

import tensorflow as tf

from stargan_tf.algorithms.algorithm import Networks
from stargan_tf.algorithms.drawable import NOTHING, Mode
from stargan_tf.algorithms.stargan.settings import StarGANSettings
from stargan_tf.labels import LabelLayout

LABEL_MODE = Mode("label", NOTHING, "translations")
MODES = (LABEL_MODE,)


def label_vectors(y: tf.Tensor, num_labels: int) -> tf.Tensor:
    """What G takes as labels.

    Args:
      y: domains, [N] integer, or labels, [N, num_labels] float.
      num_labels: c.

    Returns:
      [N, num_labels] float32: one-hot of domains, labels as they are.
    """
    if y.dtype.is_integer:
        return tf.one_hot(y, num_labels)
    return tf.cast(y, tf.float32)


class LabelledDrawing:
    """Trained G; see `Drawable`."""

    modes = MODES
    latent_dim = 0

    def __init__(self, networks: Networks, settings: StarGANSettings, layout: LabelLayout) -> None:
        """Keeps G.

        Args:
          networks: G.
          settings: for the size.
          layout: of the labels: codes are vectors of all of them.
        """
        self._generator = networks["generator"]
        self._layout = layout
        self.img_size = settings.img_size
        self.code_dim = layout.length

    def make_codes(self, mode: Mode, source: tf.Tensor | None, y: tf.Tensor) -> tf.Tensor:
        """The labels themselves; see `Drawable`. Of two data sets, y has the mask in it."""
        del mode, source
        if y.dtype.is_integer:
            return self._layout.vectors_of_indices(y)
        return label_vectors(y, self.code_dim)

    def encode(self, x: tf.Tensor) -> tf.Tensor:
        """The images as they are: labels enter with them, at the first layer."""
        return x

    def draw(self, encoded: tf.Tensor, codes: tf.Tensor) -> tf.Tensor:
        """G(x, c); see `Drawable`."""
        return self._generator(encoded, codes)
