import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.losses.adversarial import gradient_penalty, interpolate, wasserstein_loss
from stargan_tf.shapes import ShapeError

SCORES = tf.constant([[[1.0, 2.0]], [[3.0, -4.0]]])  # of two patches of two images


def images(seed=0):
    return tf.constant(np.random.default_rng(seed).standard_normal((3, 4, 4, 2)), tf.float32)


def patches(x):
    """Four scores an image, whose sum is 0.5 x^2: its gradient by the image is the image."""
    return tf.reduce_sum(0.5 * tf.square(tf.reshape(x, [3, 2, 2, -1])), axis=-1)


def test_the_sign_says_what_is_to_rise():
    assert float(wasserstein_loss(SCORES, real=True)) == -0.5
    assert float(wasserstein_loss(SCORES, real=False)) == 0.5


def test_penalty_of_a_quadratic_critic():
    x = images()
    norms = np.sqrt(np.sum(np.square(x.numpy()), axis=(1, 2, 3)))
    expected = np.mean(np.square(norms - 1))
    assert float(gradient_penalty(patches, x)) == pytest.approx(expected, rel=1e-5)


def test_a_critic_of_slope_one_costs_nothing():
    w = images(1)[:1]
    w /= tf.norm(w)
    assert float(gradient_penalty(lambda x: tf.reduce_sum(w * x, [1, 2, 3]), images())) < 1e-10


def test_a_critic_that_does_not_care_can_learn():
    """The root of 0 has an infinite slope."""
    w = tf.Variable(0.0)
    with tf.GradientTape() as tape:
        penalty = gradient_penalty(lambda x: w * patches(x), images())
    assert float(penalty) == pytest.approx(1, rel=1e-5)
    assert np.isfinite(tape.gradient(penalty, w))


@pytest.mark.parametrize("scale", [1e-3, 2.0**15])
def test_gradient_scale_changes_nothing_but_the_way(scale):
    expected = float(gradient_penalty(patches, images()))
    assert float(gradient_penalty(patches, images(), scale)) == pytest.approx(expected, rel=1e-5)


def test_interpolation_has_a_share_for_each_image():
    x_real, x_fake = images(0), images(1)
    alpha = tf.constant([[0.0], [1.0], [0.25]])
    found = interpolate(x_real, x_fake, alpha)
    np.testing.assert_array_equal(found[0], x_fake[0])
    np.testing.assert_array_equal(found[1], x_real[1])
    np.testing.assert_allclose(found[2], 0.25 * x_real[2] + 0.75 * x_fake[2], rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: wasserstein_loss(tf.zeros([2]), real=True), "scores"),
        (lambda: interpolate(images(), images()[:2], tf.zeros([3, 1])), "x_fake"),
        (lambda: interpolate(images(), images(), tf.zeros([3])), "alpha"),
        (lambda: gradient_penalty(patches, images()[0]), "x"),
    ],
)
def test_other_shapes_are_rejected(call, name):
    with pytest.raises(ShapeError, match=f"Found {name} of shape"):
        call()
