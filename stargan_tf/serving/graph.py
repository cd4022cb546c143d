"""What every exported signature is made of: codes in, translations out, all in the graph."""

import numpy as np
import tensorflow as tf

from stargan_tf.algorithms import drawable, latents
from stargan_tf.algorithms.drawable import Drawable, Mode

_MAPPING_BATCH = 1000


class ServingGraph:
    """Trained networks with the mean codes of their domains; see `signatures.ServingGraph`."""

    def __init__(self, model: Drawable, mean_codes: np.ndarray) -> None:
        """Keeps the model.

        Args:
          model: whose functions become parts of the graph.
          mean_codes: s_avg of each domain, [K, D] float32.
        """
        self._model = model
        self.mean_codes = mean_codes

    def make_codes(self, mode: Mode, source: tf.Tensor | None, y: tf.Tensor) -> tf.Tensor:
        """See `Drawable.make_codes`."""
        return self._model.make_codes(mode, source, y)

    def truncate(self, codes: tf.Tensor, y: tf.Tensor, psi: tf.Tensor) -> tf.Tensor:
        """Pulls codes towards the mean code of their domain: s_avg + psi (s - s_avg).

        Source: Karras et al. 2019, arXiv:1812.04948, appendix B (truncation).

        Args:
          codes: s, [N, D] float32.
          y: domains, [N] integer.
          psi: truncation in [0, 1], [N] float32.

        Returns:
          [N, D] float32.
        """
        mean = tf.gather(tf.constant(self.mean_codes, tf.float32), y)
        return mean + tf.reshape(psi, [-1, 1]) * (codes - mean)

    def translate(self, x: tf.Tensor, codes: tf.Tensor) -> tf.Tensor:
        """Draws images in codes, within the range of images.

        Args:
          x: [N, R, R, 3] float32 in [-1, 1].
          codes: [N, D] float32.

        Returns:
          [N, R, R, 3] float32 in [-1, 1]: what lies outside is clipped, as it is when an
          image is shown.
        """
        return tf.clip_by_value(self._model.draw(self._model.encode(x), codes), -1.0, 1.0)


class TracedOnce:
    """A ServingGraph for many signatures: they call networks as functions, which they share.

    Signatures that draw differ in nothing but how they come by a code. So each network is
    traced once, and stands once in what is saved; see `signatures.ServingGraph`.
    """

    def __init__(self, graph: ServingGraph) -> None:
        """Keeps the graph."""
        self.truncate = graph.truncate
        self.make_codes = tf.function(graph.make_codes, autograph=False)
        self.translate = tf.function(graph.translate, autograph=False)


def mean_codes(model: Drawable, num_domains: int) -> np.ndarray:
    """The mean codes of all domains; see `latents.mean_code`.

    Args:
      model: makes the codes.
      num_domains: K.

    Returns:
      [K, D] float32; zeros for models without latent codes, which truncate nothing.
    """
    mode = drawable.mode_of(model.modes, drawable.LATENT)
    if mode is None:
        return np.zeros([num_domains, model.code_dim], np.float32)

    def make(z: np.ndarray, domain: int) -> np.ndarray:
        batches = np.split(z, range(_MAPPING_BATCH, len(z), _MAPPING_BATCH))
        codes = [model.make_codes(mode, tf.constant(b), tf.fill([len(b)], domain)) for b in batches]
        return np.concatenate(codes)

    return np.stack(
        [latents.mean_code(lambda z, y=y: make(z, y), model.latent_dim) for y in range(num_domains)]
    )
