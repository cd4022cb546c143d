"""Where faces are: the detectors of MediaPipe.

Source: Bazarevsky et al. 2019, arXiv:1907.05047 (BlazeFace); the numbers are those of MediaPipe's
graphs face_detection_short_range and face_detection_full_range.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from stargan_tf.faces.networks import Network, open_network, probability

KEYPOINTS = 6  # the eyes, left and right as the image is seen, the nose, the mouth, the ears
# Detections that overlap by more than this, as intersection over union, are of one face.
_SAME_FACE = 0.3

Box = tuple[int, int, int, int]  # left, top, right, bottom


class DetectorSettings(NamedTuple):
    """A detector.

    Attributes:
      name: of its file.
      side: of its input.
      grids: cells on a side, and anchors in each cell.
      least_score: of a face.
    """

    name: str
    side: int
    grids: tuple[tuple[int, int], ...]
    least_score: float


# The first is for faces as near as in a selfie; the second for those farther away.
SHORT_RANGE = DetectorSettings("face_detection_short_range", 128, ((16, 2), (8, 6)), 0.5)
FULL_RANGE = DetectorSettings("face_detection_full_range_sparse", 192, ((48, 1),), 0.6)


class Detections(NamedTuple):
    """Faces that were detected.

    Attributes:
      boxes: [N, 4], left, top, right and bottom.
      keypoints: [N, 6, 2], (x, y) each.
      scores: [N], from 0 to 1.
    """

    boxes: np.ndarray
    keypoints: np.ndarray
    scores: np.ndarray


def anchors(grids: tuple[tuple[int, int], ...]) -> np.ndarray:
    """The centres of cells, [A, 2] as (x, y) from 0 to 1, row by row, repeated as asked."""
    found = []
    for cells, repeated in grids:
        centres = (np.arange(cells) + 0.5) / cells
        found.append(np.repeat(np.stack(np.meshgrid(centres, centres), -1), repeated, axis=1))
    return np.concatenate([centres.reshape(-1, 2) for centres in found])


def decode(regressors: np.ndarray, logits: np.ndarray, settings: DetectorSettings) -> Detections:
    """Faces as a detector tells them, with many of each.

    Args:
      regressors: [A, 16], pixels of the input: centre (less the anchor), width and height of
        the box, then the keypoints (less the anchor).
      logits: [A, 1].
      settings: of the detector.

    Returns:
      Those whose score suffices, in fractions of the input's side.
    """
    scores = probability(logits[:, 0])
    kept = scores >= settings.least_score
    values = regressors[kept].reshape(-1, 2 + KEYPOINTS, 2) / settings.side
    origin = anchors(settings.grids)[kept]
    centres, sizes = values[:, 0] + origin, values[:, 1]
    boxes = np.concatenate([centres - sizes / 2, centres + sizes / 2], 1)
    return Detections(boxes, values[:, 2:] + origin[:, np.newaxis], scores[kept])


def suppress(found: Detections) -> Detections:
    """One detection for each face: the mean of those that overlap, weighted by their scores.

    Returns:
      The faces, the most certain first, each with the score of its most certain detection.
    """
    order = np.argsort(-found.scores, kind="stable")
    values = np.concatenate([found.boxes, found.keypoints.reshape(-1, 2 * KEYPOINTS)], 1)
    means, scores = [], []
    while len(order):
        same = _overlap(found.boxes[order[0]], found.boxes[order]) > _SAME_FACE
        same[0] = True  # also where the box is empty
        weights = found.scores[order[same]]
        means.append(weights @ values[order[same]] / weights.sum())
        scores.append(weights[0])
        order = order[~same]
    merged = np.array(means).reshape(-1, values.shape[1])
    return Detections(
        merged[:, :4], merged[:, 4:].reshape(-1, KEYPOINTS, 2), np.array(scores, float)
    )


def _overlap(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of a box and each of [N, 4]."""
    sides = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    shared = np.prod(np.maximum(sides, 0), 1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], 1) + np.prod(box[2:] - box[:2])
    return shared / np.maximum(areas - shared, 1e-12)


class FaceDetector:
    """Both detectors, whose findings are merged."""

    def __init__(self) -> None:
        """Opens the networks.

        Raises:
          UserError: LiteRT is not installed.
        """
        self._detectors = [(s, open_network(s.name)) for s in (SHORT_RANGE, FULL_RANGE)]

    def detect(self, image: Image.Image) -> Detections:
        """Finds faces in an RGB image, in its pixels, the most certain first."""
        return self._look(image, [(0, 0, *image.size)])

    def detect_small(self, image: Image.Image) -> Detections:
        """Finds faces that are too small for `detect`, in parts of the image one by one."""
        return self._look(image, parts(image.size))

    def _look(self, image: Image.Image, boxes: Sequence[Box]) -> Detections:
        found = [
            _detect(image, box, settings, network)
            for box in boxes
            for settings, network in self._detectors
        ]
        return suppress(Detections(*map(np.concatenate, zip(*found, strict=True))))


def parts(size: tuple[int, int]) -> list[Box]:
    """Squares of half the shorter side, half of each also in the next, that cover an image.

    Args:
      size: (width, height) of the image.
    """
    side = max(1, min(size) // 2)
    starts = [
        np.linspace(0, length - side, math.ceil(2 * length / side) - 1).astype(int).tolist()
        for length in size
    ]
    return [(left, top, left + side, top + side) for top in starts[1] for left in starts[0]]


def _detect(
    image: Image.Image, box: Box, settings: DetectorSettings, network: Network
) -> Detections:
    """Shows a part of an image to one detector, in the middle of a black square."""
    side, start = settings.side, np.array(box[:2])
    size = np.array(box[2:]) - start
    shown = np.maximum(1, np.round(size * side / size.max())).astype(int)
    small = image.resize(tuple(shown), Image.Resampling.BILINEAR, box, reducing_gap=3)
    square = np.zeros([side, side, 3], np.float32)
    left, top = margin = (side - shown) // 2
    square[top : top + shown[1], left : left + shown[0]] = np.asarray(small)
    boxes, keypoints, scores = decode(*network(square / 127.5 - 1), settings)
    scale = size / shown

    def to_image(points: np.ndarray) -> np.ndarray:
        return (points * side - margin) * scale + start

    return Detections(to_image(boxes.reshape(-1, 2, 2)).reshape(-1, 4), to_image(keypoints), scores)
