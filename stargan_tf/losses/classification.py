"""The losses of a classifier: one domain of several, or attributes beside each other."""

import tensorflow as tf

from stargan_tf.shapes import check_shapes, floats, integers


def domain_classification_loss(logits: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Softmax cross-entropy of the domain that an image belongs to.

    Source: Choi et al. 2018, equations 2 and 3; softmax for RaFD, where domains are exclusive.

    Args:
      logits: [N, K] float32.
      y: domains, [N] integer in [0, K).

    Returns:
      Scalar float32, from 0: the mean over the images.

    Raises:
      ShapeError: `logits` or `y` has another shape or kind of dtype.
    """
    check_shapes(
        "domain_classification_loss takes logits and one domain for each image",
        logits=floats(logits, "N", "K"),
        y=integers(y, "N"),
    )
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)  # [N]
    return tf.reduce_mean(losses)


def attribute_classification_loss(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Sigmoid cross-entropy of the attributes that an image has, summed over the attributes.

    Source: Choi et al. 2018, equations 2 and 3; sigmoid for the attributes of CelebA.

    Args:
      logits: [N, A] float32.
      labels: [N, A] float32, each 0 or 1.

    Returns:
      Scalar float32, from 0: the mean over the images.

    Raises:
      ShapeError: they are not floats of one shape [N, A].
    """
    check_shapes(
        "attribute_classification_loss takes a logit and a label for each attribute of an image",
        logits=floats(logits, "N", "A"),
        labels=floats(labels, "N", "A"),
    )
    losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)  # [N, A]
    return tf.reduce_mean(tf.reduce_sum(losses, axis=1))
