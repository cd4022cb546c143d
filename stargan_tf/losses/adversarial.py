"""The adversarial losses and the gradient penalty that steadies them."""

from collections.abc import Callable

import tensorflow as tf

from stargan_tf.shapes import check_shapes, floats


def logistic_loss(logits: tf.Tensor, *, real: bool) -> tf.Tensor:
    """Logistic loss of logits that should call images real, or generated.

    The discriminator minimises it with `real=True` on real images and with `real=False` on
    generated ones. The generator minimises it with `real=True` on its own images: this is
    the non-saturating form, -log sigmoid(logit) in place of log(1 - sigmoid(logit)).

    Source: Choi et al. 2020, equation 1; Goodfellow et al. 2014, section 3, for the
    non-saturating form.

    Args:
      logits: [N] float32; the probability of real is their sigmoid.
      real: whether the logits should call the images real.

    Returns:
      Scalar float32, from 0: the mean of -log sigmoid(logit) if `real`, otherwise of
      -log(1 - sigmoid(logit)).

    Raises:
      ShapeError: `logits` are not one float for each image.
    """
    check_shapes("logistic_loss takes one logit for each image", logits=floats(logits, "N"))
    return tf.reduce_mean(tf.nn.softplus(-logits if real else logits))


def r1_penalty(
    discriminate: Callable[[tf.Tensor], tf.Tensor],
    x_real: tf.Tensor,
    gradient_scale: tf.Tensor | float = 1.0,
) -> tuple[tf.Tensor, tf.Tensor]:
    """R1: half the squared gradient of the logit by the image, for real images.

    Source: Mescheder et al. 2018, equation 9; Choi et al. 2020, appendix B.

    Args:
      discriminate: maps images [N, H, W, C] to logits [N].
      x_real: [N, H, W, C] float32.
      gradient_scale: what the gradient is multiplied by on its way through
        `discriminate` and divided by afterwards; in float16 it would vanish without.

    Returns:
      The penalty, a scalar, and the logits [N], so that no second pass is needed.

    Raises:
      ShapeError: `x_real` are not float images, or `discriminate` does not return one float
        for each of them.
    """
    rule = "r1_penalty takes float images and one logit for each"
    images = floats(x_real, "N", "H", "W", "C")
    check_shapes(rule, x_real=images)
    with tf.GradientTape() as tape:
        tape.watch(x_real)
        logits = discriminate(x_real)
        check_shapes(rule, x_real=images, logits=floats(logits, "N"))
        # Images are independent of each other: the gradient of the sum holds each one's own.
        scaled = tf.reduce_sum(logits) * gradient_scale
    gradient = tape.gradient(scaled, x_real) / gradient_scale
    squared_norms = tf.reduce_sum(tf.square(gradient), axis=[1, 2, 3])  # [N]
    return 0.5 * tf.reduce_mean(squared_norms), logits
