"""The 468 landmarks of a face: the face mesh of MediaPipe.

Source: Kartynnik et al. 2019, arXiv:1907.06724; the numbers are those of MediaPipe's graph
face_landmark_front.
"""

import math
from typing import NamedTuple

import numpy as np
from PIL import Image

from stargan_tf.faces.crops import crop_by_eyes_and_mouth
from stargan_tf.faces.detection import Detections, FaceDetector
from stargan_tf.faces.networks import open_network
from stargan_tf.faces.squares import Square, glance

LANDMARKS = 468
# As the image is seen: the outlines of the eyes, and the corners of the mouth.
LEFT_EYE = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
RIGHT_EYE = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
MOUTH = (61, 291)
_OUTER_EYES = [33, 263]
_SIDE = 192  # of the network's input
_ROOM = 1.5  # of the square around a face, to its longer side
_LEAST_LOGIT = 0.0  # of there being a face: a probability of a half
# The first square is that of the detector, which is coarse and knows boxes upright only.
_PASSES = 3
# Faces whose centres are nearer than this part of the larger one's side are one face.
_SAME_FACE = 0.2
_LEAST_PIXELS = 4  # of a crop's side


class Face(NamedTuple):
    """A face that was found in an image.

    Attributes:
      crop: the square that becomes the aligned image.
      landmarks: [N, 2], (x, y) in the image.
    """

    crop: Square
    landmarks: np.ndarray


class FaceMesh:
    """Finds faces and their landmarks; see `FaceFinder`. The crop is that of CelebA-HQ."""

    def __init__(self) -> None:
        """Opens the networks.

        Raises:
          UserError: LiteRT is not installed.
        """
        self._detector = FaceDetector()
        self._network = open_network("face_landmark")

    def find(self, image: Image.Image) -> list[Face]:
        """Finds the faces in an RGB image, the largest first; see `FaceFinder`.

        Where none is found in the whole image, its parts are looked at one by one.
        """
        return self._faces(image, self._detector.detect(image)) or self._faces(
            image, self._detector.detect_small(image)
        )

    def _faces(self, image: Image.Image, found: Detections) -> list[Face]:
        faces: list[Face] = []
        for box, keypoints in zip(found.boxes, found.keypoints, strict=True):
            landmarks = self._landmarks(image, _around_box(box, keypoints))
            if landmarks is not None:
                face = Face(crop_of(landmarks), landmarks)
                if can_be_cut(face.crop) and not any(
                    _are_one(face.crop, other.crop) for other in faces
                ):
                    faces.append(face)
        return sorted(faces, key=lambda face: -face.crop.side)

    def _landmarks(self, image: Image.Image, square: Square) -> np.ndarray | None:
        """[468, 2] in the image; None where the network sees no face in the square."""
        # The detector takes a face that stands on its head for an upright one.
        turned = square._replace(angle=square.angle + math.pi)
        looks = (self._look(image, start) for start in (square, turned))
        landmarks, logit = max(looks, key=lambda look: look[1])
        for _ in range(_PASSES - 1):
            if logit < _LEAST_LOGIT:
                return None
            landmarks, logit = self._look(image, _around_landmarks(landmarks))
        return landmarks if logit >= _LEAST_LOGIT else None

    def _look(self, image: Image.Image, square: Square) -> tuple[np.ndarray, float]:
        """Landmarks, [468, 2] in the image, and the logit of their being a face's."""
        points, logit = self._network(glance(image, square, _SIDE) / 255)
        return square.to_image(points.reshape(LANDMARKS, 3)[:, :2] / _SIDE), logit.item()


def can_be_cut(crop: Square) -> bool:
    """Whether a crop is one at all: odd landmarks may leave nothing of it, or no end to it."""
    return all(map(math.isfinite, crop)) and crop.side >= _LEAST_PIXELS


def crop_of(landmarks: np.ndarray) -> Square:
    """The crop of CelebA-HQ, from [468, 2] landmarks."""
    eyes = [landmarks[list(eye)].mean(0) for eye in (LEFT_EYE, RIGHT_EYE)]
    return crop_by_eyes_and_mouth(np.stack(eyes), landmarks[list(MOUTH)])


def _around_box(box: np.ndarray, keypoints: np.ndarray) -> Square:
    centre = (box[:2] + box[2:]) / 2
    x, y = keypoints[1] - keypoints[0]
    side = max(_ROOM * float(np.max(box[2:] - box[:2])), 1.0)
    return Square(float(centre[0]), float(centre[1]), side, float(np.arctan2(y, x)))


def _around_landmarks(landmarks: np.ndarray) -> Square:
    x, y = np.diff(landmarks[_OUTER_EYES], axis=0)[0]
    upright = Square(0.0, 0.0, 1.0, float(np.arctan2(y, x)))
    points = upright.from_image(landmarks)
    lower, upper = points.min(0), points.max(0)
    centre = upright.to_image((lower + upper) / 2)
    side = max(_ROOM * float(np.max(upper - lower)), 1.0)
    return Square(float(centre[0]), float(centre[1]), side, upright.angle)


def _are_one(crop: Square, other: Square) -> bool:
    distance = np.hypot(crop.x - other.x, crop.y - other.y)
    return bool(distance < _SAME_FACE * max(crop.side, other.side))
