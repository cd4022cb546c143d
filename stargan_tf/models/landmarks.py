"""Landmarks of a face: 98 points, each found where its heatmap is largest."""

import tensorflow as tf

from stargan_tf.shapes import check_shapes, floats

LANDMARKS = 98
IMAGE_SIDE = 256
HEATMAP_SIDE = 64


def landmarks(heatmaps: tf.Tensor) -> tf.Tensor:
    """The points that heatmaps show.

    Each is the largest value, moved a quarter of a pixel towards the larger neighbour.

    Args:
      heatmaps: [N, 64, 64, 98] float.

    Returns:
      [N, 98, 2] float32, (x, y) in pixels of a 256 px image.

    Raises:
      ShapeError: these are no heatmaps.
    """
    side = HEATMAP_SIDE
    check_shapes("landmarks takes heatmaps", heatmaps=floats(heatmaps, "N", side, side, LANDMARKS))
    maps = tf.transpose(heatmaps, [0, 3, 1, 2])  # [N, 98, row, column]
    place = tf.argmax(tf.reshape(maps, [-1, LANDMARKS, side * side]), -1, tf.int32)
    row, column = place // side, place % side

    def value(row: tf.Tensor, column: tf.Tensor) -> tf.Tensor:
        row, column = (tf.clip_by_value(v, 0, side - 1) for v in (row, column))
        return tf.gather_nd(maps, tf.stack([row, column], -1), batch_dims=2)

    moves = tf.stack(
        [
            tf.sign(value(row, column + 1) - value(row, column - 1)),
            tf.sign(value(row + 1, column) - value(row - 1, column)),
        ],
        -1,
    )
    inside = (row > 0) & (row < side - 1) & (column > 0) & (column < side - 1)
    moves = tf.where(inside[..., tf.newaxis], moves / 4, 0.0)
    # Counted from 1, minus a half: the middle of a pixel.
    points = tf.cast(tf.stack([column, row], -1), tf.float32) + 0.5 + moves
    return points * (IMAGE_SIDE / HEATMAP_SIDE)
