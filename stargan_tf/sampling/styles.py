"""Style codes: drawn at random, taken from references, truncated, interpolated."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from stargan_tf.models.networks import TranslationNetworks

MEAN_STYLE_LATENTS = 10_000
# Any fixed seed does; not the user's, so that the mean belongs to the networks alone.
MEAN_STYLE_SEED = 0
_MAPPING_BATCH = 1000


def draw_latents(num: int, latent_dim: int, seed: int) -> np.ndarray:
    """Draws latent codes z from the standard normal distribution.

    The first rows do not depend on how many follow, so that raising the number
    of outputs adds looks and keeps those already seen.

    Returns:
      [num, latent_dim] float32.
    """
    return np.random.default_rng(seed).standard_normal([num, latent_dim], np.float32)


class StyleMaker:
    """Makes style codes with the mapping network F and the style encoder E."""

    def __init__(
        self, networks: TranslationNetworks, latent_dim: int, *, batch_size: int = 8
    ) -> None:
        """Compiles the networks.

        Args:
          networks: those whose styles are wanted.
          latent_dim: length of the latent code z.
          batch_size: images that go through E at once.
        """
        self._latent_dim = latent_dim
        self._batch_size = batch_size
        any_image = [None, networks.generator.img_size, networks.generator.img_size, 3]
        domains = tf.TensorSpec([None], tf.int32)
        # Signatures with open batch sizes: one compilation serves every call.
        self._map = tf.function(
            lambda z, y: networks.mapping_network(z, y),
            input_signature=[tf.TensorSpec([None, latent_dim]), domains],
        )
        self._encode = tf.function(
            lambda x, y: networks.style_encoder(x, y),
            input_signature=[tf.TensorSpec(any_image), domains],
        )

    def from_latents(self, latents: np.ndarray, domain: int, psi: float = 1.0) -> np.ndarray:
        """Random styles of a domain, F(z, y), pulled towards the domain's mean style.

        Args:
          latents: z, [N, latent_dim] float32.
          domain: index y of the domain.
          psi: truncation, 0 for the mean style to 1 for F(z, y) itself.

        Returns:
          [N, style_dim] float32.
        """
        styles = _in_batches(self._map, latents, domain, _MAPPING_BATCH)
        return styles if psi == 1 else truncate(styles, self.mean_style(domain), psi)

    def from_references(self, images: np.ndarray, domain: int) -> np.ndarray:
        """Styles of reference images, E(x, y).

        Args:
          images: x, [N, R, R, 3] float32 in [-1, 1].
          domain: index y of the domain they belong to.

        Returns:
          [N, style_dim] float32.
        """
        return _in_batches(self._encode, images, domain, self._batch_size)

    def mean_style(self, domain: int) -> np.ndarray:
        """Mean s_avg of F over 10,000 latents of a domain, [style_dim] float32.

        Source: Karras et al. 2019, arXiv:1812.04948, appendix B (the mean of the
        mapped latents), taken for each domain by itself.
        """
        latents = draw_latents(MEAN_STYLE_LATENTS, self._latent_dim, MEAN_STYLE_SEED)
        styles = _in_batches(self._map, latents, domain, _MAPPING_BATCH)
        return styles.mean(axis=0, dtype=np.float64).astype(np.float32)

    def mean_styles(self, num_domains: int) -> np.ndarray:
        """The mean styles of all domains, [K, style_dim] float32."""
        return np.stack([self.mean_style(domain) for domain in range(num_domains)])


def truncate(styles: np.ndarray, mean_style: np.ndarray, psi: float) -> np.ndarray:
    """Pulls styles towards the mean style: s_avg + psi (s - s_avg).

    Source: Karras et al. 2019, arXiv:1812.04948, appendix B.

    Args:
      styles: s, [N, style_dim].
      mean_style: s_avg, [style_dim].
      psi: 0 for the mean style to 1 for the styles as they are.

    Returns:
      [N, style_dim]; exactly the mean style for 0 and exactly the styles for 1.
    """
    return lerp(mean_style, styles, psi)


def lerp(start: np.ndarray, end: np.ndarray, weight: float) -> np.ndarray:
    """The point between `start` (weight 0) and `end` (weight 1), exact at both."""
    return (np.float32(1 - weight) * start + np.float32(weight) * end).astype(np.float32)


def interpolation_loop(num_keys: int, frames: int) -> list[tuple[int, int, float]]:
    """The steps of a closed walk through key styles, from each to the next one.

    Args:
      num_keys: how many key styles there are; the last one leads to the first.
      frames: steps from one key style to the next.

    Returns:
      For each of the num_keys * frames steps: the two keys it lies between and how
      far it is on the way, 0 (at the first of them) up to but without 1.
    """
    return [
        (key, (key + 1) % num_keys, step / frames)
        for key in range(num_keys)
        for step in range(frames)
    ]


def _in_batches(
    function: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    inputs: np.ndarray,
    domain: int,
    batch_size: int,
) -> np.ndarray:
    outputs = []
    for start in range(0, len(inputs), batch_size):
        batch = tf.constant(inputs[start : start + batch_size], tf.float32)
        outputs.append(function(batch, tf.fill([len(batch)], domain)).numpy())
    return np.concatenate(outputs)
