"""The training step: what moves and by how much.

Compiling is what takes time, so one step is compiled, on two replicas, and all else is
compared with steps that run uncompiled on one.
"""

import collections
import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.models.generator import Generator
from stargan_tf.shapes import ShapeError
from stargan_tf.training.step import TrainStep
from tests.training import tiny
from tests.training.tiny import CONFIG, LOSSES


class Compiled:
    """A compiled step whose state can be set back to the start."""

    def __init__(self, config, strategy):
        self.strategy = strategy
        with self.strategy.scope():
            self.state = tiny.fresh_state(config)
        self.step = TrainStep(self.state, self.strategy)
        self._share = config.batch_size // self.strategy.num_replicas_in_sync
        self._start = [variable.numpy() for variable in self.variables()]

    def variables(self):
        found = [self.state.step, self.state.schedule["lambda_ds"]]
        for module in (*self.state.networks.values(), *self.state.averages.values()):
            found += module.variables
        for optimizer in tiny.optimizers(self.state).values():
            found += optimizer.variables
        return found

    def reset(self):
        for variable, value in zip(self.variables(), self._start, strict=True):
            variable.assign(value)

    def __call__(self, seed):
        whole = tiny.batch(seed)

        def slice_of(context):
            part = slice(
                context.replica_id_in_sync_group * self._share,
                (context.replica_id_in_sync_group + 1) * self._share,
            )
            return {name: value[part] for name, value in whole._asdict().items()}

        values = self.strategy.experimental_distribute_values_from_function(slice_of)
        return {name: float(loss) for name, loss in self.step(values, 0).items()}


@pytest.fixture(scope="module")
def compiled_once(two_replicas):
    return Compiled(CONFIG, two_replicas)


@pytest.fixture
def compiled(compiled_once):
    compiled_once.reset()
    return compiled_once


@pytest.fixture(scope="module")
def one_replica():
    """The state after two uncompiled steps on one replica, and their losses."""
    state = tiny.fresh_state()
    step = TrainStep(state, tf.distribute.get_strategy())
    with tiny.eagerly():
        losses = [
            {name: float(loss) for name, loss in step(tiny.batch(seed)._asdict(), seed).items()}
            for seed in range(2)
        ]
    return state, losses


@pytest.fixture(scope="module")
def updates():
    """One uncompiled step, watched: what each update moved, and the averages around it."""
    config = dataclasses.replace(CONFIG, ema_warmup=True)
    state = tiny.fresh_state(config)
    before = [tiny.weights(state)]
    averages = [tiny.averages(state)]
    moved = []
    for letter, optimizer in tiny.optimizers(state).items():

        def apply(gradients, letter=letter, original=optimizer.apply_gradients):
            assert not tiny.changed(before[-1], tiny.weights(state))
            original(gradients)
            moved.append((letter, tiny.changed(before[-1], tiny.weights(state))))
            before.append(tiny.weights(state))
            averages.append(tiny.averages(state))

        optimizer.apply_gradients = apply
    with tiny.eagerly():
        losses = TrainStep(state, tf.distribute.get_strategy())(tiny.batch(0)._asdict(), 0)
    return {"state": state, "moved": moved, "averages": averages, "losses": losses}


def test_four_updates_in_order_each_moving_its_own_networks(updates):
    """D, D, then G with F and E, then G alone: the reference pass leaves E and F as they are."""
    assert updates["moved"] == [(letter, {letter}) for letter in ("D", "D", "G", "F", "E", "G")]


def test_every_weight_moves(updates):
    fresh = tiny.fresh_state()
    for before, after in zip(
        tiny.weights(fresh).values(), tiny.weights(updates["state"]).values(), strict=True
    ):
        assert all((a != b).any() for a, b in zip(before, after, strict=True))


def test_averages_wait_for_the_end_of_the_step(updates):
    for later in updates["averages"][1:]:
        for a, b in zip(updates["averages"][0], later, strict=True):
            np.testing.assert_array_equal(a, b)


def test_averages_warm_up(updates):
    """At the first step, the decay is (1 + 0) / (10 + 0)."""
    state = updates["state"]
    new = tiny.averaged_weights(state)
    for old, average, weight in zip(updates["averages"][0], tiny.averages(state), new, strict=True):
        np.testing.assert_allclose(average, 0.1 * old + 0.9 * weight, atol=1e-6)


def test_losses_are_named_and_finite(updates):
    assert set(updates["losses"]) == LOSSES
    assert all(np.isfinite(loss) for loss in updates["losses"].values())


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("x_ref2", np.zeros([4, 16, 16, 3], np.float32), r"x_ref2 of shape \[4, 16, 16, 3\]"),
        ("y_trg", np.zeros([3], np.int32), r"y_trg of shape \[3\], expected \[N\] with N = 4"),
        ("y_org", np.zeros([4], np.float32), "y_org of dtype float32, expected integer"),
        ("z_trg2", np.zeros([4, 9], np.float32), r"z_trg2 of shape \[4, 9\], expected \[N, 4\]"),
    ],
)
def test_a_batch_of_other_shapes_is_named(name, value, message):
    batch = tiny.batch(0)._replace(**{name: tf.constant(value)})
    step = TrainStep(tiny.fresh_state(), tf.distribute.get_strategy())
    with tiny.eagerly(), pytest.raises(ShapeError, match=message):
        step(batch._asdict(), 0)


def test_initial_averages_are_the_weights():
    state = tiny.fresh_state()
    for average, network in ((a, state.networks[name]) for name, a in state.averages.items()):
        assert average is not network
        for a, b in zip(average.get_weights(), network.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.slow
def test_seed_decides_the_initial_weights():
    first, again, other = (
        tiny.weights(tiny.fresh_state(dataclasses.replace(CONFIG, seed=seed))) for seed in (1, 1, 2)
    )
    assert not tiny.changed(first, again)
    assert tiny.changed(first, other) == {"G", "F", "E", "D"}


@pytest.mark.slow
def test_lambda_ds_falls_to_zero_without_retracing(compiled):
    used, kept = [], []
    for seed in range(CONFIG.ds_iter + 2):
        used.append(compiled(seed)["lambda_ds"])
        kept.append(float(compiled.state.schedule["lambda_ds"].numpy()))
    np.testing.assert_allclose(used, [2, 1.5, 1, 0.5, 0, 0], atol=1e-6)
    np.testing.assert_allclose(kept, [1.5, 1, 0.5, 0, 0, 0], atol=1e-6)
    assert min(kept) == 0
    assert compiled.state.step.numpy() == CONFIG.ds_iter + 2
    assert compiled.step.compiled(("all",)).experimental_get_tracing_count() == 1


@pytest.mark.slow
def test_lambda_ds_counts_inside_the_compiled_step(compiled):
    """Frozen when the step was traced, it would move G in the same way ever after."""
    ends = []
    for value in (0.0, 0.0, 50.0):
        compiled.reset()
        compiled.state.schedule["lambda_ds"].assign(value)
        compiled(0)
        ends.append(np.concatenate([np.ravel(w) for w in tiny.weights(compiled.state)["G"]]))
    step_size = CONFIG.lr
    assert np.mean(np.abs(ends[1] - ends[0]) > step_size / 2) < 0.01
    assert np.mean(np.abs(ends[2] - ends[0]) > step_size / 2) > 0.1


def test_averages_follow_at_the_published_rate(compiled):
    expected = tiny.averages(compiled.state)
    for seed in range(3):
        compiled(seed)
        new = tiny.averaged_weights(compiled.state)
        expected = [0.999 * a + 0.001 * w for a, w in zip(expected, new, strict=True)]
        for average, value in zip(tiny.averages(compiled.state), expected, strict=True):
            np.testing.assert_allclose(average, value, atol=1e-6)
    assert tiny.changed({"G": expected}, {"G": new})


def test_two_replicas_start_from_the_same_weights(compiled):
    fresh = tiny.fresh_state()
    assert not tiny.changed(tiny.weights(fresh), tiny.weights(compiled.state))


@pytest.mark.slow
def test_two_replicas_equal_one(compiled, one_replica):
    assert compiled.strategy.num_replicas_in_sync == 2
    state, losses = one_replica
    for step, expected in enumerate(losses):
        found = compiled(step)
        assert set(found) == LOSSES
        for name in LOSSES:
            # Before the first update the losses are equal up to the order of summation. From
            # then on Adam's sign-like first updates amplify it where a gradient is near zero.
            tolerance = 1e-5 if step == 0 and name.startswith("D/latent") else 1e-3
            assert found[name] == pytest.approx(expected[name], rel=tolerance, abs=1e-5), name
    # Adam forgives gradients that are too large by a factor, but its second moments show it.
    for letter, optimizer in tiny.optimizers(state).items():
        other = tiny.optimizers(compiled.state)[letter]
        one, two = (sum(m.numpy().sum() for m in o.second_moments) for o in (optimizer, other))
        assert two == pytest.approx(one, rel=1e-2), letter
    found = tiny.weights(compiled.state)
    for letter, expected in tiny.weights(state).items():
        apart = [np.ravel(np.abs(a - b)) for a, b in zip(found[letter], expected, strict=True)]
        assert np.mean(np.concatenate(apart) < 1e-4) > 0.9, letter


def test_replicas_keep_equal_copies(compiled):
    compiled(0)
    for variable in compiled.variables():
        first, second = compiled.strategy.experimental_local_results(variable)
        np.testing.assert_array_equal(first, second, err_msg=variable.name)


def test_g_draws_no_image_twice_with_the_same_weights(monkeypatch):
    """D's updates share the sources' features, and the first has the images of G's first update."""
    step = TrainStep(tiny.fresh_state(), tf.distribute.get_strategy())
    calls = collections.Counter()
    for part in ("encode", "decode"):
        monkeypatch.setattr(Generator, part, counted(getattr(Generator, part), part, calls))
    with tiny.eagerly():
        step(tiny.batch(0)._asdict(), 0)
    # Each update of G draws x_fake, x_fake2 and x_rec, and D needs images by reference besides.
    assert calls == {"encode": 2 * 2, "decode": 2 * 3 + 1}


def counted(method, name, calls):
    def call(*args):
        calls[name] += 1
        return method(*args)

    return call
