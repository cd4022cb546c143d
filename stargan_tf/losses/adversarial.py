"""The adversarial losses and the gradient penalties that steady them."""

from collections.abc import Callable

import tensorflow as tf

from stargan_tf.shapes import check_shapes, floats

# Under the root of a squared norm, whose gradient at 0 would be infinite.
_NORM_EPSILON = 1e-12


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

    def checked(x: tf.Tensor) -> tf.Tensor:
        logits = discriminate(x)
        check_shapes(rule, x_real=images, logits=floats(logits, "N"))
        return logits

    squared_norms, logits = _squared_gradient_norms(checked, x_real, gradient_scale)
    return 0.5 * tf.reduce_mean(squared_norms), logits


def wasserstein_loss(scores: tf.Tensor, *, real: bool) -> tf.Tensor:
    """Mean of what a critic says, with the sign that makes real images' scores rise.

    The discriminator minimises it with `real=True` on real images and with `real=False` on
    generated ones; the generator minimises it with `real=True` on its own images.

    Source: Choi et al. 2018, equation 8; Arjovsky et al. 2017, arXiv:1701.07875.

    Args:
      scores: [N, h, w] float32, of patches of images.
      real: whether the scores should call the images real.

    Returns:
      Scalar float32, of any sign: minus the mean if `real`, otherwise the mean.

    Raises:
      ShapeError: `scores` are not floats of patches.
    """
    check_shapes("wasserstein_loss takes scores of patches", scores=floats(scores, "N", "h", "w"))
    mean = tf.reduce_mean(scores)
    return -mean if real else mean


def interpolate(x_real: tf.Tensor, x_fake: tf.Tensor, alpha: tf.Tensor) -> tf.Tensor:
    """Points between real and generated images, where `gradient_penalty` looks.

    Args:
      x_real: [N, H, W, C] float32.
      x_fake: the same shape.
      alpha: the share of the real image, [N, 1] float32 in [0, 1].

    Returns:
      alpha * x_real + (1 - alpha) * x_fake, [N, H, W, C].

    Raises:
      ShapeError: the images differ in shape, or `alpha` is not one number for each.
    """
    check_shapes(
        "interpolate takes images in pairs and one share for each pair",
        x_real=floats(x_real, "N", "H", "W", "C"),
        x_fake=floats(x_fake, "N", "H", "W", "C"),
        alpha=floats(alpha, "N", 1),
    )
    alpha = tf.reshape(alpha, [-1, 1, 1, 1])
    return alpha * x_real + (1 - alpha) * x_fake


def gradient_penalty(
    discriminate: Callable[[tf.Tensor], tf.Tensor],
    x: tf.Tensor,
    gradient_scale: tf.Tensor | float = 1.0,
) -> tf.Tensor:
    """WGAN-GP: how far the norm of the score's gradient by the image is from 1, squared.

    Source: Gulrajani et al. 2017, arXiv:1704.00028, equation 3; Choi et al. 2018, equation 8.

    Args:
      discriminate: maps images [N, H, W, C] to scores, of which each image may have several:
        the gradient is that of their sum.
      x: where the gradient is taken, [N, H, W, C] float32; see `interpolate`.
      gradient_scale: see `r1_penalty`.

    Returns:
      Scalar float32, from 0: the mean over the images.

    Raises:
      ShapeError: `x` are not float images.
    """
    check_shapes("gradient_penalty takes float images", x=floats(x, "N", "H", "W", "C"))
    squared_norms, _ = _squared_gradient_norms(discriminate, x, gradient_scale)
    return tf.reduce_mean(tf.square(tf.sqrt(squared_norms + _NORM_EPSILON) - 1))


def _squared_gradient_norms(
    discriminate: Callable[[tf.Tensor], tf.Tensor],
    x: tf.Tensor,
    gradient_scale: tf.Tensor | float,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Of the sum of what `discriminate` says about each image, [N]; and what it said."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        said = discriminate(x)
        # Images are independent of each other: the gradient of the sum holds each one's own.
        scaled = tf.reduce_sum(said) * gradient_scale
    gradient = tape.gradient(scaled, x) / gradient_scale
    return tf.reduce_sum(tf.square(gradient), axis=[1, 2, 3]), said
