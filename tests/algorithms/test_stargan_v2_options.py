"""StarGAN v2 with less work, or less memory, in an iteration."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.algorithms.stargan_v2.networks import LANDMARK_NETWORK
from stargan_tf.models.own_gradients import recomputing
from stargan_tf.training.step import TrainStep
from tests.training import tiny


class Brightness:
    """In the place of a landmark network: masks that differ from image to image."""

    def masks(self, x):
        mask = tf.image.resize(tf.reduce_mean(x, axis=-1, keepdims=True), [256, 256])
        return tf.abs(mask), tf.square(mask)


class Unstepped:
    """A `Minimize` that steps nothing and takes down all gradients."""

    gradient_scale = 1.0

    def __init__(self, networks):
        self.weights = {name: networks[name].trainable_variables for name in tiny.NAMES.values()}
        self.stepped = []
        self.totals = []
        self.gradients = []

    def __call__(self, objective, *networks, tape=None):
        with tape or tf.GradientTape() as tape:
            total, losses = objective()
        zero = tf.UnconnectedGradients.ZERO
        self.stepped.append(networks)
        self.totals.append(float(total))
        self.gradients.append(tape.gradient(total, self.weights, unconnected_gradients=zero))
        return losses


def taken(config, iteration=0):
    """What one iteration would take, all of it at the initial weights; and its losses."""
    tf.random.set_seed(0)
    algorithm = make_algorithm(config, tiny.NUM_DOMAINS)
    networks = tiny.fresh_state(dataclasses.replace(config, fused_passes=False)).networks
    if config.w_hpf:
        networks[LANDMARK_NETWORK] = Brightness()
    minimize = Unstepped(networks)
    updates = algorithm.updates_at(iteration)
    schedule = {"lambda_ds": tf.constant(2.0)}
    losses = algorithm.step(networks, tiny.batch(0)._asdict(), schedule, updates, minimize)
    return minimize, losses


def in_a_row(tensors):
    return np.concatenate([tf.reshape(tensor, [-1]) for tensor in tensors])


def assert_mean(mean, first, second):
    """Up to what rounding leaves where the largest terms cancel each other."""
    largest = max(np.abs(first).max(), np.abs(second).max())
    np.testing.assert_allclose(mean, (first + second) / 2, rtol=1e-4, atol=1e-5 * largest)


@pytest.mark.slow
@pytest.mark.parametrize("w_hpf", [0, 1])
def test_one_pass_goes_down_the_mean_of_two(w_hpf):
    """In all networks that the two step; E, which references leave as it is, learns from both."""
    config = dataclasses.replace(tiny.CONFIG, w_hpf=w_hpf)
    two, two_losses = taken(config)
    one, one_losses = taken(dataclasses.replace(config, fused_passes=True))
    assert two.stepped[:2] == [("discriminator",)] * 2
    assert one.stepped == [
        ("discriminator",),
        ("generator", "mapping_network", "style_encoder"),
    ]
    for mean, passes in ((0, (0, 1)), (1, (2, 3))):
        assert_mean(one.totals[mean], *(np.float64(two.totals[number]) for number in passes))
        for name in one.stepped[mean]:
            each = [in_a_row(two.gradients[number][name]) for number in passes]
            assert_mean(in_a_row(one.gradients[mean][name]), *each)
    for name, loss in one_losses.items():
        both = (two_losses[name.replace("both", style)].numpy() for style in ("latent", "ref"))
        assert_mean(loss, *both)


@pytest.mark.slow
def test_r1_counts_more_when_it_comes_less_often():
    config = dataclasses.replace(tiny.CONFIG, lambda_reg=0.5)
    rare = dataclasses.replace(config, r1_every=3)
    always, losses = taken(config)
    due, due_losses = taken(rare, iteration=3)
    left_out, other_losses = taken(rare, iteration=4)
    assert due_losses.keys() == losses.keys()
    assert losses.keys() - other_losses.keys() == {"D/latent_reg", "D/ref_reg"}
    reg = float(losses["D/latent_reg"])
    assert reg > 0
    assert due.totals[0] == pytest.approx(always.totals[0] + 2 * 0.5 * reg)
    assert left_out.totals[0] == pytest.approx(always.totals[0] - 0.5 * reg)
    assert left_out.totals[2:] == always.totals[2:]


@pytest.mark.slow
def test_they_are_trained():
    """Compiled: as many patterns as there are, each with the losses that it has."""
    config = dataclasses.replace(tiny.CONFIG, fused_passes=True, r1_every=2)
    state = tiny.fresh_state(config)
    before = tiny.weights(state)
    step = TrainStep(state, tf.distribute.get_strategy())
    found = [step(tiny.batch(number)._asdict(), number) for number in range(3)]
    assert tiny.changed(before, tiny.weights(state)) == set(tiny.NAMES)
    assert all(np.isfinite(loss) for losses in found for loss in losses.values())
    assert ["D/both_reg" in losses for losses in found] == [True, False, True]
    assert {*state.algorithm.bar_losses.values()} <= found[1].keys()


@pytest.mark.parametrize(
    "changes",
    [
        {"fused_passes": True},
        pytest.param({"w_hpf": 1.0}, marks=pytest.mark.slow),
        pytest.param({"mixed_precision": "bfloat16"}, marks=pytest.mark.slow),
    ],
)
def test_recomputing_changes_no_loss_and_no_gradient(changes):
    def found(wanted):
        with recomputing(wanted):
            updates, losses = taken(dataclasses.replace(tiny.CONFIG, **changes))
        gradients = [in_a_row(of_one) for each in updates.gradients for of_one in each.values()]
        return [np.stack([*losses.values()]), *gradients]

    for again, kept in zip(found(True), found(False), strict=True):
        np.testing.assert_allclose(again, kept, rtol=0, atol=1e-6 * np.abs(kept).max())
