"""Aligned images: each face of an image as it is cropped in CelebA-HQ."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from stargan_tf.data.images import RejectedError
from stargan_tf.faces.finder import FaceFinder
from stargan_tf.faces.mesh import Face
from stargan_tf.faces.squares import cut

LARGEST, ALL, REJECT = "largest", "all", "reject"
PAD = "pad"
NOT_FOUND = "no face found"
# Crops that differ by more, as the mean distance of their corners in parts of the side, are seen
# to differ.
ALIGNED_WITHIN = 0.15
# Crops are stored at their own size up to this one.
_MOST_PIXELS = 4096


class AlignSettings(NamedTuple):
    """How images are aligned.

    Attributes:
      img_size: side of the aligned images; 0 keeps the size that each face has.
      min_size: pixels that a crop must have on a side.
      faces: of several, LARGEST, ALL, or REJECT for none.
      cut: PAD for faces that the image's border cuts, or REJECT.
      max_outside: the fraction of the crop that may lie beyond the border with REJECT.
    """

    img_size: int
    min_size: int = 0
    faces: str = LARGEST
    cut: str = PAD
    max_outside: float = 0.1


class Aligned(NamedTuple):
    """What was made of an image.

    Attributes:
      images: one for each face that was taken, RGB.
      remarks: what people should know of them, in words.
    """

    images: list[Image.Image]
    remarks: list[str]


def align(image: Image.Image, finder: FaceFinder, settings: AlignSettings) -> Aligned:
    """Crops the faces of an RGB image.

    Raises:
      RejectedError: no face can be taken; the text is the reason.
    """
    found = finder.find(image)
    if not found:
        raise RejectedError(NOT_FOUND)
    remarks = []
    if len(found) > 1 and settings.faces == REJECT:
        raise RejectedError(f"several faces: {len(found)}")
    if len(found) > 1 and settings.faces == LARGEST:
        remarks.append(f"several faces: {len(found)}, of which the largest was taken")
        found = found[:1]
    reasons = {index: _reason(face, image.size, settings) for index, face in enumerate(found)}
    taken = [face for index, face in enumerate(found) if not reasons[index]]
    if not taken:
        raise RejectedError(reasons[0])
    remarks += [f"one face rejected: {reason}" for reason in reasons.values() if reason]
    for face in taken:
        if outside := face.crop.outside(image.size):
            remarks.append(f"padded: {_beyond(outside)}")
    return Aligned([cut(image, face.crop, _side(face, settings)) for face in taken], remarks)


def misalignment(image: Image.Image, finder: FaceFinder) -> float | None:
    """How far the central square of an image is from the crop of its largest face.

    Returns:
      The mean distance of the corners, in parts of the crop's side; None without a face.
    """
    found = finder.find(image)
    if not found:
        return None
    side = min(image.size)
    left, top = ((length - side) / 2 for length in image.size)
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * side + (left, top)
    return corner_distance(found[0], square)


def corner_distance(face: Face, corners: np.ndarray) -> float:
    """The mean distance of a face's crop to other corners [4, 2], in parts of its side."""
    distances = np.linalg.norm(face.crop.corners() - corners, axis=1)
    return float(distances.mean() / face.crop.side)


def _reason(face: Face, size: tuple[int, int], settings: AlignSettings) -> str:
    """Why a face is not taken; empty where it is."""
    if face.crop.side < settings.min_size:
        pixels = round(face.crop.side)
        return f"too few pixels: a crop of {pixels}x{pixels}, needed {settings.min_size}"
    outside = face.crop.outside(size)
    if settings.cut == REJECT and outside > settings.max_outside:
        return f"cut by the border: {_beyond(outside)}"
    return ""


def _beyond(outside: float) -> str:
    return f"{max(1, round(100 * outside))}% of the crop lies beyond the image"


def _side(face: Face, settings: AlignSettings) -> int:
    return settings.img_size or int(np.clip(round(face.crop.side), 1, _MOST_PIXELS))
