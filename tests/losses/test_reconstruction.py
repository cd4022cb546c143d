import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.losses.reconstruction import (
    cycle_consistency_loss,
    diversity_sensitive_loss,
    style_reconstruction_loss,
)

LOSSES = [style_reconstruction_loss, diversity_sensitive_loss, cycle_consistency_loss]


@pytest.mark.parametrize("loss", LOSSES)
def test_mean_absolute_difference_over_all_elements(loss):
    a = tf.constant([[1.0, 2.0, 3.0], [0.0, 0.0, -1.0]])
    b = tf.constant([[1.0, 0.0, 6.0], [1.0, 0.0, 1.0]])
    value = loss(a, b)
    assert value.shape == [] and value.dtype == tf.float32
    assert float(value) == pytest.approx((2 + 3 + 1 + 2) / 6)
    assert float(loss(a, a)) == 0


@pytest.mark.parametrize("loss", [diversity_sensitive_loss, cycle_consistency_loss])
def test_images(loss):
    a, b = np.zeros([2, 4, 4, 3], np.float32), np.zeros([2, 4, 4, 3], np.float32)
    a[0, 1, 2, 0], b[1, 0, 0, 2] = 3, 1
    assert float(loss(tf.constant(a), tf.constant(b))) == pytest.approx(4 / 96)


def gradients(loss, a, b):
    with tf.GradientTape() as tape:
        tape.watch([a, b])
        value = loss(a, b)
    return tape.gradient(value, [a, b])


def test_no_gradient_passes_through_the_second_image_of_the_diversity_loss():
    a, b = tf.constant([[1.0, -1.0]]), tf.constant([[0.0, 0.0]])
    first, second = gradients(diversity_sensitive_loss, a, b)
    np.testing.assert_allclose(first, [[0.5, -0.5]])
    assert second is None


@pytest.mark.parametrize("loss", [style_reconstruction_loss, cycle_consistency_loss])
def test_gradient_passes_through_both_sides_of_the_others(loss):
    a, b = tf.constant([[1.0, -1.0]]), tf.constant([[0.0, 0.0]])
    first, second = gradients(loss, a, b)
    np.testing.assert_allclose(first, [[0.5, -0.5]])
    np.testing.assert_allclose(second, [[-0.5, 0.5]])
