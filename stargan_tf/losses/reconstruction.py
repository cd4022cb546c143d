"""Losses on absolute differences: style, diversity, cycle and identity."""

import tensorflow as tf

from stargan_tf.shapes import check_shapes, floats


def style_reconstruction_loss(s_pred: tf.Tensor, s_trg: tf.Tensor) -> tf.Tensor:
    """Mean |s_pred - s_trg|: the style encoder shall find the style that was asked for.

    Source: Choi et al. 2020, equation 2.

    Args:
      s_pred: styles of the generated images, [N, style_dim] float32.
      s_trg: styles they were generated with, [N, style_dim] float32.

    Returns:
      Scalar float32, from 0.

    Raises:
      ShapeError: the styles are not floats of one shape [N, style_dim].
    """
    check_shapes(
        "style_reconstruction_loss compares style codes in pairs",
        s_pred=floats(s_pred, "N", "style_dim"),
        s_trg=floats(s_trg, "N", "style_dim"),
    )
    return tf.reduce_mean(tf.abs(s_pred - s_trg))


def diversity_sensitive_loss(x_fake: tf.Tensor, x_fake2: tf.Tensor) -> tf.Tensor:
    """Mean |x_fake - x_fake2|: two styles shall give two different images (maximised).

    Source: Choi et al. 2020, equation 3. No gradient passes through `x_fake2`.

    Args:
      x_fake: [N, H, W, C] float32, about [-1, 1].
      x_fake2: the same sources in another style of the same domains, [N, H, W, C] float32.

    Returns:
      Scalar float32, from 0.

    Raises:
      ShapeError: the images are not floats of one shape [N, H, W, C].
    """
    return _difference_of_images(
        "diversity_sensitive_loss", x_fake=x_fake, x_fake2=tf.stop_gradient(x_fake2)
    )


def cycle_consistency_loss(x_rec: tf.Tensor, x_real: tf.Tensor) -> tf.Tensor:
    """Mean |x_rec - x_real|: translated back, an image shall be itself again.

    Source: Choi et al. 2020, equation 4.

    Args:
      x_rec: the images that were translated back, [N, H, W, C] float32, about [-1, 1].
      x_real: the source images, [N, H, W, C] float32 in [-1, 1].

    Returns:
      Scalar float32, from 0.

    Raises:
      ShapeError: the images are not floats of one shape [N, H, W, C].
    """
    return _difference_of_images("cycle_consistency_loss", x_rec=x_rec, x_real=x_real)


def same_domain_identity_loss(x_same: tf.Tensor, x_real: tf.Tensor) -> tf.Tensor:
    """Mean |x_same - x_real|: drawn with its own labels, an image shall stay as it is.

    Source: Siddiquee et al. 2019, arXiv:1908.06965, the conditional identity loss.

    Args:
      x_same: images drawn with their own labels, [N, H, W, C] float32, about [-1, 1].
      x_real: the source images, [N, H, W, C] float32 in [-1, 1].

    Returns:
      Scalar float32, from 0.

    Raises:
      ShapeError: the images are not floats of one shape [N, H, W, C].
    """
    return _difference_of_images("same_domain_identity_loss", x_same=x_same, x_real=x_real)


def _difference_of_images(loss: str, **pair: tf.Tensor) -> tf.Tensor:
    """Mean |a - b| of two arguments of a loss, which its error calls by their names."""
    described = {name: floats(x, "N", "H", "W", "C") for name, x in pair.items()}
    check_shapes(f"{loss} compares images in pairs", **described)
    a, b = pair.values()
    return tf.reduce_mean(tf.abs(a - b))
