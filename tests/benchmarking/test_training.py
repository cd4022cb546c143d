"""Works of the training step, by their graphs: what they assign and how much they compute."""

import pytest
import tensorflow as tf

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.algorithms.stargan.settings import StarGANSettings
from stargan_tf.benchmarking.inputs import drawn_batch
from stargan_tf.benchmarking.networks import network_works
from stargan_tf.benchmarking.training import OneUpdate, Training
from stargan_tf.training.runtime import make_strategy
from tests.training import tiny

K = 3


def training_of(settings):
    algorithm = make_algorithm(settings, K)
    batch = drawn_batch(algorithm.draws(), settings.img_size, K, settings.batch_size)
    return Training(algorithm, make_strategy(settings), [batch])


@pytest.fixture(scope="module")
def stargan():
    return training_of(
        StarGANSettings(
            algorithm="stargan",
            img_size=16,
            batch_size=2,
            n_critic=2,
            **{"g_conv_dim": 4, "d_conv_dim": 4, "g_repeat_num": 1, "d_repeat_num": 2},
        )
    )


@pytest.fixture(scope="module")
def iterations(stargan):
    return {work.what: work for work in stargan.iteration_works()}


@pytest.fixture(scope="module")
def updates(stargan):
    return {work.what: work for work in stargan.update_works()}


def weights(training):
    return {name: network.get_weights() for name, network in training.state.networks.items()}


def moved(training, work):
    """The networks whose weights one run changes."""
    before = weights(training)
    assert work.run() > 0
    after = weights(training)
    return {
        name
        for name in before
        if any((a != b).any() for a, b in zip(before[name], after[name], strict=True))
    }


def test_each_pattern_of_updates_is_an_iteration(stargan, iterations):
    assert [*iterations] == ["iteration (D)", "iteration (D and G)"]
    assert moved(stargan, iterations["iteration (D)"]) == {"discriminator"}
    assert moved(stargan, iterations["iteration (D and G)"]) == {"discriminator", "generator"}
    assert iterations["iteration (D)"].images == 2


def test_each_update_moves_its_networks_alone(stargan, updates):
    assert [*updates] == ["update D", "update G"]
    assert moved(stargan, updates["update D"]) == {"discriminator"}
    assert moved(stargan, updates["update G"]) == {"generator"}


def test_an_update_computes_its_part_of_the_iteration(iterations, updates):
    """D's pass through G is its own; G needs nothing of what D computes."""
    whole = iterations["iteration (D and G)"].operations["float32"]
    parts = {name: work.operations["float32"] for name, work in updates.items()}
    assert parts["update D"] == iterations["iteration (D)"].operations["float32"]
    assert sum(parts.values()) == whole


@pytest.mark.slow
def test_updates_of_stargan_v2_have_the_names_of_the_log():
    training = training_of(tiny.CONFIG)
    updates = {work.what: work for work in training.update_works()}
    assert [*updates] == [f"update {name}" for name in ("D/latent", "D/ref", "G/latent", "G/ref")]
    assert moved(training, updates["update G/latent"]) == {
        *("generator", "mapping_network", "style_encoder")
    }
    assert moved(training, updates["update G/ref"]) == {"generator"}
    (iteration,) = training.iteration_works()
    assert iteration.what == "iteration" and moved(training, iteration) == {*tiny.NAMES.values()}


def test_a_step_that_reads_a_loss_of_another_update_can_be_measured():
    class Minimize:
        gradient_scale = 1.0

        def __call__(self, objective, *networks, tape=None):
            return {"adv": tf.constant(2.0)}

    one = OneUpdate(Minimize(), 1)
    first, second = one(None, "discriminator"), one(None, "generator")
    assert float(first["real"]) == 0 and not first
    assert float(second["adv"]) == 2 and one.count == 2


def test_networks_forward_and_backward(stargan):
    networks = stargan.state.training_networks
    found = network_works(networks, stargan.algorithm.network_inputs(2), K)
    works = {work.what: work for work in found}
    assert {*works} == {
        f"{name} {how}" for name in networks for how in ("forward", "forward and backward")
    }
    for name in networks:
        forward = works[f"{name} forward"].operations["float32"]
        # Twice the forward pass more: by the weights and by the inputs of each layer.
        assert works[f"{name} forward and backward"].operations["float32"] == 3 * forward
    assert works["generator forward"].run() > 0 and works["generator forward"].images == 2


def test_every_network_of_stargan_v2_is_measured():
    algorithm = make_algorithm(tiny.CONFIG, K)
    inputs = algorithm.network_inputs(2)
    assert {*inputs} == {*tiny.NAMES.values()}
    for name, network in algorithm.build().items():
        outputs = tf.function(network).get_concrete_function(*inputs[name]).outputs
        assert all(output.shape[0] == 2 for output in outputs), name
