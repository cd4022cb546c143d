import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.errors import UserError
from stargan_tf.loading import load_run
from stargan_tf.training.checkpoint_files import CheckpointFiles, _digest_of
from stargan_tf.training.checkpoints import Checkpoints
from stargan_tf.training.run_dir import RunDir
from tests.training import tiny
from tests.training.fakes import FakeState
from tests.training.tiny import CONFIG
from tests.unprivileged import without_privileges

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


def test_going_back_by_the_first_line_of_the_list(run):
    state = FakeState()
    checkpoints = Checkpoints(run, state, keep=3)
    for step in (1, 2):
        state.step.assign(step)
        checkpoints.save()
    index = run.checkpoints / "checkpoint"
    first, *rest = index.read_text().splitlines(keepends=True)
    index.write_text(first.replace("iteration-2", "iteration-1") + "".join(rest))
    other = FakeState()
    checkpoints = Checkpoints(run, other, keep=3)
    assert checkpoints.restore()
    assert other.step.numpy() == 1
    # Where it goes on from there, what it has left behind goes.
    other.step.assign(3)
    checkpoints.save()
    assert sorted(p.name for p in run.checkpoints.glob("*.index")) == [
        "iteration-1.index",
        "iteration-3.index",
    ]


def test_other_programs_find_the_newest_and_what_to_keep(run):
    """TensorFlow's own reader, and with it earlier versions."""
    save_two(run)
    listed = tf.train.get_checkpoint_state(str(run.checkpoints))
    newest = str(run.checkpoints / "iteration-2")
    assert tf.train.latest_checkpoint(str(run.checkpoints)) == newest
    assert listed.all_model_checkpoint_paths == [str(run.checkpoints / "iteration-1"), newest]
    manager = tf.train.CheckpointManager(
        tf.train.Checkpoint(state=FakeState()), str(run.checkpoints), max_to_keep=1
    )
    manager.save(3)
    assert sorted(p.name for p in run.checkpoints.glob("*.index")) == ["ckpt-3.index"]


def save_two(run, window=({"loss": 0.1},)):
    """Checkpoints 1 and 2, of different states, the second with an open window."""
    state = FakeState()
    checkpoints = Checkpoints(run, state, keep=3)
    state.step.assign(1)
    state.weight.assign(1.5)
    checkpoints.save()
    state.step.assign(2)
    state.weight.assign(2.5)
    checkpoints.save(window)


def restored(run):
    """What a new process makes of the folder: iteration, weight and open window, if anything."""
    state = FakeState()
    checkpoints = Checkpoints(run, state, keep=3)
    if not checkpoints.restore():
        return None
    return int(state.step), float(state.weight), checkpoints.progress.window


FIRST, SECOND = (1, 1.5, ()), (2, 2.5, ({"loss": 0.1},))


def test_the_open_window_is_kept(run):
    save_two(run)
    assert restored(run) == SECOND


def test_a_kill_at_any_moment_of_saving(run, tmp_path, monkeypatch):
    """The folder as it is before every change to it: all that a kill can leave."""
    moments = []

    def watched(owner, name):
        original = getattr(owner, name)

        def call(*args, **kwargs):
            moments.append(shutil.copytree(run.root, tmp_path / f"moment{len(moments)}"))
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, call)

    watched(os, "replace")
    watched(Path, "unlink")
    watched(Checkpoints, "_write")
    watched(CheckpointFiles, "write_sidecar")
    state = FakeState()
    checkpoints = Checkpoints(run, state, keep=1)
    for step in (1, 2):
        state.step.assign(step)
        state.weight.assign(step + 0.5)
        checkpoints.save([{"loss": 0.1}] * (step - 1))
    monkeypatch.undo()
    found = [restored(RunDir(moment)) for moment in moments]
    assert len(found) > 10
    assert found == sorted(found, key=lambda what: (what is not None, what))
    assert [what for what in (None, FIRST, SECOND) if what not in found] == []
    assert [what for what in found if what not in (None, FIRST, SECOND)] == []
    for moment in moments:  # and nothing of it stays beside the next one
        again = FakeState()
        checkpoints = Checkpoints(RunDir(moment), again, keep=1)
        checkpoints.restore()
        again.step.assign(3)
        checkpoints.save()
        names = {path.name for path in (moment / "checkpoints").iterdir()}
        assert names == {
            *("checkpoint", "iteration-3.index", "iteration-3.json"),
            "iteration-3.data-00000-of-00001",
        }


def test_an_interrupt_once_the_list_is_written_takes_nothing(run, monkeypatch):
    """While old checkpoints are removed, the new one counts already."""
    state = FakeState()
    checkpoints = Checkpoints(run, state, keep=1)
    checkpoints.save()
    state.step.assign_add(1)

    def interrupted(files):
        raise KeyboardInterrupt

    monkeypatch.setattr(CheckpointFiles, "sweep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        checkpoints.save()
    monkeypatch.undo()
    again = FakeState()
    assert Checkpoints(run, again, keep=1).restore()
    assert int(again.step.numpy()) == int(state.step.numpy())


def test_a_reader_looks_again_where_a_training_has_gone_on(run, monkeypatch):
    state = FakeState()
    checkpoints = Checkpoints(run, state, keep=1)
    checkpoints.save()
    check = CheckpointFiles.check

    def after_the_next_save(files, step):
        monkeypatch.undo()
        state.step.assign_add(1)
        checkpoints.save()  # the one that was listed is gone
        return check(files, step)

    monkeypatch.setattr(CheckpointFiles, "check", after_the_next_save)
    again = FakeState()
    assert Checkpoints(run, again, keep=1).restore()
    assert int(again.step.numpy()) == int(state.step.numpy())


def test_what_a_killed_write_of_tensorflow_leaves_is_removed(run):
    save_two(run)
    folder = run.checkpoints
    (folder / "iteration-3_temp").mkdir()
    (folder / "iteration-3_temp" / "part-00000").write_bytes(b"half")
    for name in ("iteration-3.index", "iteration-2.index.tempstate12", "checkpoint.tmp0f"):
        (folder / name).write_bytes(b"half")
    (folder / ".unfinished-12-0123abcd.json").write_bytes(b"half")
    others = {"iteration-2.index.bak", "notes.txt", "iteration-best.index"}
    for name in others:
        (folder / name).write_bytes(b"somebody's own")
    assert restored(run) == SECOND
    parts = (".index", ".json", ".data-00000-of-00001")
    own = {f"iteration-{step}{part}" for step in (1, 2) for part in parts}
    assert {path.name for path in folder.iterdir()} == {*own, "checkpoint", *others}


@pytest.mark.parametrize(
    "change",
    [
        *({"rollbacks": value} for value in (None, "1", 1.5, True, -1, [], {})),
        *({"window": [value]} for value in (None, 5, "x", [], {"a": None}, {"a": "x"}, {"a": []})),
    ],
    ids=str,
)
def test_a_sidecar_of_other_types_is_altered_whatever_its_digest(run, capsys, change):
    save_two(run)
    path = run.checkpoints / "iteration-2.json"
    contents = json.loads(path.read_text())["contents"] | change
    path.write_text(json.dumps({"contents": contents, "sha256": _digest_of(contents)}))
    assert restored(run) == FIRST
    assert "iteration-2.json is altered" in capsys.readouterr().err


@pytest.mark.parametrize("with_sidecar", [True, False])
@pytest.mark.parametrize("name", ["data-00000-of-00001", "index", "json", "checkpoint"])
def test_a_flipped_byte_is_noticed_or_harmless(run, tmp_path, capsys, name, with_sidecar):
    save_two(run, () if not with_sidecar else SECOND[2])
    if not with_sidecar:  # as earlier versions left their runs
        for path in run.checkpoints.glob("*.json"):
            path.unlink()
        if name == "json":
            return
    second = SECOND if with_sidecar else (*SECOND[:2], ())
    rng = np.random.default_rng(13)
    noticed = 0
    for number in range(20):
        copy = RunDir(shutil.copytree(run.root, tmp_path / f"copy{number}"))
        path = copy.checkpoints / (name if name == "checkpoint" else f"iteration-2.{name}")
        content = bytearray(path.read_bytes())
        content[rng.integers(len(content))] ^= 1 << rng.integers(8)
        path.write_bytes(content)
        found = restored(copy)
        said = capsys.readouterr().err
        if with_sidecar and name not in ("checkpoint", "json"):
            assert found == FIRST
        assert found in (FIRST, second)
        if found == FIRST and name != "checkpoint":
            noticed += 1
            assert said.count("\n") == 1
            for step in (1, 2):
                assert str(copy.checkpoints / f"iteration-{step}") in said
    assert noticed > 5 or name == "checkpoint"


@pytest.mark.parametrize("name", ["data-00000-of-00001", "index", "json"])
@pytest.mark.parametrize("size", [0, 10, None])
def test_a_file_that_is_cut_short_or_missing_is_noticed(run, capsys, name, size):
    save_two(run)
    path = run.checkpoints / f"iteration-2.{name}"
    if size is None:
        path.unlink()
    else:
        os.truncate(path, size)
    if (name, size) == ("json", None):
        return  # as if by an earlier version
    assert restored(run) == FIRST
    assert f"taking {run.checkpoints / 'iteration-1'}, the newest" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("name", ["data-00000-of-00001", "index", "json"])
def test_a_file_that_may_not_be_read_is_no_damaged_one(run, name):
    """Training from the one before would remove it in time."""
    save_two(run)
    before = sorted(run.checkpoints.iterdir())
    reading = (
        "from tests.training.test_checkpoints import RunDir, restored;"
        f"restored(RunDir({str(run.root)!r}))"
    )
    (run.checkpoints / f"iteration-2.{name}").chmod(0)
    command = [sys.executable, "-c", reading]
    told = subprocess.run(command, capture_output=True, text=True, preexec_fn=without_privileges)
    (run.checkpoints / f"iteration-2.{name}").chmod(0o644)
    assert told.returncode == 1
    assert "PermissionError" in told.stderr and f"iteration-2.{name}" in told.stderr
    assert sorted(run.checkpoints.iterdir()) == before and restored(run) == SECOND


@pytest.mark.parametrize("content", [None, b"", b"\xff" * 50, b"model_checkpoint_path: 3\n"])
def test_a_list_that_is_gone_or_broken_does_not_start_the_run_anew(run, content):
    save_two(run)
    index = run.checkpoints / "checkpoint"
    index.unlink() if content is None else index.write_bytes(content)
    assert restored(run) == SECOND


def test_all_damaged_is_an_error_that_names_all(run):
    save_two(run)
    for path in run.checkpoints.glob("*.index"):
        os.truncate(path, 10)
    with pytest.raises(
        UserError, match=r"cannot be read, .*iteration-2 \(.*iteration-1 \("
    ) as error:
        restored(run)
    assert "\n" not in str(error.value)


def test_what_only_draws_takes_the_one_before_as_well(run, trained, capsys):
    state = tiny.fresh_state()
    checkpoints = Checkpoints(run, state, keep=3)
    for step in (1, 2):
        state.step.assign(step)
        path = checkpoints.save()
    flip(path + ".data-00000-of-00001")
    assert load_run(run.root).step == 1
    assert f"taking {run.checkpoints / 'iteration-1'}" in capsys.readouterr().err


def flip(path):
    content = bytearray(Path(path).read_bytes())
    content[len(content) // 2] ^= 1
    Path(path).write_bytes(content)


@pytest.mark.parametrize("restores", ["to_draw", "to_train"])
def test_domains_in_another_order_are_told(run, trained, restores):
    """Each name would be drawn as another domain, with no word of it."""
    Checkpoints(run, trained, keep=3).save()
    config = json.loads(run.config_file.read_text())
    run.config_file.write_text(json.dumps(config | {"domains": DOMAINS[::-1]}))
    with pytest.raises(UserError, match="wild, dog, cat in .*, expected cat, dog, wild, in the"):
        if restores == "to_draw":
            load_run(run.root)
        else:
            Checkpoints(run, tiny.fresh_state(), keep=3).restore()


@pytest.mark.parametrize("before, now", [("one", "one"), ("", "one"), ("one", ""), ("one", "two")])
def test_other_images_are_told(run, before, now, capsys):
    """Checkpoints of earlier versions, and whoever only reads, know of no images."""
    Checkpoints(run, FakeState(), keep=3, data=before).save()
    assert Checkpoints(run, FakeState(), keep=3, data=now).restore()
    told = f"warning: found other training images than those that {run.root} was trained on until"
    assert (told in capsys.readouterr().err) == ((before, now) == ("one", "two"))


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
