"""A run stopped and resumed equals an unbroken one, from the images on the disk to the last bit."""

import dataclasses
import json
import os
import shutil
import tempfile

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.data import bad_records
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.errors import UserError
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.workers import Workers
from stargan_tf.training_run import describe_run, train_run
from tests.data import makers
from tests.training import tiny

CONFIG = dataclasses.replace(
    tiny.CONFIG, log_every=1, sample_every=0, eval_every=0, save_every=100, ds_iter=10
)


def sitting(run, data_dir, total_iters, **changes):
    """What the train command does, in a process of its own."""
    places = {"data_dir": str(data_dir), "run_dir": str(run.root)}
    config = dataclasses.replace(CONFIG, total_iters=total_iters, **places, **changes)
    with tiny.eagerly():
        return train_run(config)


@pytest.fixture(scope="module")
def runs(two_domains_dir, tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    unbroken, broken = RunDir(root / "unbroken"), RunDir(root / "broken")
    statuses = [sitting(unbroken, two_domains_dir, 3)]
    statuses += [sitting(broken, two_domains_dir, total) for total in (2, 3)]
    assert statuses == [0, 0, 0]
    return unbroken, broken


def tensors(run):
    reader = tf.train.load_checkpoint(str(run.checkpoints))
    return {
        name: reader.get_tensor(name)
        for name in reader.get_variable_to_shape_map()
        if name.startswith("state/")
    }


def records(run):
    return [json.loads(line) for line in run.metrics_file.read_text().splitlines()]


def damaged(data_dir, folder):
    """A copy of a data set of which one training record is damaged, and that record's shard."""
    copy = shutil.copytree(data_dir, folder)
    shard = next(path for path in sorted(copy.glob("train-*.tfrecord")))
    content = bytearray(shard.read_bytes())
    content[-9] ^= 1
    shard.write_bytes(content)
    return copy, shard


@pytest.mark.slow
def test_a_bad_record_ends_the_run_with_its_name_or_is_skipped(
    two_domains_dir, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(bad_records, "_skipped", {})
    data_dir, shard = damaged(two_domains_dir, tmp_path / "data")
    run = RunDir(tmp_path / "run")
    with pytest.raises(UserError, match=f"{shard.name} has a bad record, .*--skip_bad_records"):
        sitting(run, data_dir, 40)
    assert sitting(run, data_dir, 3, skip_bad_records=True) == 0
    assert "warning: skipped 1 bad records" in capsys.readouterr().err
    (line,) = (run.root / bad_records.LIST_FILE).read_text().splitlines()
    assert json.loads(line)["shard"] == str(shard)


@pytest.mark.slow
def test_images_are_not_blown_up_unnoticed(two_domains_dir, tmp_path, capsys):
    """Neither by a run nor by a dry run; a run that has begun goes on."""
    info = DatasetInfo.load(two_domains_dir)
    data_dir = shutil.copytree(two_domains_dir, tmp_path / "data")
    small = dict.fromkeys(("least", "median", "most"), 16)
    dataclasses.replace(info, img_size=16, sides=small).save(data_dir)
    run = RunDir(tmp_path / "run")
    places = {"data_dir": str(data_dir), "run_dir": str(run.root)}
    for start in (train_run, describe_run):
        with pytest.raises(UserError, match="--img_size=32 for the data set .* at most 16 pixels"):
            start(dataclasses.replace(CONFIG, **places))
    assert not run.root.exists()
    assert sitting(run, two_domains_dir, 1) == 0
    assert "warning: Found --img_size" not in capsys.readouterr().err
    assert sitting(run, data_dir, 2) == 0
    assert "warning: Found --img_size=32 for the data set" in capsys.readouterr().err


def test_everything_that_is_saved_is_equal(runs):
    unbroken, broken = (tensors(run) for run in runs)
    assert unbroken.keys() == broken.keys()
    optimizers = [f"optimizers/{name}" for name in tiny.NAMES.values()]
    networks = [f"networks/{name}" for name in tiny.NAMES.values()]
    for part in (*networks, "averages", *optimizers, "step", "schedule/lambda_ds"):
        assert any(name.startswith(f"state/{part}/") for name in unbroken), part
    for name, expected in unbroken.items():
        np.testing.assert_allclose(broken[name], expected, atol=1e-6, err_msg=name)


def test_averages_and_schedule_stand_where_they_should(runs):
    for run in runs:
        found = tensors(run)
        assert found["state/step/.ATTRIBUTES/VARIABLE_VALUE"] == 3
        lambda_ds = found["state/schedule/lambda_ds/.ATTRIBUTES/VARIABLE_VALUE"]
        assert lambda_ds == pytest.approx(2.0 * 7 / 10)
        key = "from_rgb/kernel/.ATTRIBUTES/VARIABLE_VALUE"
        average = found[f"state/averages/generator/{key}"]
        assert (average != found[f"state/networks/generator/{key}"]).any()


def test_losses_after_the_resume_are_those_of_the_same_images(runs):
    unbroken, broken = (records(run) for run in runs)
    assert [r["step"] for r in unbroken] == [r["step"] for r in broken] == [1, 2, 3]
    for expected, found in zip(unbroken, broken, strict=True):
        for name in tiny.LOSSES:
            assert found[name] == pytest.approx(expected[name], rel=1e-5), name


def test_a_finished_run_is_left_alone(runs, two_domains_dir, capsys):
    unbroken, _ = runs
    before = unbroken.metrics_file.read_text()
    assert sitting(unbroken, two_domains_dir, 3) == 0
    assert "is trained to iteration 3 already; to train on, pass a higher --total_iters" in (
        capsys.readouterr().out
    )
    assert unbroken.metrics_file.read_text() == before


def test_images_that_have_changed_since_are_told(runs, two_domains_dir, tmp_path, capsys):
    run = RunDir(shutil.copytree(runs[0].root, tmp_path / "run"))
    assert sitting(run, shutil.copytree(two_domains_dir, tmp_path / "moved"), 3) == 0
    assert "warning" not in capsys.readouterr().err
    data_dir = shutil.copytree(two_domains_dir, tmp_path / "other")
    with min(data_dir.glob("train-*.tfrecord")).open("ab") as shard:
        shard.write(b"one more record")
    assert sitting(run, data_dir, 3) == 0
    assert f"{run.root} was trained on until iteration 3" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("mixed_precision", ["none", "float16"])
def test_learning_rates_may_change_on_resume(two_domains_dir, tmp_path, capsys, mixed_precision):
    run = RunDir(tmp_path)
    sitting(run, two_domains_dir, 1, mixed_precision=mixed_precision)
    changed = {"lr": 0.5**12, "f_lr": 0.5**13}
    assert sitting(run, two_domains_dir, 2, mixed_precision=mixed_precision, **changed) == 0
    assert (
        "From here on with these learning rates: generator 0.000244141, "
        "mapping_network 0.00012207, style_encoder 0.000244141, discriminator 0.000244141."
    ) in capsys.readouterr().out
    rates = {
        name.split("/")[2]: float(value)
        for name, value in tensors(run).items()
        if "_learning_rate" in name
    }
    assert rates == {
        "generator": 0.5**12,
        "style_encoder": 0.5**12,
        "discriminator": 0.5**12,
        "mapping_network": 0.5**13,
    }
    assert run.read().config.lr == 0.5**12


@pytest.mark.slow
def test_a_data_set_without_validation_images_can_be_trained_on(tmp_path, capsys):
    source = makers.folder(tmp_path / "source", {"train/cat": 3, "train/dog": 3})
    makers.prepared(tmp_path / "data", source="folder", input_dir=str(source), val_fraction=0.0)
    run = RunDir(tmp_path / "run")
    assert sitting(run, tmp_path / "data", 2, eval_every=1, sample_every=2) == 0
    assert capsys.readouterr().err.count("has no validation images to measure on") == 1
    assert {path.name[:6] for path in run.samples.iterdir()} == {"000000", "000002"}
    assert not [name for record in records(run) for name in record if name.startswith("val/")]


def contents(folder):
    return {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")}


def test_a_second_training_in_the_same_folder_ends_and_changes_nothing(
    runs, two_domains_dir, tmp_path
):
    shutil.copytree(runs[0].root, tmp_path / "run")
    for run in (RunDir(tmp_path / "run"), RunDir(tmp_path / "new")):
        with run.lock():
            before = contents(tmp_path)
            with pytest.raises(UserError, match=f"another training .*process {os.getpid()} on "):
                sitting(run, two_domains_dir, 9)
            assert contents(tmp_path) == before
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
@pytest.mark.parametrize("total_iters", [1, 0])
def test_a_worker_leaves_no_scratch_folder(two_domains_dir, tmp_path, monkeypatch, total_iters):
    """Neither when the run was finished before, nor when it fails to restore."""
    run = RunDir(tmp_path / "run")
    assert sitting(run, two_domains_dir, 1) == 0
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Workers, "__init__", not_the_chief)
    if not total_iters:
        (run.checkpoints / "iteration-1.index").write_bytes(b"damaged")
        with pytest.raises(UserError, match="cannot be read"):
            sitting(run, two_domains_dir, 1)
    else:
        assert sitting(run, two_domains_dir, 1) == 0
    assert not list(tmp_path.glob("stargan_tf_worker_*"))


def not_the_chief(self, strategy):
    self._strategy, self._alone, self.chief = strategy, True, False
