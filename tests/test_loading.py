"""What tells the models apart that `load_model` loads."""

import shutil

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.loading import load_model
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


def test_the_fingerprint_of_a_run_is_that_of_its_weights(tmp_path):
    first = fingerprint(begun(tmp_path / "run"))
    (tmp_path / "run").rename(tmp_path / "moved")
    assert fingerprint(tmp_path / "moved") == first
    shutil.copytree(tmp_path / "moved", tmp_path / "copy")
    assert fingerprint(tmp_path / "copy") == first
    # Another run in the folder of the first, after as many iterations.
    assert fingerprint(begun(tmp_path / "run", seed=2)) != first
