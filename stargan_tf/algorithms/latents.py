"""Latent codes drawn from seeds, and the mean of the codes that are made of them."""

import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

MEAN_CODE_LATENTS = 10_000
# Any fixed seed does; not the user's, so that the mean belongs to the networks alone.
_MEAN_CODE_SEED = 0


def draw_latents(seeds: tf.Tensor, latent_dim: int) -> tf.Tensor:
    """Draws z ~ N(0, I) for each seed.

    The same seed gives the same numbers on every device and in every batch.

    Args:
      seeds: [N] int64.
      latent_dim: length of a latent code.

    Returns:
      [N, latent_dim] float32.
    """
    draw = functools.partial(tf.random.stateless_normal, [latent_dim], alg="philox")
    spec = tf.TensorSpec([latent_dim], tf.float32)
    return tf.map_fn(lambda seed: draw(tf.stack([seed, 0])), seeds, fn_output_signature=spec)


def mean_code(make_codes: Callable[[np.ndarray], np.ndarray], latent_dim: int) -> np.ndarray:
    """The mean s_avg of the codes of 10,000 latent codes, always the same ones.

    Source: Karras et al. 2019, arXiv:1812.04948, appendix B (the mean of the mapped
    latents).

    Args:
      make_codes: makes codes [N, D] of latent codes [N, latent_dim] float32.
      latent_dim: length of a latent code.

    Returns:
      [D] float32.
    """
    rng = np.random.default_rng(_MEAN_CODE_SEED)
    latents = rng.standard_normal([MEAN_CODE_LATENTS, latent_dim], np.float32)
    return make_codes(latents).mean(axis=0, dtype=np.float64).astype(np.float32)
