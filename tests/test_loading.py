"""What tells the models apart that `load_model` loads."""

import importlib
import json
import shutil
import sys

import pytest

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.errors import UserError
from stargan_tf.loading import load_model, load_run
from stargan_tf.training.checkpoints import Checkpoints
from stargan_tf.training.run_dir import RunDir
from tests.training.tiny import fresh_state

SIZES = {"img_size": 32, "base_channels": 4, "max_conv_dim": 8, "mapping_hidden_dim": 8}


def begun(folder, seed=1):
    """A run that was stopped before its first iteration."""
    config = StarGANv2Settings(**SIZES, seed=seed, run_dir=str(folder), data_dir="data")
    run = RunDir(folder)
    run.begin(config, ("cat", "dog"))
    Checkpoints(run, fresh_state(config, 2), keep=1).save()
    return folder


def fingerprint(folder):
    return load_model(str(folder), "").fingerprint


@pytest.mark.slow
def test_the_fingerprint_of_a_run_is_that_of_its_weights(tmp_path):
    first = fingerprint(begun(tmp_path / "run"))
    (tmp_path / "run").rename(tmp_path / "moved")
    assert fingerprint(tmp_path / "moved") == first
    shutil.copytree(tmp_path / "moved", tmp_path / "copy")
    assert fingerprint(tmp_path / "copy") == first
    # Another run in the folder of the first, after as many iterations.
    assert fingerprint(begun(tmp_path / "run", seed=2)) != first


def test_settings_that_no_weight_shows_are_in_it_too(tmp_path):
    first = fingerprint(begun(tmp_path / "run"))
    file = tmp_path / "run" / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"mixed_precision": "bfloat16"}))
    assert fingerprint(tmp_path / "run") != first


def test_settings_of_where_and_how_long_are_not(tmp_path):
    first = fingerprint(begun(tmp_path / "run"))
    file = tmp_path / "run" / "config.json"
    others = {"data_dir": "elsewhere", "total_iters": 7, "warm_start": "parent", "lr": 0.5}
    file.write_text(json.dumps(json.loads(file.read_text()) | others))
    assert fingerprint(tmp_path / "run") == first


@pytest.mark.parametrize("package", [False, True])
def test_an_edited_algorithm_of_ones_own_is_another(tmp_path, monkeypatch, package):
    monkeypatch.syspath_prepend(tmp_path)
    name = f"edited_{package}.own"
    (tmp_path / f"edited_{package}").mkdir()
    own = tmp_path / f"edited_{package}" / "own"
    code = (
        "from stargan_tf.algorithms.stargan_v2 import make\n"
        "from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings as Settings\n"
    )
    if package:
        own.mkdir()
    file = own / "__init__.py" if package else own.with_suffix(".py")
    edited = own / "networks.py" if package else file
    for path in {file, edited}:
        path.write_text(code)
    run = begun(tmp_path / "run")
    values = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(values | {"algorithm": name}))
    importlib.invalidate_caches()
    first = fingerprint(run)
    assert fingerprint(run) == first
    edited.write_text(code + "# Draws otherwise.\n")
    assert fingerprint(run) != first
    sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("domains", "words"), [([], "lists no domains"), (["cat", "cat"], "lists a domain twice")]
)
def test_domains_that_no_run_can_have_are_explained(tmp_path, domains, words):
    run = begun(tmp_path / "run")
    values = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(values | {"domains": domains}))
    with pytest.raises(UserError, match=f"config.json {words}"):
        load_run(run)
