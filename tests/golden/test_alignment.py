"""The transform to the mean face agrees with that of the reference implementation."""

import numpy as np
import pytest

from stargan_tf.faces.crops import crop_to_mean_face, transform_to_mean_face
from tests.golden.weights import GOLDEN

EXPECTED = np.load(GOLDEN / "v2_hpf.npz")
MEAN = EXPECTED["align_mean"]
PADDING = 128  # of the reference implementation, whose images have 256 px


@pytest.mark.parametrize("number", [0, 1])
def test_transforms(number):
    landmarks = EXPECTED["align_landmarks"][number] + PADDING
    expected = EXPECTED["align_matrix"][number]
    np.testing.assert_allclose(transform_to_mean_face(landmarks, MEAN), expected, atol=1e-3)


@pytest.mark.parametrize("number", [0, 1])
def test_the_crop_is_what_the_transform_takes_to_the_image(number):
    landmarks = EXPECTED["align_landmarks"][number]
    corners = crop_to_mean_face(landmarks, MEAN).corners() + PADDING
    taken = np.concatenate([corners, np.ones([4, 1])], 1) @ EXPECTED["align_matrix"][number].T
    np.testing.assert_allclose(taken[:, :2], [[0, 0], [256, 0], [256, 256], [0, 256]], atol=1e-3)
