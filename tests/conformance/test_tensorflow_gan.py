"""Our losses and distances against those of tensorflow_gan."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_gan as tfgan

from stargan_tf.evaluation.kernel_distance import kernel_distance
from stargan_tf.losses.adversarial import (
    gradient_penalty,
    interpolate,
    logistic_loss,
    r1_penalty,
    wasserstein_loss,
)
from stargan_tf.losses.classification import domain_classification_loss
from stargan_tf.losses.reconstruction import cycle_consistency_loss
from tests.evaluation.points import distance, from_rows, normal

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


def patch_scores(x, _=None):
    """Of four patches of an image."""
    return tf.reduce_sum(tf.reshape(tf.sin(3 * x) * images(1)[:1], [len(x), 2, 2, -1]), axis=-1)


def test_wasserstein_losses():
    real, fake = patch_scores(images(0)), patch_scores(images(2))
    ours = wasserstein_loss(real, real=True) + wasserstein_loss(fake, real=False)
    theirs = tfgan.losses.wargs.wasserstein_discriminator_loss(real, fake)
    assert float(ours) == pytest.approx(float(theirs), rel=1e-6)
    theirs = tfgan.losses.wargs.wasserstein_generator_loss(fake)
    assert float(wasserstein_loss(fake, real=True)) == pytest.approx(float(theirs), rel=1e-6)


def test_gradient_penalty():
    """At the points that theirs draws: it is told which score each of them has."""
    points = []

    def critic(x, _=None):
        points.append(x)
        return patch_scores(x)

    @tf.function
    def theirs(x_real, x_fake):
        penalty = tfgan.losses.wargs.wasserstein_gradient_penalty(
            x_real, x_fake, None, critic, "critic"
        )
        return penalty, points[-1]

    expected, x_hat = theirs(images(0), images(2))
    assert float(gradient_penalty(patch_scores, x_hat)) == pytest.approx(float(expected), rel=1e-5)
    # And these points are such as ours: between real and generated images, one share for each.
    shares = (x_hat - images(2)) / (images(0) - images(2))
    alpha = tf.reshape(shares, [3, -1])[:, :1]
    np.testing.assert_allclose(interpolate(images(0), images(2), alpha), x_hat, atol=1e-5)


def test_domain_classification_loss_is_that_of_their_acgan():
    logits, y = tf.reshape(LOGITS, [4, 4]), tf.constant([0, 3, 1, 1])
    theirs = tfgan.losses.wargs.acgan_generator_loss(logits, tf.one_hot(y, 4))
    assert float(domain_classification_loss(logits, y)) == pytest.approx(float(theirs), rel=1e-6)


def frechet_distance(first, second):
    theirs = tfgan.eval.frechet_classifier_distance_from_activations
    return float(theirs(tf.constant(first), tf.constant(second)))


def test_frechet_distance():
    first, second = normal(300, 64, 0), 1.5 * normal(200, 64, 1) + 0.1
    expected = frechet_distance(first, second)
    assert distance(first, second) == pytest.approx(expected, rel=1e-12)


def test_frechet_distance_is_exact_where_theirs_is_not():
    """The reason for not using theirs: roots of small variances."""
    first, second = normal(300, 64, 0, decades=5), normal(200, 64, 1, decades=5)
    exact = from_rows(first, second)
    assert distance(first, second) == pytest.approx(exact, rel=1e-11)
    assert frechet_distance(first, second) - exact > 1e-5


@pytest.mark.parametrize(("count1", "count2"), [(2000, 2000), (1000, 700)])
def test_kernel_distance(count1, count2):
    """With the blocks that ours takes, of the images that ours takes for them."""
    first, second = normal(count1, 64, 0), 1.1 * normal(count2, 64, 1) + 0.02
    blocks = 4
    order = np.random.default_rng(0)
    cuts = [np.array_split(order.permutation(len(rows)), blocks) for rows in (first, second)]
    theirs = [
        tfgan.eval.kernel_classifier_distance_from_activations(
            tf.constant(first[a]), tf.constant(second[b]), max_block_size=max(len(a), len(b))
        )
        for a, b in zip(*cuts, strict=True)
    ]
    assert kernel_distance(first, second) == pytest.approx(np.mean(theirs), rel=1e-11)
