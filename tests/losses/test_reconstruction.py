import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.losses.reconstruction import (
    cycle_consistency_loss,
    diversity_sensitive_loss,
    style_reconstruction_loss,
)
from stargan_tf.shapes import ShapeError

LOSSES = [style_reconstruction_loss, diversity_sensitive_loss, cycle_consistency_loss]


def tensor(loss, rows):
    """Two-dimensional values as styles [N, D], or as images [N, 1, 1, C]."""
    values = tf.constant(rows)
    return values if loss is style_reconstruction_loss else values[:, tf.newaxis, tf.newaxis]


@pytest.mark.parametrize("loss", LOSSES)
def test_mean_absolute_difference_over_all_elements(loss):
    a = tensor(loss, [[1.0, 2.0, 3.0], [0.0, 0.0, -1.0]])
    b = tensor(loss, [[1.0, 0.0, 6.0], [1.0, 0.0, 1.0]])
    value = loss(a, b)
    assert value.shape == [] and value.dtype == tf.float32
    assert float(value) == pytest.approx((2 + 3 + 1 + 2) / 6)
    assert float(loss(a, a)) == 0


@pytest.mark.parametrize("loss", [diversity_sensitive_loss, cycle_consistency_loss])
def test_images(loss):
    a, b = np.zeros([2, 4, 4, 3], np.float32), np.zeros([2, 4, 4, 3], np.float32)
    a[0, 1, 2, 0], b[1, 0, 0, 2] = 3, 1
    assert float(loss(tf.constant(a), tf.constant(b))) == pytest.approx(4 / 96)


def gradients(loss):
    a, b = tensor(loss, [[1.0, -1.0]]), tensor(loss, [[0.0, 0.0]])
    with tf.GradientTape() as tape:
        tape.watch([a, b])
        value = loss(a, b)
    return [g if g is None else tf.reshape(g, [1, 2]) for g in tape.gradient(value, [a, b])]


def test_no_gradient_passes_through_the_second_image_of_the_diversity_loss():
    first, second = gradients(diversity_sensitive_loss)
    np.testing.assert_allclose(first, [[0.5, -0.5]])
    assert second is None


@pytest.mark.parametrize("loss", [style_reconstruction_loss, cycle_consistency_loss])
def test_gradient_passes_through_both_sides_of_the_others(loss):
    first, second = gradients(loss)
    np.testing.assert_allclose(first, [[0.5, -0.5]])
    np.testing.assert_allclose(second, [[-0.5, 0.5]])


STYLES, IMAGES = [2, 6], [2, 4, 4, 3]


@pytest.mark.parametrize(
    ("loss", "shapes", "names"),
    [
        (style_reconstruction_loss, STYLES, ("s_pred", "s_trg")),
        (diversity_sensitive_loss, IMAGES, ("x_fake", "x_fake2")),
        (cycle_consistency_loss, IMAGES, ("x_rec", "x_real")),
    ],
)
def test_tensors_that_would_be_broadcast_are_rejected(loss, shapes, names):
    """TensorFlow stretches a size of 1, and the mean would be of another thing."""
    right = tf.zeros(shapes)
    for axis in range(len(shapes)):
        with pytest.raises(ShapeError, match=rf"Found {names[1]} of shape \[.*1.*\], expected \["):
            loss(right, tf.reduce_sum(right, axis, keepdims=True))
    with pytest.raises(ShapeError, match=rf"Found {names[0]} of shape"):
        loss(right[0], right)
    for position, name in enumerate(names):
        tensors = [right, right]
        tensors[position] = tf.cast(right, tf.uint8)
        with pytest.raises(ShapeError, match=rf"Found {name} of dtype uint8, expected float"):
            loss(*tensors)
