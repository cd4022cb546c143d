"""StarGAN (2018) on two data sets at once: what reaches the losses of each."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.algorithms.stargan import objectives
from stargan_tf.algorithms.stargan.networks import seen_from
from stargan_tf.labels import LabelLayout, LabelSet
from tests.algorithms.stargan_runs import TINY

ATTRIBUTES = ("smiling", "young", "glasses")
DOMAINS = ("cat", "dog")
LAYOUT = LabelLayout((3, 2))


@pytest.fixture(scope="module")
def parts():
    """Networks of both sets, images, and labels of each set for them."""
    algorithm = make_algorithm(
        dataclasses.replace(TINY, same_domain="both"),
        5,
        (LabelSet(ATTRIBUTES, True), LabelSet(DOMAINS, False)),
    )
    x = np.random.default_rng(0).uniform(-1, 1, (4, 16, 16, 3)).astype(np.float32)
    y = (
        tf.constant(np.random.default_rng(1).integers(0, 2, (4, 3)), tf.float32),
        tf.constant([0, 1, 1, 0]),
    )
    return algorithm, algorithm.build(), tf.constant(x), y


def test_networks_take_and_tell_the_labels_of_both(parts):
    _, networks, x, _ = parts
    assert networks["generator"].num_labels == 7
    assert networks["discriminator"](x).cls.shape == [4, 5]


def losses_of(parts, which, networks):
    """All losses of both updates on a batch of one set."""
    algorithm, _, x, y = parts
    seen = seen_from(networks, LAYOUT, which)
    own = y[which]
    common = seen, algorithm.settings, x, own
    x_fakes = {"": seen["generator"](x, objectives.label_vectors(own, LAYOUT.sizes[which]))}
    judged = objectives.discriminator_objective(*common, x_fakes, tf.fill([4, 1], 0.5))
    drawn = objectives.generator_objective(*common, tf.roll(own, 1, axis=0), same_domain=True)
    return [judged.total, drawn.total, *judged.losses.values(), *drawn.losses.values()]


@pytest.mark.parametrize("which", [0, 1])
def test_labels_of_the_other_set_never_reach_a_loss(parts, which):
    """No gradient comes to their weights in D, to the last bit, and their logits change nothing."""
    networks = parts[1]
    kernel = networks["discriminator"].to_cls.kernel
    other = LAYOUT.part(1 - which)
    with tf.GradientTape() as tape:
        before = losses_of(parts, which, networks)
        total = before[0] + before[1]
    gradient = tape.gradient(total, kernel).numpy()
    assert not gradient[..., other].any() and gradient[..., LAYOUT.part(which)].all()
    old = kernel.numpy()
    changed = old.copy()
    changed[..., other] += 3
    kernel.assign(changed)
    after = losses_of(parts, which, networks)
    kernel.assign(old)
    for was, now in zip(before, after, strict=True):
        assert was.numpy().tobytes() == now.numpy().tobytes()


@pytest.mark.parametrize("which", [0, 1])
def test_labels_of_the_other_set_never_reach_the_generator(parts, which):
    """It gets zeros for them and the mask of the known set: their weights in G have no gradient."""
    networks = parts[1]
    kernel = networks["generator"].convs[0].kernel  # of channels: image, labels, mask
    with tf.GradientTape() as tape:
        total = tf.add_n(losses_of(parts, which, networks)[:2])
    gradient = tape.gradient(total, kernel).numpy()[:, :, 3:]
    known = np.zeros(7, bool)
    known[LAYOUT.part(which)] = known[5 + which] = True
    assert not gradient[:, :, ~known].any() and gradient[:, :, known].any(axis=(0, 1, 3)).all()


@pytest.mark.parametrize("which", [0, 1])
def test_each_set_is_classified_by_its_kind(parts, which):
    _, networks, x, y = parts
    logits = networks["discriminator"](x).cls[:, LAYOUT.part(which)]
    if which == 0:
        each = tf.nn.sigmoid_cross_entropy_with_logits(labels=y[0], logits=logits)
        expected = tf.reduce_mean(tf.reduce_sum(each, axis=1))
    else:
        expected = -tf.reduce_mean(tf.gather(tf.nn.log_softmax(logits), y[1], batch_dims=1))
    found = losses_of(parts, which, networks)[3]
    assert float(found) == pytest.approx(float(expected), rel=1e-5)
