"""What every exported signature is made of: styles in, translations out, all in the graph."""

import numpy as np
import tensorflow as tf

from stargan_tf.models.networks import TranslationNetworks


class Translation:
    """The trained networks as functions of tensors, with truncated random styles."""

    def __init__(self, networks: TranslationNetworks, mean_styles: np.ndarray) -> None:
        """Takes what was trained.

        Args:
          networks: G, F and E; G without high-pass skip connections (w_hpf 0).
          mean_styles: s_avg of each domain, [K, style_dim] float32.
        """
        self._networks = networks
        self._mean_styles = tf.constant(mean_styles, tf.float32)

    @property
    def decoder_blocks(self) -> int:
        """How many blocks the generator's decoder has."""
        return len(self._networks.generator.decoder)

    def style_of_latent(self, z: tf.Tensor, y: tf.Tensor, psi: tf.Tensor) -> tf.Tensor:
        """Random styles, truncated: s_avg + psi (F(z, y) - s_avg).

        Source: Choi et al. 2020, section 2; Karras et al. 2019, appendix B (truncation).

        Args:
          z: latent codes, [N, latent_dim] float32.
          y: domains, [N] integer.
          psi: truncation in [0, 1], [N] float32.

        Returns:
          [N, style_dim] float32.
        """
        s = self._networks.mapping_network(z, y)
        mean = tf.gather(self._mean_styles, y)
        return mean + tf.reshape(psi, [-1, 1]) * (s - mean)

    def style_of_reference(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """Styles of images, E(x, y): [N, R, R, 3] in [-1, 1] and [N] to [N, style_dim] float32."""
        return self._networks.style_encoder(x, y)

    def translate(self, x: tf.Tensor, s: tf.Tensor) -> tf.Tensor:
        """Draws images in styles, G(x, s), within the range of images.

        Args:
          x: [N, R, R, 3] float32 in [-1, 1].
          s: [N, style_dim] float32.

        Returns:
          [N, R, R, 3] float32 in [-1, 1]: what lies outside is clipped, as it is when a
          picture is shown.
        """
        return tf.clip_by_value(self._networks.generator(x, s), -1.0, 1.0)
