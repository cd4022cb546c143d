import math

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.losses.adversarial import logistic_loss, r1_penalty
from stargan_tf.shapes import ShapeError


def softplus(x):
    return math.log(1 + math.exp(x))


def loss(logits, real):
    return float(logistic_loss(tf.constant(logits), real=real))


def test_loss_of_calling_images_real():
    expected = (softplus(-2) + softplus(0) + softplus(1)) / 3
    assert loss([2.0, 0.0, -1.0], real=True) == pytest.approx(expected, rel=1e-6)


def test_loss_of_calling_images_generated():
    expected = (softplus(2) + softplus(0) + softplus(-1)) / 3
    assert loss([2.0, 0.0, -1.0], real=False) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("real", [True, False])
def test_loss_of_an_undecided_discriminator(real):
    assert loss([0.0] * 4, real) == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    ("logit", "real", "expected"),
    [(1000.0, True, 0), (-1000.0, True, 1000), (1000.0, False, 1000), (-1000.0, False, 0)],
)
def test_loss_of_a_certain_discriminator_stays_finite(logit, real, expected):
    assert loss([logit], real) == expected


def images(seed=0):
    return tf.constant(np.random.default_rng(seed).standard_normal((3, 4, 4, 2)), tf.float32)


def quadratic(x):
    """Its gradient by the image is the image."""
    return 0.5 * tf.reduce_sum(tf.square(x), axis=[1, 2, 3])


def test_r1_of_a_quadratic_critic():
    x = images()
    penalty, logits = r1_penalty(quadratic, x)
    assert penalty.shape == []
    expected = 0.5 * np.mean(np.sum(np.square(x.numpy()), axis=(1, 2, 3)))
    assert float(penalty) == pytest.approx(expected, rel=1e-6)
    np.testing.assert_allclose(logits, quadratic(x), rtol=1e-6)


def test_r1_of_a_linear_critic():
    w = images(1)[:1]
    penalty, _ = r1_penalty(lambda x: tf.reduce_sum(w * x, axis=[1, 2, 3]), images())
    assert float(penalty) == pytest.approx(0.5 * float(tf.reduce_sum(w * w)), rel=1e-6)


def test_r1_of_a_critic_that_does_not_care():
    penalty, _ = r1_penalty(lambda x: 0.0 * quadratic(x) + 7, images())
    assert float(penalty) == 0


@pytest.mark.parametrize("scale", [1e-3, 2.0**15])
def test_gradient_scale_changes_nothing_but_the_way(scale):
    expected, _ = r1_penalty(quadratic, images())
    penalty, logits = r1_penalty(quadratic, images(), gradient_scale=scale)
    assert float(penalty) == pytest.approx(float(expected), rel=1e-5)
    np.testing.assert_allclose(logits, quadratic(images()), rtol=1e-6)


def test_gradient_scale_saves_small_float16_gradients():
    def critic(x):
        return tf.cast(tf.reduce_sum(tf.cast(x, tf.float16), axis=[1, 2, 3]) * 1e-6, tf.float32)

    penalty, _ = r1_penalty(critic, images(), gradient_scale=2.0**10)
    assert float(penalty) == pytest.approx(0.5 * 32 * 1e-12, rel=0.1)
    lost, _ = r1_penalty(lambda x: critic(x) * 1e-2, images())
    assert float(lost) == 0


def test_r1_can_be_minimised():
    """The gradient by the critic's weight: the penalty of w * x is w^2 / 2 times its size."""
    w = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        penalty, _ = r1_penalty(lambda x: w * tf.reduce_sum(x, axis=[1, 2, 3]), images())
    assert float(tape.gradient(penalty, w)) == pytest.approx(3.0 * 32, rel=1e-6)


@pytest.mark.parametrize("logits", [tf.zeros([2, 1]), tf.zeros([]), tf.zeros([2], tf.int32)])
def test_logits_other_than_one_float_for_each_image_are_rejected(logits):
    with pytest.raises(ShapeError, match="Found logits of .*: logistic_loss takes one logit"):
        logistic_loss(logits, real=True)
    with pytest.raises(ShapeError, match="Found logits of .*: r1_penalty takes"):
        r1_penalty(lambda x: logits, images()[:2])


@pytest.mark.parametrize("x_real", [images()[0], tf.cast(images(), tf.int32)])
def test_r1_of_other_than_float_images_is_rejected(x_real):
    with pytest.raises(ShapeError, match="Found x_real of .*: r1_penalty takes float images"):
        r1_penalty(quadratic, x_real)


def test_r1_of_too_few_logits_is_rejected():
    with pytest.raises(ShapeError, match=r"logits of shape \[2\], .* N = 3 as in x_real: "):
        r1_penalty(lambda x: quadratic(x)[:2], images())
