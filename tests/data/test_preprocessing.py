import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.data.preprocessing import preprocess


@pytest.mark.parametrize("shape", [(40, 80), (80, 40)])
def test_the_central_square_is_taken(shape: tuple[int, int]) -> None:
    image = np.zeros((*shape, 3), np.uint8)
    long = int(shape[0] > shape[1])
    middle = [slice(None), slice(20, 60)]
    image[tuple(reversed(middle)) if long else tuple(middle)] = 255
    np.testing.assert_allclose(preprocess(image, 20), np.ones((20, 20, 3)), atol=1e-6)


def test_resizing_is_antialiased() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(preprocess(stripes, 16)[:, 2:-2]).max() < 0.3


def test_black_and_white_are_the_ends_of_the_range() -> None:
    image = np.zeros((20, 20, 3), np.uint8)
    image[:, 10:] = 255
    result = preprocess(image, 20)
    assert (result.shape, result.dtype) == ((20, 20, 3), tf.float32)
    np.testing.assert_array_equal(np.unique(result), [-1, 1])
