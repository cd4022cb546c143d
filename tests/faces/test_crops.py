import math

import numpy as np
import pytest

from stargan_tf.faces import crops

EYES = np.array([[100.0, 100.0], [160.0, 100.0]])
MOUTH = np.array([[110.0, 170.0], [150.0, 170.0]])


def moved(points, angle, scale, shift):
    cosine, sine = scale * math.cos(angle), scale * math.sin(angle)
    return points @ np.array([[cosine, sine], [-sine, cosine]]) + shift


def test_an_upright_face_by_hand():
    """Eyes 60 apart, 70 above the mouth: 3.6 * 70 is more than 4 * 60."""
    crop = crops.crop_by_eyes_and_mouth(EYES, MOUTH)
    np.testing.assert_allclose(crop, (130, 107, 252, 0), atol=1e-9)


def test_a_broad_face_is_sized_by_its_eyes():
    crop = crops.crop_by_eyes_and_mouth(EYES, MOUTH - (0, 20))
    np.testing.assert_allclose(crop, (130, 105, 240, 0), atol=1e-9)


@pytest.mark.parametrize("angle", [-2.0, -0.4, 0.3, 1.5, 3.0])
def test_the_crop_follows_the_face(angle):
    change = (angle, 1.7, (30, -12))
    crop = crops.crop_by_eyes_and_mouth(moved(EYES, *change), moved(MOUTH, *change))
    expected = moved(crops.crop_by_eyes_and_mouth(EYES, MOUTH).corners(), *change)
    np.testing.assert_allclose(crop.corners(), expected, atol=1e-9)


def test_the_crop_of_a_mirrored_face_is_mirrored():
    eyes, mouth = EYES + [[0, 4], [0, -3]], MOUTH + (7, 0)
    mirrored = [(p * (-1, 1) + (300, 0))[::-1] for p in (eyes, mouth)]
    expected = crops.crop_by_eyes_and_mouth(eyes, mouth).corners() * (-1, 1) + (300, 0)
    found = crops.crop_by_eyes_and_mouth(*mirrored).corners()
    np.testing.assert_allclose(found, expected[[1, 0, 3, 2]], atol=1e-9)


def test_the_mean_face_stays_where_it_is():
    mean = np.random.RandomState(0).uniform(40, 220, (98, 2))
    np.testing.assert_allclose(crops.transform_to_mean_face(mean, mean), np.eye(3), atol=1e-9)
    np.testing.assert_allclose(crops.crop_to_mean_face(mean, mean), (128, 128, 256, 0), atol=1e-9)


def test_a_moved_mean_face_is_moved_back():
    mean = np.random.RandomState(0).uniform(40, 220, (98, 2))
    change = (0.6, 2.5, (400, 300))
    crop = crops.crop_to_mean_face(moved(mean, *change), mean)
    corners = np.array([[0, 0], [256, 0], [256, 256], [0, 256]])
    np.testing.assert_allclose(crop.corners(), moved(corners, *change), atol=1e-9)
