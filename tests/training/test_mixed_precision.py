import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.algorithms.stargan_v2.objectives import discriminator_objective
from stargan_tf.compat import keras
from stargan_tf.models.precision import mixed_precision
from stargan_tf.training.optimizers import Adam
from stargan_tf.training.step import TrainStep
from tests.training import tiny
from tests.training.tiny import CONFIG

# 2^16 is infinite in float16. Gradients of means over 4 examples start with a quarter of the scale,
# so that this overflows for the discriminator's two updates. Of the networks in the generator's
# first update, only the mapping network overflows with this.
DISCRIMINATOR_SCALE, GENERATOR_SCALE = 2.0**19, 2.0**17


def in_precision(name):
    return dataclasses.replace(CONFIG, mixed_precision=name)


def losses_of_a_step(state, seed=0):
    with tiny.eagerly():
        losses = TrainStep(state, tf.distribute.get_strategy())(tiny.batch(seed)._asdict(), 0)
    return {name: float(loss) for name, loss in losses.items()}


def scale(optimizer):
    return float(optimizer.loss_scale)


@pytest.fixture(scope="module")
def overflow():
    """Two float16 steps, the loss scales too high for the first: weights, losses and scales."""
    config = in_precision("float16")
    state = tiny.fresh_state(config)
    for name, initial_scale in (
        ("generator", GENERATOR_SCALE),
        ("discriminator", DISCRIMINATOR_SCALE),
    ):
        optimizer = Adam(config.lr, config.beta1, config.beta2, config.weight_decay)
        optimizer.build(state.networks[name].trainable_variables)
        scaled = keras.mixed_precision.LossScaleOptimizer(optimizer, initial_scale=initial_scale)
        state.optimizers[name] = scaled
    record = [(tiny.weights(state), None, None)]
    for seed in range(2):
        losses = losses_of_a_step(state, seed)
        scales = {letter: scale(o) for letter, o in tiny.optimizers(state).items()}
        record.append((tiny.weights(state), losses, scales))
    return record


def test_an_overflow_skips_the_update_and_lowers_the_scale(overflow):
    (start, *_), (weights, _, scales), _ = overflow
    assert "D" not in tiny.changed(start, weights)
    assert scales["D"] == DISCRIMINATOR_SCALE / 4  # two updates


def test_networks_of_one_update_skip_an_overflow_together(overflow):
    """Else one could overflow for ever, while the scale followed the others' gradients."""
    (start, *_), (weights, _, scales), _ = overflow
    assert tiny.changed(start, weights) == {"G"}  # by the second update, that of G alone
    assert scales["G"] == GENERATOR_SCALE / 2


def test_an_overflow_leaves_the_losses_finite(overflow):
    """R1 among them: a skipped update must not look like a run that has diverged."""
    _, (_, losses, _), _ = overflow
    assert {name: loss for name, loss in losses.items() if not np.isfinite(loss)} == {}


def test_training_goes_on_after_an_overflow(overflow):
    _, (before, _, scales), (after, losses, later_scales) = overflow
    assert tiny.changed(before, after) == {"G", "F", "E", "D"}
    assert all(np.isfinite(weight).all() for network in after.values() for weight in network)
    assert all(np.isfinite(loss) for loss in losses.values())
    assert later_scales == scales


def test_float16_starts_with_a_loss_scale_and_others_do_without():
    for precision, expected in (("none", False), ("bfloat16", False), ("float16", True)):
        state = tiny.fresh_state(in_precision(precision))
        for optimizer in tiny.optimizers(state).values():
            scaled = isinstance(optimizer, keras.mixed_precision.LossScaleOptimizer)
            assert scaled == expected
            inner = optimizer.inner_optimizer if scaled else optimizer
            assert (inner.beta1, inner.beta2, inner.l2) == (0.0, 0.99, 1e-4)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_r1_is_about_that_of_float32(precision):
    batch = tiny.batch(3)
    values = {}
    for name in ("none", precision):
        keras.utils.set_random_seed(1)
        with mixed_precision(name):
            networks = make_algorithm(CONFIG, tiny.NUM_DOMAINS).build(["discriminator"])
        objective = discriminator_objective(
            networks,
            CONFIG,
            batch.x_real,
            batch.y_org,
            batch.x_ref,
            batch.y_trg,
            gradient_scale=2.0**10,
        )
        values[name] = {key: float(value) for key, value in objective.losses.items()}
    assert values["none"]["reg"] > 1e-4
    assert values[precision] == pytest.approx(values["none"], rel=0.05)


@pytest.mark.slow
def test_bfloat16_runs():
    config = in_precision("bfloat16")
    state = tiny.fresh_state(config)
    before = tiny.weights(state)
    losses = losses_of_a_step(state)
    assert set(losses) == tiny.LOSSES
    assert all(np.isfinite(loss) for loss in losses.values())
    assert tiny.changed(before, tiny.weights(state)) == {"G", "F", "E", "D"}
