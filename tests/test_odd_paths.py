"""Folders whose names TensorFlow would take for patterns, be they parents, links or relative."""

import dataclasses
import os
import shutil
import tempfile
from pathlib import Path

import pytest
import tensorflow as tf

from stargan_tf import files
from stargan_tf.config.export import ExportConfig
from stargan_tf.config.sample import SampleConfig
from stargan_tf.devserver.servable import Servable
from stargan_tf.errors import UserError
from stargan_tf.files import check_no_pattern, is_pattern, plain_path
from stargan_tf.loading import load_model, load_run
from stargan_tf.sampling.sampler import sample
from stargan_tf.serving.exporter import export
from stargan_tf.training.checkpoints import Checkpoints, newest_checkpoint
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training_run import train_run
from tests.lanes import MODERN
from tests.training.fakes import FakeState
from tests.training.tiny import CONFIG

ODD = "a [lr=1e-4] *?\\ ☂"
STORED = Path(__file__).parent / "stored"
LANE = STORED / ("modern_lane" if MODERN else "old_version")
MODEL = LANE / "models" / LANE.name.partition("_")[0]


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder for temporary files, for this test alone."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture(params=["itself", "parent", "link", "linked", "relative"])
def place(request, tmp_path, monkeypatch):
    """A folder to be made, that is odd in one way or another."""
    if request.param == "link":  # an odd name of a plain folder
        (tmp_path / "plain").mkdir()
        (tmp_path / ODD).symlink_to(tmp_path / "plain")
    if request.param == "linked":  # a plain name of an odd folder
        (tmp_path / ODD).mkdir()
        (tmp_path / "plain").symlink_to(tmp_path / ODD)
        return tmp_path / "plain" / "run"
    if request.param == "relative":
        (tmp_path / ODD).mkdir()
        monkeypatch.chdir(tmp_path / ODD)
        return Path("run")
    return tmp_path / ODD if request.param == "itself" else tmp_path / ODD / "run"


def test_checkpoints(place, temporary):
    run = RunDir(place)
    run.begin(CONFIG, ("cat", "dog", "wild"))
    state = FakeState()
    checkpoints = Checkpoints(run, state, keep=2)
    for step in (1, 2, 3):
        state.step.assign(step)
        path = checkpoints.save()
    assert path == newest_checkpoint(run) == os.path.join(place, "checkpoints", "iteration-3")
    assert {p.name for p in (place / "checkpoints").glob("*.index")} == {
        "iteration-2.index",
        "iteration-3.index",
    }
    fresh = FakeState()
    again = Checkpoints(run, fresh, keep=2)
    assert again.restore() and fresh.step.numpy() == 3
    os.truncate(path + ".index", 10)
    assert again.restore() and fresh.step.numpy() == 2
    os.truncate(os.path.join(place, "checkpoints", "iteration-2.index"), 10)
    with pytest.raises(UserError, match="cannot be read") as error:
        again.restore()
    assert path in str(error.value)
    for each in (checkpoints, again):
        each.close()
    assert not list(temporary.glob("stargan_tf_*"))


@pytest.fixture
def odd_run(tmp_path):
    return Path(shutil.copytree(LANE / "run", tmp_path / ODD / "run"))


def test_a_run_is_loaded_and_another_starts_from_it(odd_run, temporary, tmp_path):
    assert load_run(odd_run).step == 3
    data = shutil.copytree(STORED / "data", tmp_path / ODD / "data")
    config = dataclasses.replace(
        RunDir(odd_run).read().config,
        warm_start=str(odd_run),
        data_dir=str(data),
        run_dir=str(tmp_path / ODD / "child"),
        total_iters=0,
        sample_every=0,
    )
    assert train_run(config) == 0
    assert load_run(config.run_dir).step == 0
    assert [path.name[:7] for path in RunDir(config.run_dir).logs.iterdir()] == ["events."]
    assert not list(temporary.glob("stargan_tf_*"))


@pytest.mark.slow
def test_exported_models(tmp_path, temporary):
    folder = shutil.copytree(MODEL, tmp_path / ODD / "pets") / "1"
    model = load_model("", str(folder))
    out = tmp_path / ODD / "drawn.png"
    config = SampleConfig(run_dir=".", src=str(STORED / "images"), out=str(out))
    sample(config, model)
    assert out.stat().st_size
    assert "serving_default" in Servable("pets", 1, folder).signature_defs
    assert not list(temporary.glob("stargan_tf_*"))


@pytest.mark.slow
def test_export(odd_run, temporary, tmp_path):
    out = tmp_path / ODD / "pets"
    config = ExportConfig(run_dir=str(odd_run), out=str(out), formats=("saved_model",))
    export(config, load_run(odd_run, in_float32=True))
    assert load_model("", str(out / "1")).step == 3
    assert [path.name for path in out.iterdir()] == ["1"]
    assert not list(temporary.glob("stargan_tf_*"))


@pytest.mark.parametrize("character", files.PATTERN_CHARACTERS.replace("]", ""))
def test_tensorflow_takes_no_path_for_a_pattern(character, tmp_path, temporary):
    """Each character alone: the premise, and that the link does without it."""
    folder = tmp_path / f"a{character}b"
    folder.mkdir()
    checkpoint = tf.train.Checkpoint(step=tf.Variable(1))
    with plain_path(folder) as plain:
        assert plain != str(folder) and not is_pattern(plain)
        path = checkpoint.save(os.path.join(plain, "it"))
        checkpoint.restore(path)
    assert (folder / "it-1.index").is_file() and not list(temporary.glob("stargan_tf_*"))


def test_plain_folders_are_what_they_are(tmp_path, temporary):
    for name in ("plain", "with blanks", "50%", "{a,b}", "$HOME", "~", "☂"):
        with plain_path(tmp_path / name) as plain:
            assert plain == str(tmp_path / name) and not list(temporary.glob("stargan_tf_*"))


def test_an_odd_folder_for_temporary_files(tmp_path, monkeypatch):
    (tmp_path / ODD).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / ODD))
    with plain_path(tmp_path / ODD) as plain:
        assert not is_pattern(plain) and Path(plain).samefile(tmp_path / ODD)


@pytest.mark.parametrize("character", "*?[]\\")
def test_where_links_will_not_do_the_flag_is_rejected(character):
    with pytest.raises(UserError, match="^Found . in /a/b.c/d, the folder that --push_dir means"):
        check_no_pattern("push_dir", f"/a/b{character}c/d")
    check_no_pattern("push_dir", "/a/b (c)/{d}")
