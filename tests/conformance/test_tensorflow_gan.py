"""Our losses against those of tensorflow_gan."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_gan as tfgan

from stargan_tf.losses.adversarial import logistic_loss, r1_penalty
from stargan_tf.losses.reconstruction import cycle_consistency_loss

LOGITS = tf.constant(np.random.default_rng(0).normal(0, 4, 16), tf.float32)
LOGITS2 = tf.constant(np.random.default_rng(1).normal(1, 4, 16), tf.float32)


def images(seed):
    return tf.constant(np.random.default_rng(seed).uniform(-1, 1, (3, 6, 6, 2)), tf.float32)


def test_discriminator_loss_is_the_minimax_loss():
    theirs = tfgan.losses.wargs.minimax_discriminator_loss(LOGITS, LOGITS2, label_smoothing=0.0)
    ours = logistic_loss(LOGITS, real=True) + logistic_loss(LOGITS2, real=False)
    assert float(ours) == pytest.approx(float(theirs), rel=1e-6)


def test_generator_loss_is_the_non_saturating_one():
    theirs = tfgan.losses.wargs.modified_generator_loss(LOGITS2)
    ours = logistic_loss(LOGITS2, real=True)
    assert float(ours) == pytest.approx(float(theirs), rel=1e-6)


def test_cycle_consistency_loss():
    x, x_rec, y, y_rec = (images(seed) for seed in range(4))
    ours = (cycle_consistency_loss(x_rec, x) + cycle_consistency_loss(y_rec, y)) / 2
    theirs = tfgan.losses.wargs.cycle_consistency_loss(x, x_rec, y, y_rec)
    assert float(ours) == pytest.approx(float(theirs), rel=1e-6)


def test_r1_is_half_their_gradient_penalty_towards_zero():
    """Theirs penalises the norm's distance to a target, on interpolated images."""

    def critic(x, _=None):
        return tf.reduce_sum(tf.sin(3 * x) * images(1)[:1], axis=[1, 2, 3])

    @tf.function
    def gradient_penalty(x):
        return tfgan.losses.wargs.wasserstein_gradient_penalty(
            x, x, None, critic, "critic", epsilon=0.0, target=1e-8
        )

    # Theirs is relative to the target: ((norm - target) / target)^2.
    theirs = 0.5 * float(gradient_penalty(images(0))) * 1e-16
    ours, _ = r1_penalty(critic, images(0))
    assert float(ours) == pytest.approx(theirs, rel=1e-4)
