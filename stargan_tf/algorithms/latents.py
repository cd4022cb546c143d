"""Latent codes drawn from seeds: the same on a server, on the command line and in training."""

import functools

import tensorflow as tf


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
