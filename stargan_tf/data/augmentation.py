"""What training does to an image between the record and the network.

Source: Choi et al. 2020, appendix (random resized crop, horizontal flip).
"""

import tensorflow as tf

from stargan_tf.data.preprocessing import central_square, resize, to_range

SCALE = (0.8, 1.0)  # area of the crop, as a fraction of the image's
RATIO = (0.9, 1.1)  # width / height of the crop
ATTEMPTS = 10
FLIP_PROBABILITY = 0.5


def augment(image: tf.Tensor, seed: tf.Tensor, img_size: int, randcrop_prob: float) -> tf.Tensor:
    """Crops, resizes and mirrors an image at random, the same way for the same seed.

    The image's central square is taken first. A random crop has an area between 0.8
    and 1 of the square and a ratio between 0.9 and 1.1.

    Args:
      image: [H, W, 3] uint8.
      seed: [2] integer.
      img_size: side R of the result.
      randcrop_prob: probability of a random crop; otherwise the whole square is used.

    Returns:
      [R, R, 3] float32 in [-1, 1].
    """
    image = central_square(image)
    seeds = tf.random.split(tf.cast(seed, tf.int64), 3)
    crop = tf.random.stateless_uniform([], seeds[0]) < randcrop_prob
    image = tf.cond(crop, lambda: random_crop(image, seeds[1]), lambda: image)
    image = resize(image, img_size)
    flip = tf.random.stateless_uniform([], seeds[2]) < FLIP_PROBABILITY
    return to_range(tf.cond(flip, lambda: image[:, ::-1], lambda: image))


def random_crop(square: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Cuts a random rectangle out of a square image: [S, S, 3] to [h, w, 3].

    The area is uniform and the logarithm of the ratio is; of several attempts the
    first that fits is taken, and the whole square when none does.
    """
    side = tf.shape(square)[0]
    seeds = tf.random.split(seed, 3)
    length = tf.cast(side, tf.float32)
    area = length**2 * tf.random.stateless_uniform([ATTEMPTS], seeds[0], *SCALE)
    low, high = tf.math.log(RATIO[0]), tf.math.log(RATIO[1])
    ratio = tf.exp(tf.random.stateless_uniform([ATTEMPTS], seeds[1], low, high))
    widths = tf.cast(tf.round(tf.sqrt(area * ratio)), tf.int32)
    heights = tf.cast(tf.round(tf.sqrt(area / ratio)), tf.int32)
    fits = (widths <= side) & (heights <= side)
    # Without any that fits, argmax is 0: then the size must come from the square.
    first = tf.argmax(tf.cast(fits, tf.int32))
    width = tf.where(fits[first], tf.maximum(widths[first], 1), side)
    height = tf.where(fits[first], tf.maximum(heights[first], 1), side)
    place = tf.random.stateless_uniform([2], seeds[2])
    top, left = tf.unstack(
        tf.cast(place * tf.cast(tf.stack([side - height, side - width]) + 1, tf.float32), tf.int32)
    )
    # A float32 just below 1 may round up to the bound.
    top, left = tf.minimum(top, side - height), tf.minimum(left, side - width)
    return square[top : top + height, left : left + width]
