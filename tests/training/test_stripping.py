"""A stripped run draws as the run does, and others start from it; it does not go on itself."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.errors import UserError
from stargan_tf.loading import load_run
from stargan_tf.to_release import export_release
from stargan_tf.training.checkpoint_files import NETWORKS
from stargan_tf.training.checkpoints import Checkpoints
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.stripping import strip
from stargan_tf.training.warm_start import load_parent
from tests.training import tiny

DOMAINS = ("cat", "dog", "wild")
PATHS = ("run_dir", "data_dir", "data_dir2", "warm_start", "wing_path")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run at iteration 7, whose averages are not what is trained."""
    run = RunDir(tmp_path_factory.mktemp("runs") / "whole")
    settings = dataclasses.replace(tiny.CONFIG, run_dir=str(run.root), data_dir=str(run.root))
    run.begin(settings, DOMAINS)
    state = tiny.fresh_state()
    for seed, network in enumerate([*state.networks.values(), *state.averages.values()]):
        for variable in network.variables:
            values = np.random.default_rng(seed).uniform(-1, 1, variable.shape)
            variable.assign(tf.cast(values, variable.dtype))
    state.step.assign(7)
    Checkpoints(run, state, keep=1).save()
    return run, state


@pytest.fixture(scope="module")
def stripped(run):
    whole, _ = run
    out = whole.root.parent / "stripped"
    return RunDir(out), strip(str(whole.root), str(out))


def size(run):
    return sum(path.stat().st_size for path in run.checkpoints.iterdir())


def test_it_draws_the_same(run, stripped):
    expected, found = load_run(run[0].root), load_run(stripped[0].root)
    assert found.fingerprint == expected.fingerprint
    assert (found.step, found.domains) == (7, DOMAINS)


def test_it_is_a_third_and_says_so(run, stripped):
    copy, said = stripped
    assert size(copy) < 0.36 * size(run[0])
    assert "after 7 iterations" in said and "--warm_start=" in said


def test_it_names_no_folder(run, stripped):
    values = json.loads(stripped[0].config_file.read_text(encoding="utf-8"))
    assert {name: values[name] for name in PATHS} == dict.fromkeys(PATHS, "")
    assert str(run[0].root.parent) not in stripped[0].config_file.read_text(encoding="utf-8")


def test_another_run_starts_from_it(run, stripped):
    _, old = run
    copy, _ = stripped
    new = tiny.fresh_state(dataclasses.replace(tiny.CONFIG, warm_start=str(copy.root), seed=3))
    assert load_parent(new, DOMAINS) == (7, ())
    for name, network in new.networks.items():
        expected = old.averages.get(name, old.networks[name]).get_weights()
        for found, value in zip(network.get_weights(), expected, strict=True):
            np.testing.assert_array_equal(found, value, err_msg=name)
    for expected, found in zip(tiny.averages(old), tiny.averages(new), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_training_does_not_go_on_with_it(stripped):
    missing = "without the networks whose averages it has and the optimizers"
    with pytest.raises(UserError, match=f"came {missing}, .*--warm_start="):
        Checkpoints(stripped[0], tiny.fresh_state(), keep=1).restore()


def test_pytorch_gets_no_averages_for_networks_as_they_are_trained(stripped, tmp_path):
    said = export_release(str(stripped[0].root), str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["000007_nets_ema.ckpt"]
    assert "came without the networks whose averages it has and the optimizers" in said


def test_the_command_that_begins_another_run_has_its_shapes(run, stripped):
    (line,) = (line for line in stripped[1].splitlines() if line.startswith("  train:"))
    given = dict(word[2:].split("=", 1) for word in line.split() if word.startswith("--"))
    usual = {name: str(value) for name, value in type(tiny.CONFIG)().shapes().items()}
    shapes = {name: str(value) for name, value in tiny.CONFIG.shapes().items()}
    assert {name: given.get(name, usual[name]) for name in shapes} == shapes


def test_data_sets_are_asked_for(stripped):
    with pytest.raises(UserError, match="Found no name of a data set in .*: pass --data_dir"):
        stripped[0].check_data_dir("dataset_info.json")
    stripped[0].check_data_dir("dataset_info.json", "data_dir2")  # which only some have


def test_a_stripped_run_can_be_stripped(run, stripped, tmp_path):
    copy, _ = stripped
    strip(str(copy.root), str(tmp_path / "again"))
    assert load_run(tmp_path / "again").fingerprint == load_run(run[0].root).fingerprint
    assert size(RunDir(tmp_path / "again")) == pytest.approx(size(copy), rel=0.01)


def test_a_network_that_was_never_imported_stays_unknown(run, tmp_path):
    whole, state = run
    imported = RunDir(tmp_path / "imported")
    imported.begin(tiny.CONFIG, DOMAINS)
    checkpoints = Checkpoints(imported, state, keep=1)
    checkpoints.progress = dataclasses.replace(checkpoints.progress, lacks=(NETWORKS,))
    checkpoints.save()
    strip(str(imported.root), str(tmp_path / "copy"))
    config = dataclasses.replace(tiny.CONFIG, warm_start=str(tmp_path / "copy"))
    assert "discriminator: fresh" in " ".join(
        load_parent(tiny.fresh_state(config), DOMAINS).remarks
    )


def test_a_damaged_copy_is_told(stripped, tmp_path, run):
    strip(str(run[0].root), str(tmp_path / "copy"))
    (data,) = (tmp_path / "copy" / "checkpoints").glob("*.data-*")
    data.write_bytes(data.read_bytes()[:-100])
    with pytest.raises(UserError, match="cut short or altered"):
        load_run(tmp_path / "copy")


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "stargan_tf.strip_run", *arguments], capture_output=True, text=True
    )


@pytest.mark.slow
def test_command(run, tmp_path):
    done = command(f"--run_dir={run[0].root}", f"--out={tmp_path / 'copy'}")
    assert (done.returncode, done.stderr) == (0, "")
    assert load_run(tmp_path / "copy").step == 7


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "--run_dir"),
        (["--run_dir=nowhere", "--out=copy"], "nowhere"),
        (["--run_dir={run}"], "Found no --out"),
        (["--run_dir={run}", "--out={run}"], "there already"),
    ],
)
def test_bad_input(run, arguments, sentence):
    root = Path(run[0].root)
    done = command(*(argument.format(run=root) for argument in arguments))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and sentence in done.stderr
