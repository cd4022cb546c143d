"""The step that XLA compiles against the one of TensorFlow's graph."""

import dataclasses
import functools
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.algorithms.registry import NAMES, make_algorithm, settings_class
from stargan_tf.benchmarking.inputs import drawn_batch
from stargan_tf.training.optimizers import plain_adam
from stargan_tf.training.runtime import make_strategy
from stargan_tf.training.state import TrainState
from stargan_tf.training.step import TrainStep
from tests.training.tiny import CONFIG

NUM_LABELS = 3
BATCHES, ITERATIONS = 9, 5
TOLERANCE = 1e-5
# Measured over five iterations: 4e-4 for StarGAN v2, 1e-5 for the others.
MOST_DRIFT = 5e-3
# Rows of v2's kind, and of v1's.
_OF_V2 = {"img_size": 32, "base_channels": 4, "max_conv_dim": 8}
_OF_V1 = {"img_size": 16, "g_conv_dim": 4, "d_conv_dim": 4, "g_repeat_num": 1, "d_repeat_num": 2}
TINY = {
    "stargan_v2": {f.name: getattr(CONFIG, f.name) for f in dataclasses.fields(CONFIG)},
    "stargan": _OF_V1,
    "ablation.multi_task": _OF_V1,
    "ablation.domain_styles": _OF_V2,
    "ablation.latent_codes": {**_OF_V2, "latent_dim": 3},
}


def settings_of(algorithm, **changes):
    common = {"algorithm": algorithm, "batch_size": 4, "lr": 0.0, "beta1": 0.0}
    common |= {"f_lr": 0.0} if algorithm == "stargan_v2" else {}
    return settings_class(algorithm)(**{**TINY[algorithm], **common, **changes})


class Run:
    """A run that has not begun."""

    def __init__(self, settings):
        strategy = make_strategy(settings)
        with strategy.scope():
            self.state = TrainState(make_algorithm(settings, NUM_LABELS))
        algorithm = self.state.algorithm
        self.step = TrainStep(self.state, strategy)
        patterns = {algorithm.updates_at(iteration) for iteration in range(16)}
        self.updates = max(patterns, key=len)  # of both networks, where they take turns
        self.batch = drawn_batch(algorithm.draws(), settings.img_size, NUM_LABELS, 4)

    def losses(self, seed):
        """Of an iteration on a batch with images and codes of this seed."""
        rng = np.random.default_rng(seed)
        batch = {
            name: tf.constant(rng.uniform(-1, 1, value.shape).astype(np.float32))
            if value.dtype.is_floating
            else value
            for name, value in self.batch.items()
        }
        losses = self.step.compiled(self.updates)(batch)
        return {name: float(value) for name, value in losses.items()}

    def gradients(self):
        """By network and kind, of the last iteration: see `Adam`, whose beta1 is 0 here.

        First moments are the gradients of the last update, roots of second moments the size of
        those of all updates.
        """
        found = {}
        for name, optimizer in self.state.optimizers.items():
            adam = plain_adam(optimizer)
            first = np.concatenate([np.ravel(v) for v in adam.first_moments])
            second = np.concatenate([np.ravel(v) for v in adam.second_moments])
            found |= {(name, "last"): first, (name, "all"): np.sqrt(second)}
            for moment in adam.second_moments:
                moment.assign(tf.zeros_like(moment))
        return found


class Followed(NamedTuple):
    """Losses and gradients by batch, the weights staying as they are, and losses as they move."""

    losses: list[dict]
    gradients: list[dict]
    later_losses: list[dict]


def follow(settings):
    run = Run(settings)
    losses, gradients = [], []
    for seed in range(BATCHES):
        losses.append(run.losses(seed))
        gradients.append(run.gradients())
    for optimizer in run.state.optimizers.values():
        optimizer.learning_rate.assign(1e-4)
    return Followed(losses, gradients, [run.losses(seed) for seed in range(ITERATIONS)])


@pytest.fixture(scope="module")
def pairs():
    """By algorithm: what the graph's run and XLA's give, made once."""
    return functools.cache(
        lambda algorithm: [follow(settings_of(algorithm, xla=xla)) for xla in (False, True)]
    )


def apart(expected, found):
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", NAMES)
def test_xla_gives_the_first_losses_and_gradients_of_the_graph(algorithm, pairs):
    """Gradients of most batches: at a kink of LeakyReLU or of an absolute value, rounding decides.

    Then the graph's own gradients move as far, if its images are multiplied by 1 + 2e-7.
    """
    graph, xla = pairs(algorithm)
    for expected, found in zip(graph.losses, xla.losses, strict=True):
        assert found == pytest.approx(expected, rel=TOLERANCE, abs=1e-7)
    for key in graph.gradients[0]:
        pairs_of_batches = zip(graph.gradients, xla.gradients, strict=True)
        gaps = [apart(expected[key], found[key]) for expected, found in pairs_of_batches]
        assert np.median(gaps) < TOLERANCE, (key, gaps)


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", NAMES)
def test_xla_drifts_from_the_graph_as_rounding_does(algorithm, pairs):
    graph, xla = (run.later_losses for run in pairs(algorithm))
    drift = [
        max(abs(b[name] - a[name]) / max(abs(a[name]), 1e-3) for name in a)
        for a, b in zip(graph, xla, strict=True)
    ]
    assert drift[0] < TOLERANCE
    assert max(drift) < MOST_DRIFT, drift


@pytest.mark.slow
def test_an_overflow_of_float16_skips_the_update_under_xla():
    """An infinite loss scale leaves the weights as they are, and the scale falls."""
    run = Run(settings_of("ablation.multi_task", xla=True, mixed_precision="float16", lr=1e-3))
    before = run.state.networks["discriminator"].get_weights()
    for optimizer in run.state.optimizers.values():
        optimizer._loss_scale._current_loss_scale.assign(2.0**126)
    losses = run.losses(0)
    assert np.isfinite(list(losses.values())).all()
    assert all(o.loss_scale == 2.0**125 for o in run.state.optimizers.values())
    for old, new in zip(before, run.state.networks["discriminator"].get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    for optimizer in run.state.optimizers.values():
        optimizer._loss_scale._current_loss_scale.assign(2.0**4)
    run.losses(1)
    after = run.state.networks["discriminator"].get_weights()
    assert any((old != new).any() for old, new in zip(before, after, strict=True))
