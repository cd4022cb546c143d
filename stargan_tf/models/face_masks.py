"""Masks of the parts of a face, from landmark heatmaps: where details of the source are kept.

Source: Choi et al. 2020, section B of the appendix, on the 98 landmarks of Wu et al. 2018 (WFLW).
"""

from typing import NamedTuple

import tensorflow as tf

from stargan_tf.models.landmarks import HEATMAP_SIDE, IMAGE_SIDE, LANDMARKS
from stargan_tf.shapes import check_shapes, floats

Masks = tuple[tf.Tensor, tf.Tensor]
_FAINT = 0.1
_EPSILON = 1e-6


class _Part(NamedTuple):
    """A run of landmarks, and what becomes of their heatmaps.

    Attributes:
      last: number of its last landmark; it begins after the part before.
      moves: a shift in rows (row i takes row i + shift) and a power each, whose results are
        added; none for landmarks that are left out.
      coarse_only: whether it is in the first mask alone.
    """

    last: int
    moves: tuple[tuple[int, int], ...]
    coarse_only: bool = False


_UNCHANGED = ((0, 1),)
_PARTS = (
    _Part(7, ()),  # the cheeks
    _Part(24, ((0, 3),), coarse_only=True),  # the chin
    _Part(32, ()),
    # The eyebrows, without their ends.
    _Part(33, ()),
    _Part(45, ((-7, 2),), coarse_only=True),
    _Part(46, ()),
    _Part(50, ((-7, 2),), coarse_only=True),
    # The nose, from its root down.
    _Part(51, _UNCHANGED),
    _Part(54, ((4, 1),)),
    _Part(59, ((8, 4),)),
    # The eyes: their own place, sharper, and further up.
    _Part(75, ((-8, 3), (-24, 1))),
    # The lips, without their corners.
    _Part(76, ()),
    _Part(81, ((-8, 4),), coarse_only=True),
    _Part(82, ()),
    _Part(87, ((8, 4),), coarse_only=True),
    _Part(95, ((-2, 3),), coarse_only=True),
    _Part(97, _UNCHANGED),  # the pupils
)


def face_masks(heatmaps: tf.Tensor) -> Masks:
    """Makes the masks of the high-pass skip connections; no gradient passes through them.

    Args:
      heatmaps: of the landmark network, [N, 64, 64, 98] float.

    Returns:
      Two masks [N, 256, 256, 1] float32 in [0, 1]: of all parts of the face, for features 32
      high; and of nose and eyes, for those 64 and 128 high.

    Raises:
      ShapeError: these are no heatmaps.
    """
    side = HEATMAP_SIDE
    check_shapes("face_masks takes heatmaps", heatmaps=floats(heatmaps, "N", side, side, LANDMARKS))
    large = tf.raw_ops.ResizeBilinear(
        images=tf.cast(heatmaps, tf.float32), size=[IMAGE_SIDE, IMAGE_SIDE], align_corners=True
    )
    return masks_of_large(large)


def masks_of_large(heatmaps: tf.Tensor) -> Masks:
    """The steps of `face_masks` after the enlargement, on [N, H, W, 98] float32."""
    x = tf.stop_gradient(tf.where(heatmaps < _FAINT, 0.0, heatmaps))
    least, most = (f(x, axis=[1, 2], keepdims=True) for f in (tf.reduce_min, tf.reduce_max))
    x = (x - least) / (most - least + _EPSILON)
    fine, coarse = [], []
    before = (-1, *(part.last for part in _PARTS[:-1]))
    sizes = [part.last - last for part, last in zip(_PARTS, before, strict=True)]
    for part, channels in zip(_PARTS, tf.split(x, sizes, -1), strict=True):
        for shift, power in part.moves:
            moved = tf.reduce_sum(_shifted(channels, shift) ** power, -1, keepdims=True)
            (coarse if part.coarse_only else fine).append(moved)
    return _mask(fine + coarse), _mask(fine)


def _shifted(x: tf.Tensor, rows: int) -> tf.Tensor:
    """Row i takes row i + rows, around the border. tf.roll is no operation of TFLite's own."""
    rows %= x.shape[1]
    return tf.concat([x[:, rows:], x[:, :rows]], 1) if rows else x


def _mask(parts: list[tf.Tensor]) -> tf.Tensor:
    total = tf.add_n(parts)
    return tf.clip_by_value(tf.where(tf.math.is_nan(total), 0.0, total), 0.0, 1.0)
