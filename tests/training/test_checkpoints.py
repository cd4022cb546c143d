import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.errors import UserError
from stargan_tf.loading import load_run
from stargan_tf.training.checkpoints import Checkpoints
from stargan_tf.training.run_dir import RunDir
from tests.training import tiny
from tests.training.fakes import FakeState
from tests.training.tiny import CONFIG

DOMAINS = ("cat", "dog", "wild")


@pytest.fixture
def run(tmp_path):
    run = RunDir(tmp_path / "run")
    run.begin(CONFIG, DOMAINS)
    return run


@pytest.fixture(scope="module")
def trained():
    """A state in which every number differs from those of a fresh one."""
    state = tiny.fresh_state()
    for seed, variable in enumerate(all_variables(state)):
        values = np.random.default_rng(seed).uniform(1, 2, variable.shape)
        variable.assign(tf.cast(values * 10, variable.dtype))
    return state


def all_variables(state):
    modules = [*state.networks.values(), *state.averages.values()]
    modules += tiny.optimizers(state).values()
    return [
        *(v for module in modules for v in module.variables),
        state.step,
        *state.schedule.values(),
    ]


def test_everything_comes_back(run, trained):
    Checkpoints(run, trained, keep=3).save()
    fresh = tiny.fresh_state()
    assert Checkpoints(run, fresh, keep=3).restore()
    for expected, found in zip(all_variables(trained), all_variables(fresh), strict=True):
        np.testing.assert_array_equal(found, expected, err_msg=expected.name)


def test_there_may_be_none_yet(run):
    assert not Checkpoints(run, FakeState(), keep=3).restore()


def test_the_newest_few_stay_and_count_on_after_a_resume(run):
    state = FakeState()
    checkpoints = Checkpoints(run, state, keep=2)
    for step in (1, 2, 3):
        state.step.assign(step)
        checkpoints.save()
    checkpoints = Checkpoints(run, state, keep=2)
    checkpoints.restore()
    state.step.assign(4)
    path = checkpoints.save()
    assert path.endswith("iteration-4")
    assert sorted(p.name for p in run.checkpoints.glob("*.index")) == [
        "iteration-3.index",
        "iteration-4.index",
    ]


@pytest.mark.parametrize("suffix", [".index", ".data-00000-of-00001"])
def test_a_damaged_checkpoint_is_named(run, suffix):
    path = Checkpoints(run, FakeState(), keep=3).save()
    with open(path + suffix, "r+b") as file:
        file.truncate(10)
    with pytest.raises(UserError, match="cannot be read, .*iteration-0"):
        Checkpoints(run, FakeState(), keep=3).restore()


def test_a_checkpoint_that_is_gone_does_not_start_the_run_anew(run):
    path = Checkpoints(run, FakeState(), keep=3).save()
    for file in run.checkpoints.glob("iteration-0.*"):
        file.unlink()
    with pytest.raises(UserError, match="cannot be read") as error:
        Checkpoints(run, FakeState(), keep=3).restore()
    assert path in str(error.value)


@pytest.mark.parametrize("letter", "GFED")
def test_broken_weights_are_noticed(trained, letter):
    network = tiny.networks(trained)[letter]
    trained.check_finite()
    good = network.variables[-1].numpy()
    broken = good.copy()
    broken.flat[0] = np.nan
    network.variables[-1].assign(broken)
    with pytest.raises(UserError, match=f"Weights of the {network.name} became NaN"):
        trained.check_finite()
    network.variables[-1].assign(good)


def test_a_checkpoint_that_lacks_something_is_refused(run):
    Checkpoints(run, FakeState(), keep=3).save()
    state = FakeState()
    state.more = tf.Variable(1.0)
    with pytest.raises(UserError, match="cannot be read"):
        Checkpoints(run, state, keep=3).restore()


def test_going_back_to_the_one_before_as_the_message_says(run):
    state = FakeState()
    checkpoints = Checkpoints(run, state, keep=3)
    for step in (1, 2):
        state.step.assign(step)
        path = checkpoints.save()
    with open(path + ".index", "r+b") as file:
        file.truncate(10)
    index = run.checkpoints / "checkpoint"
    first, *rest = index.read_text().splitlines(keepends=True)
    index.write_text(first.replace("iteration-2", "iteration-1") + "".join(rest))
    other = FakeState()
    assert Checkpoints(run, other, keep=3).restore()
    assert other.step.numpy() == 1


def test_other_workers_leave_nothing_behind(run):
    checkpoints = Checkpoints(run, FakeState(), keep=3, chief=False)
    path = checkpoints.save()
    assert not path.startswith(str(run.root))
    assert list(run.checkpoints.iterdir()) == []
    checkpoints.close()
    assert not tf.io.gfile.glob(path + "*")


def test_trained_networks_are_the_averages(run, trained):
    Checkpoints(run, trained, keep=3).save()
    found = load_run(run.root)
    assert (found.trained.algorithm.settings, found.domains) == (CONFIG, DOMAINS)
    assert found.step == trained.step.numpy()
    assert found.trained.networks.keys() == trained.averages.keys()
    for name, average in trained.averages.items():
        network = found.trained.networks[name]
        for a, b in zip(average.get_weights(), network.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_trained_networks_of_a_float16_run(run):
    """Its optimizers are wrapped, which must not matter."""
    config = dataclasses.replace(CONFIG, mixed_precision="float16")
    run = RunDir(run.root.parent / "float16")
    run.begin(config, DOMAINS)
    Checkpoints(run, tiny.fresh_state(config), keep=3).save()
    assert load_run(run.root).step == 0


def test_trained_networks_need_a_run_with_a_checkpoint(run, tmp_path):
    with pytest.raises(UserError, match="Found no config.json"):
        load_run(tmp_path / "nowhere")
    with pytest.raises(UserError, match="Found no checkpoint"):
        load_run(run.root)
