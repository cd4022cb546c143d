import json
import math
import signal

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.algorithms.registry import settings_class
from stargan_tf.errors import UserError
from stargan_tf.training.checkpoint_files import CheckpointFiles
from stargan_tf.training.checkpoints import newest_checkpoint
from stargan_tf.training.rollback import seed_after
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.step import TrainStep
from stargan_tf.training_run import train_run

NAME = "tests.algorithms.toy"
TOY = settings_class(NAME)

SETTINGS = {"sample_every": 0, "eval_every": 0, "log_every": 1, "save_every": 2, "total_iters": 5}


@pytest.fixture
def sitting(two_domains_dir, tmp_path):
    def sit(name="run", **changes):
        places = {"data_dir": str(two_domains_dir), "run_dir": str(tmp_path / name)}
        settings = {**SETTINGS, "on_nan": "rollback", **places, **changes}
        return train_run(TOY(algorithm=NAME, img_size=16, batch_size=4, **settings))

    return sit


@pytest.fixture
def after(monkeypatch):
    """Does something to the losses or the state whenever an iteration is done."""

    def install(deed):
        original = TrainStep.__call__

        def call(step, batch, iteration):
            losses = dict(original(step, batch, iteration))
            deed(iteration + 1, losses, step._state)
            return losses

        monkeypatch.setattr(TrainStep, "__call__", call)

    yield install
    monkeypatch.undo()


def break_loss(losses, state):
    losses["judge/real"] = tf.constant(math.nan)


def break_weights(losses, state):
    weight = state.networks["judge"].trainable_variables[0]
    weight.assign(weight * math.inf)


def once(iteration, deed):
    """What happens at an iteration the first time that a process comes to it."""
    done = []

    def call(at, losses, state):
        if at == iteration and not done:
            done.append(at)
            deed(losses, state)

    return call


def records(folder):
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return {record["step"]: record for record in map(json.loads, lines)}


def tensors(folder):
    reader = tf.train.load_checkpoint(newest_checkpoint(RunDir(folder)))
    names = [n for n in reader.get_variable_to_shape_map() if n.startswith("state/")]
    return {name: reader.get_tensor(name) for name in names}


@pytest.mark.slow
@pytest.mark.parametrize("deed", [break_loss, break_weights])
def test_a_run_goes_back_one_checkpoint_with_other_batches(sitting, after, tmp_path, capsys, deed):
    sitting("unbroken", on_nan="stop")
    after(once(4, deed))
    assert sitting() == 0
    said = capsys.readouterr().err
    found = "The loss judge/real became nan" if deed is break_loss else "Weights of the judge"
    assert f"warning: {found}" in said
    assert (
        "going back to the checkpoint of iteration 2, from there with other batches; 1 of at "
        in (said)
    )
    expected, found = records(tmp_path / "unbroken"), records(tmp_path / "run")
    assert list(found) == [1, 2, 3, 4, 5]
    assert [record.get("rollbacks") for record in found.values()] == [None, None, 1, 1, 1]
    for step in (1, 2):
        assert found[step]["judge/real"] == pytest.approx(expected[step]["judge/real"])
    assert found[3]["judge/real"] != pytest.approx(expected[3]["judge/real"], rel=1e-3)
    assert CheckpointFiles(tmp_path / "run" / "checkpoints").check(5).rollbacks == 1


@pytest.mark.slow
def test_a_run_that_was_told_to_stop_stops_where_it_went_back_to(sitting, after, tmp_path):
    def deed(losses, state):
        break_loss(losses, state)
        signal.raise_signal(signal.SIGTERM)

    after(once(4, deed))
    assert sitting() == 128 + signal.SIGTERM
    checkpoints = CheckpointFiles(tmp_path / "run" / "checkpoints")
    assert checkpoints.candidates()[0] == 2 and checkpoints.check(2).rollbacks == 1


@pytest.mark.slow
def test_a_run_that_is_resumed_after_it_went_back_goes_on_with_the_same_batches(
    sitting, after, tmp_path
):
    after(once(4, break_loss))
    sitting("whole")
    checkpoints = CheckpointFiles(tmp_path / "broken" / "checkpoints")
    breaks = once(4, break_loss)

    def deed(at, losses, state):
        breaks(at, losses, state)
        if at == 3 and checkpoints.check(2).rollbacks:
            signal.raise_signal(signal.SIGTERM)

    after(deed)
    assert sitting("broken") == 128 + signal.SIGTERM
    assert checkpoints.check(3).rollbacks == 1
    assert sitting("broken") == 0
    expected, found = tensors(tmp_path / "whole"), tensors(tmp_path / "broken")
    assert expected.keys() == found.keys()
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)
    assert [r.get("rollbacks") for r in records(tmp_path / "broken").values()] == (
        [None, None, 1, 1, 1]
    )


@pytest.mark.slow
def test_a_run_goes_back_so_often_and_then_stops(sitting, after, tmp_path):
    seen = []

    def deed(at, losses, state):
        seen.append(at)
        if at == 4:
            break_loss(losses, state)

    after(deed)
    with pytest.raises(UserError, match="after the run had gone back 2 times, .*max_rollbacks=2"):
        sitting(max_rollbacks=2)
    assert seen == [1, 2, 3, 4, 3, 4, 3, 4]
    assert newest_checkpoint(RunDir(tmp_path / "run")).endswith("iteration-2")
    # The same command again may not go back once more.
    with pytest.raises(UserError, match="after the run had gone back 2 times"):
        sitting(max_rollbacks=2)
    assert seen[8:] == [3, 4]
    assert list(records(tmp_path / "run")) == [1, 2, 3]


def test_without_a_checkpoint_a_run_stops(sitting, after):
    after(once(1, break_loss))
    with pytest.raises(UserError, match="there is no checkpoint yet to go back to"):
        sitting()


def test_a_run_stops_unless_told_otherwise(sitting, after, tmp_path):
    after(once(4, break_loss))
    with pytest.raises(UserError, match="training was stopped, .*try --on_nan=rollback"):
        sitting(on_nan=TOY().on_nan)
    assert list(records(tmp_path / "run")) == [1, 2, 3]


def test_each_rollback_has_a_seed_of_its_own():
    seeds = [seed_after(seed, count) for seed in (0, 1, 777) for count in range(20)]
    assert len(set(seeds)) == len(seeds)
    assert seed_after(777, 0) == 777
    assert all(0 <= seed < 2**32 for seed in seeds)
