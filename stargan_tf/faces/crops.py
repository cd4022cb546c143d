"""The two crops of a face: of the CelebA-HQ paper, and of the published StarGAN v2."""

import math

import numpy as np

from stargan_tf.faces.squares import Square

# Of the 98 landmarks of Wu et al. 2018 (WFLW), as the image is seen.
LEFT_EYE = (*range(60, 68), 96)
RIGHT_EYE = (*range(68, 76), 97)
MOUTH = (76, 82)  # its corners
_SIZED_BY = (96, 97, *MOUTH)  # whose distances to the centre tell a face's size
MEAN_FACE_SIDE = 256


def crop_by_eyes_and_mouth(eyes: np.ndarray, mouth: np.ndarray) -> Square:
    """The crop of CelebA-HQ.

    Source: Karras et al. 2018, arXiv:1710.10196, appendix C.

    Args:
      eyes: [2, 2], the centres of the left and the right eye, as the image is seen.
      mouth: [2, 2], its left and right corner.
    """
    across = eyes[1] - eyes[0]
    middle = eyes.mean(0)
    up = middle - mouth.mean(0)
    centre = middle - 0.1 * up
    side = max(4.0 * math.hypot(*across), 3.6 * math.hypot(*up))
    x, y = across - _rotated(up)
    return Square(float(centre[0]), float(centre[1]), side, math.atan2(y, x))


def transform_to_mean_face(landmarks: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """The similarity transform that takes a face to the mean face.

    It takes the mean of all landmarks to that of the mean face, the direction of eyes and mouth to
    its own, and is scaled by the mean ratio of four landmarks' distances to the centre.

    Source: the published implementation of Choi et al. 2020.

    Args:
      landmarks: [98, 2], (x, y) each.
      mean: those of the mean face.

    Returns:
      [3, 3], for columns (x, y, 1).
    """
    centre, mean_centre = landmarks.mean(0), mean.mean(0)
    angle = _direction(mean) - _direction(landmarks)
    parts = list(_SIZED_BY)
    distances = np.linalg.norm(landmarks[parts] - centre, axis=1)
    scale = np.mean(np.linalg.norm(mean[parts] - mean_centre, axis=1) / distances)
    cosine, sine = scale * math.cos(angle), scale * math.sin(angle)
    linear = np.array([[cosine, -sine], [sine, cosine]])
    transform = np.eye(3)
    transform[:2, :2] = linear
    transform[:2, 2] = mean_centre - linear @ centre
    return transform


def crop_to_mean_face(landmarks: np.ndarray, mean: np.ndarray) -> Square:
    """The square that `transform_to_mean_face` takes to the 256 px image of the mean face."""
    back = np.linalg.inv(transform_to_mean_face(landmarks, mean))
    left, right = (back @ (column, 0, 1) for column in (0, MEAN_FACE_SIDE))
    return Square.between(left[:2], right[:2])


def _direction(landmarks: np.ndarray) -> float:
    """The angle of a face, by its eyes and its mouth together."""
    left, right = (landmarks[list(part)].mean(0) for part in (LEFT_EYE, RIGHT_EYE))
    up = (left + right) / 2 - landmarks[list(MOUTH)].mean(0)
    x, y = right - left - _rotated(up)
    return math.atan2(y, x)


def _rotated(vector: np.ndarray) -> np.ndarray:
    """By a quarter turn: up becomes left, as the image is seen."""
    return np.array([vector[1], -vector[0]])
