import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stargan_tf.evaluation.features.images import (
    pixel_values,
    quantize_to_8_bit,
    resize,
    resizing_matrix,
)


def random_image(height, width):
    return np.random.RandomState(0).randint(0, 256, (height, width, 3)).astype(np.uint8)


def resized(image, size, *, round_to_integers):
    images = tf.cast(image[None], tf.float32)
    return resize(images, size, round_to_integers=round_to_integers).numpy()[0]


def test_8_bit_values_survive():
    values = np.arange(256, dtype=np.uint8)
    images = tf.cast(values, tf.float32) / 127.5 - 1
    np.testing.assert_array_equal(pixel_values(images), values)


def test_outside_values_are_clipped():
    images = tf.constant([-1.5, 0.002, 7.0])
    np.testing.assert_array_equal(pixel_values(images), [0, 128, 255])
    np.testing.assert_allclose(quantize_to_8_bit(images), [-1, 1 / 255, 1], atol=1e-7)


@pytest.mark.parametrize(("old", "new"), [(64, 299), (512, 224), (224, 224), (5, 3), (1, 4)])
def test_weights_add_up(old, new):
    matrix = resizing_matrix(old, new)
    assert matrix.shape == (new, old)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, rtol=1e-6)


def test_halving_by_hand():
    # A triangle over 4 pixels: 1/8, 3/8, 3/8, 1/8, cut off and normalised at the border.
    np.testing.assert_allclose(resizing_matrix(4, 2)[0], np.array([3, 3, 1, 0]) / 7)


@pytest.mark.parametrize(("shape", "size"), [((64, 64), 299), ((256, 256), 299), ((80, 50), 32)])
def test_agrees_with_pillow(shape, size):
    image = random_image(*shape)
    expected = np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR))
    differences = np.abs(resized(image, size, round_to_integers=True) - expected)
    # Pillow computes with whole numbers: what lies halfway between two may differ.
    assert differences.max() <= 1
    assert (differences > 0).mean() < 0.01


@pytest.mark.parametrize(("shape", "size"), [((64, 64), 224), ((300, 200), 224), ((224, 224), 224)])
def test_agrees_with_tensorflow(shape, size):
    image = random_image(*shape)
    expected = tf.image.resize(tf.cast(image, tf.float32), (size, size), antialias=True)
    np.testing.assert_allclose(resized(image, size, round_to_integers=False), expected, atol=0.02)
