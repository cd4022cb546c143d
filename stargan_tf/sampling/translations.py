"""Trained networks as evaluation uses them: arrays in, arrays out."""

import numpy as np

from stargan_tf.models.networks import TranslationNetworks
from stargan_tf.sampling.styles import StyleMaker
from stargan_tf.sampling.translate import Translator

_BATCH = 32


class Translations:
    """Makes styles, and draws images in them."""

    def __init__(self, networks: TranslationNetworks, latent_dim: int) -> None:
        """Compiles the networks; G without high-pass skip connections (w_hpf 0)."""
        self._styles = StyleMaker(networks, latent_dim, batch_size=_BATCH)
        self._translator = Translator(networks.generator, batch_size=_BATCH)

    def random_styles(self, latents: np.ndarray, domain: int) -> np.ndarray:
        """F(z, y) of latents [N, latent_dim]: [N, style_dim] float32."""
        return self._styles.from_latents(latents, domain)

    def reference_styles(self, images: np.ndarray, domain: int) -> np.ndarray:
        """E(x, y) of images [N, R, R, 3] float32 in [-1, 1]: [N, style_dim] float32."""
        return self._styles.from_references(images, domain)

    def draw(self, images: np.ndarray, styles: np.ndarray) -> np.ndarray:
        """Draws each image in styles of its own.

        Args:
          images: [N, R, R, 3] float32 in [-1, 1].
          styles: [N, K, style_dim] float32.

        Returns:
          [N, K, R, R, 3] float32, about [-1, 1] but not bounded.
        """
        num, num_outs, _ = styles.shape
        encoded = self._translator.encode(images)
        rows = np.repeat(np.arange(num), num_outs)
        drawn = self._translator.decode_pairs(encoded, rows, styles.reshape(num * num_outs, -1))
        return drawn.reshape(num, num_outs, *drawn.shape[1:])
