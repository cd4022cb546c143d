"""How images reach the feature networks: 8-bit values, resized as image libraries do it."""

import numpy as np
import tensorflow as tf


def pixel_values(images: tf.Tensor) -> tf.Tensor:
    """The values that an 8-bit file would hold of images.

    Args:
      images: [..., 3] float32; clipped to [-1, 1].

    Returns:
      [..., 3] float32, integers from 0 to 255.
    """
    return tf.round((tf.clip_by_value(images, -1.0, 1.0) + 1) * 127.5)


def quantize_to_8_bit(images: tf.Tensor) -> tf.Tensor:
    """Images as a viewer sees them: clipped to [-1, 1], in steps of 8 bits.

    Args:
      images: [..., 3] float32.

    Returns:
      [..., 3] float32 in [-1, 1].
    """
    return pixel_values(images) / 127.5 - 1


def resize(images: tf.Tensor, size: int, *, round_to_integers: bool) -> tf.Tensor:
    """Resizes bilinearly, widening the filter when it shrinks (antialiasing).

    Every row, then every column, of the result is a fixed mean of those of the
    images: two matrix products, many times as fast as `tf.image.resize`.

    Args:
      images: [N, H, W, C] float32 of known H and W.
      size: side S of the result.
      round_to_integers: whether to do so after each of the two steps, as image libraries
        do whose results are 8-bit images again.

    Returns:
      [N, S, S, C] float32.
    """
    _, height, width, _ = images.shape
    rounding = _nearest_integer if round_to_integers else tf.identity
    if width != size:
        images = rounding(tf.einsum("sw,nhwc->nhsc", resizing_matrix(width, size), images))
    if height != size:
        images = rounding(tf.einsum("th,nhsc->ntsc", resizing_matrix(height, size), images))
    return images


def resizing_matrix(old: int, new: int) -> np.ndarray:
    """The weight of each of `old` pixels in each of `new` ones, [new, old] float32.

    A triangle around the new pixel's centre, as wide as two pixels of the coarser
    grid on each side together, cut off at the borders and normalised.
    """
    scale = old / new
    centres = (np.arange(new) + 0.5) * scale
    distances = np.abs(np.arange(old) + 0.5 - centres[:, None])
    weights = np.maximum(0, 1 - distances / max(scale, 1))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _nearest_integer(x: tf.Tensor) -> tf.Tensor:
    # Halves go up, as in image libraries; tf.round takes them to the even number.
    return tf.floor(x + 0.5)
