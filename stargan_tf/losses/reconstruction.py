"""Losses on absolute differences: style, diversity and cycle."""

import tensorflow as tf


def style_reconstruction_loss(s_pred: tf.Tensor, s_trg: tf.Tensor) -> tf.Tensor:
    """Mean |s_pred - s_trg|: the style encoder shall find the style that was asked for.

    Source: Choi et al. 2020, equation 2.

    Args:
      s_pred: styles of the generated images, [N, style_dim].
      s_trg: styles they were generated with, [N, style_dim].

    Returns:
      Scalar.
    """
    return _mean_absolute_difference(s_pred, s_trg)


def diversity_sensitive_loss(x_fake: tf.Tensor, x_fake2: tf.Tensor) -> tf.Tensor:
    """Mean |x_fake - x_fake2|: two styles shall give two different images (maximised).

    Source: Choi et al. 2020, equation 3. No gradient passes through `x_fake2`.

    Args:
      x_fake: [N, H, W, C].
      x_fake2: the same sources in another style of the same domains, [N, H, W, C].

    Returns:
      Scalar.
    """
    return _mean_absolute_difference(x_fake, tf.stop_gradient(x_fake2))


def cycle_consistency_loss(x_rec: tf.Tensor, x_real: tf.Tensor) -> tf.Tensor:
    """Mean |x_rec - x_real|: translated back, an image shall be itself again.

    Source: Choi et al. 2020, equation 4.

    Args:
      x_rec: [N, H, W, C].
      x_real: [N, H, W, C].

    Returns:
      Scalar.
    """
    return _mean_absolute_difference(x_rec, x_real)


def _mean_absolute_difference(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.abs(a - b))
