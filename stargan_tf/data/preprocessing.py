"""What is done to every image: its central square, resized, with values in [-1, 1]."""

import tensorflow as tf


def preprocess(image: tf.Tensor, img_size: int) -> tf.Tensor:
    """Resizes the central square of an image, as evaluation and sampling do.

    Args:
      image: [H, W, 3] uint8.
      img_size: side R of the result.

    Returns:
      [R, R, 3] float32 in [-1, 1].
    """
    return to_range(resize(central_square(image), img_size))


def central_square(image: tf.Tensor) -> tf.Tensor:
    """The largest square around the centre: [H, W, 3] to [S, S, 3], S = min(H, W)."""
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    side = tf.minimum(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]


def resize(image: tf.Tensor, img_size: int) -> tf.Tensor:
    """Bilinear resizing with antialiasing: [H, W, 3] to [R, R, 3] float32 in [0, 255]."""
    size = [img_size, img_size]
    resized = tf.image.resize(image, size, method="bilinear", antialias=True)
    return tf.ensure_shape(resized, [img_size, img_size, 3])


def to_range(image: tf.Tensor) -> tf.Tensor:
    """From [0, 255] to float32 in [-1, 1]."""
    return tf.clip_by_value(tf.cast(image, tf.float32) / 127.5 - 1.0, -1.0, 1.0)
