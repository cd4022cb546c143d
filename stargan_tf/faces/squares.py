"""Squares of an image, turned by any angle: what a network is shown, and what is cropped.

Coordinates are continuous: the pixel in row i and column j covers [j, j + 1] x [i, i + 1].
"""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from PIL import Image, ImageFilter

# Of the crop's side: how strongly what lies beyond the image's border is blurred, and how far
# beyond it the blur sets in.
_BLUR = 0.02
_BLUR_FROM = 0.05
_MARGIN = 4  # pixels that interpolation looks beyond the square
_GRID = 64  # points on a side where an area is measured

_Mode = Literal["edge", "symmetric"]
_Pad = Callable[[Image.Image, np.ndarray, np.ndarray, int], Image.Image]


class Square(NamedTuple):
    """A square of an image.

    Attributes:
      x: column of the centre.
      y: row of the centre.
      side: in pixels.
      angle: of its upper side, in radians, clockwise as the image is seen.
    """

    x: float
    y: float
    side: float
    angle: float = 0.0

    @classmethod
    def between(cls, left: np.ndarray, right: np.ndarray) -> "Square":
        """The square whose upper corners these are, (x, y) each."""
        x, y = right - left
        centre = (left + right) / 2 + np.array([-y, x]) / 2
        return cls(float(centre[0]), float(centre[1]), math.hypot(x, y), math.atan2(y, x))

    def to_image(self, points: np.ndarray) -> np.ndarray:
        """Where points of the square, [..., 2] from 0 to 1, lie in the image."""
        return (np.asarray(points) - 0.5) * self.side @ _turned(self.angle) + (self.x, self.y)

    def from_image(self, points: np.ndarray) -> np.ndarray:
        """Where points of the image, [..., 2], lie in the square; inside from 0 to 1."""
        points = np.asarray(points) - (self.x, self.y)
        return points @ _turned(-self.angle) / self.side + 0.5

    def corners(self) -> np.ndarray:
        """[4, 2], clockwise from the upper left."""
        return self.to_image(np.array([[0, 0], [1, 0], [1, 1], [0, 1]]))

    def outside(self, size: tuple[int, int]) -> float:
        """The fraction of its area that lies beyond the border of an image of (width, height)."""
        steps = (np.arange(_GRID) + 0.5) / _GRID
        points = self.to_image(np.stack(np.meshgrid(steps, steps), -1))
        return float(np.mean(np.any((points < 0) | (points > size), -1)))


def _turned(angle: float) -> np.ndarray:
    cosine, sine = math.cos(angle), math.sin(angle)
    return np.array([[cosine, sine], [-sine, cosine]])


def cut(image: Image.Image, square: Square, side: int) -> Image.Image:
    """Cuts a square out of an image: the aligned image that is kept.

    The image is resized by Lanczos to twice the resolution of the result, turned there, and
    resized by Lanczos again. Beyond its border it is mirrored and blurred.

    Args:
      image: RGB.
      square: what to cut.
      side: of the result, in pixels.
    """
    part, data = _part(image, square, 2 * side, _mirrored)
    # In floats: Pillow's transform of bytes rounds down.
    bands = [_transformed(band.convert("F"), data, 2 * side) for band in part.split()]
    turned = np.clip(np.round(np.stack([np.asarray(band) for band in bands], -1)), 0, 255)
    return Image.fromarray(turned.astype(np.uint8)).resize((side, side), Image.Resampling.LANCZOS)


def glance(image: Image.Image, square: Square, side: int) -> np.ndarray:
    """What a network is shown of a square; beyond its border the image goes on as it ends.

    Args:
      image: RGB.
      square: what to show.
      side: of the result, in pixels.

    Returns:
      [side, side, 3] uint8.
    """
    return np.asarray(_transformed(*_part(image, square, side, _continued), side))


def _part(
    image: Image.Image, square: Square, side: int, pad: _Pad
) -> tuple[Image.Image, tuple[float, ...]]:
    """The part of an image that holds a square, and where each pixel of the square lies in it.

    Args:
      image: RGB.
      square: any.
      side: that the square is to have: the part is resized so.
      pad: adds what lies beyond the image's border.

    Returns:
      The part, and what Pillow's transform takes to cut the square out of it.
    """
    scale = side / square.side
    size = np.array(image.size)
    corners = square.corners()
    lower = np.floor(corners.min(0) - _MARGIN / min(scale, 1)).astype(int)
    upper = np.ceil(corners.max(0) + _MARGIN / min(scale, 1)).astype(int)
    # What is there of the image, one pixel at least.
    first = np.clip(lower, 0, size - 1)
    last = np.clip(upper, first + 1, size)
    resized = np.maximum(1, np.round((last - first) * scale)).astype(int)
    part = image.resize(tuple(resized), Image.Resampling.LANCZOS, (*first, *last), reducing_gap=3)
    scales = resized / (last - first)
    before = np.ceil(np.maximum(first - lower, 0) * scales).astype(int)
    after = np.ceil(np.maximum(upper - last, 0) * scales).astype(int)
    if before.any() or after.any():
        part = pad(part, before, after, side)
    # Pillow asks where in the part a pixel of the result comes from.
    origin, across, down = (square.to_image(p) for p in ([0, 0], [1, 0], [0, 1]))
    start = (origin - first) * scales + before
    steps = np.stack([across - origin, down - origin], 1) * scales[:, np.newaxis] / side
    data = np.concatenate([steps, start[:, np.newaxis]], 1).ravel()
    return part, tuple(data)


def _transformed(part: Image.Image, data: tuple[float, ...], side: int) -> Image.Image:
    return part.transform((side, side), Image.Transform.AFFINE, data, Image.Resampling.BICUBIC)


def _continued(image: Image.Image, before: np.ndarray, after: np.ndarray, side: int) -> Image.Image:
    del side
    return Image.fromarray(_padded(image, before, after, "edge"))


def _mirrored(image: Image.Image, before: np.ndarray, after: np.ndarray, side: int) -> Image.Image:
    """Mirrors the image beyond its border, and blurs what is added.

    Args:
      image: to be enlarged.
      before: pixels to add before it, (x, y).
      after: pixels to add after it, (x, y).
      side: of the square, which tells how much is a strong blur.
    """
    result = Image.fromarray(_padded(image, before, after, "symmetric"))
    far = [
        np.concatenate([np.arange(a, 0, -1), np.zeros(inside), np.arange(1, b + 1)])
        for a, b, inside in zip(before, after, image.size, strict=True)
    ]
    distance = np.maximum(far[1][:, np.newaxis], far[0][np.newaxis])
    weight = np.clip(distance / (_BLUR_FROM * side), 0, 1)
    mask = Image.fromarray(np.round(255 * weight).astype(np.uint8))
    blurred = result.filter(ImageFilter.GaussianBlur(_BLUR * side))
    return Image.composite(blurred, result, mask)


def _padded(image: Image.Image, before: np.ndarray, after: np.ndarray, mode: _Mode) -> np.ndarray:
    pads = [(before[1], after[1]), (before[0], after[0]), (0, 0)]
    return np.pad(np.asarray(image), pads, mode=mode)
