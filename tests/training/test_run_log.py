import dataclasses
import gc
import json
import os

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.run_log import RunLog
from tests import watching
from tests.training.tiny import CONFIG, LOSSES

ALGORITHM = make_algorithm(CONFIG, 2)


@pytest.fixture
def run(tmp_path):
    run = RunDir(tmp_path / "my_run")
    run.begin(CONFIG, ("cat", "dog"))
    return run


def losses(value):
    return {name: tf.constant(float(value)) for name in LOSSES}


def records(run):
    return [json.loads(line) for line in run.metrics_file.read_text().splitlines()]


@pytest.fixture
def events(run):
    """What TensorBoard reads of two iterations and an image."""
    with RunLog(run, ALGORITHM, 0, chief=True) as log:
        for value in (1, 3):
            log.add(losses(value), seconds=2.0, input_seconds=0.5)
        log.write(2)
        log.write_scalars(2, {"val/latent_cyc": 0.25})
        log.write_images(2, {"cycle": np.full([4, 6, 3], 200, np.uint8)})
    accumulator = EventAccumulator(str(run.logs))
    accumulator.Reload()
    return accumulator


def scalar(events, tag):
    (event,) = events.Tensors(tag)
    return event.step, float(tf.make_ndarray(event.tensor_proto))


def test_tensorboard_shows_every_loss(events):
    for name in LOSSES:
        assert scalar(events, name) == (2, 2.0)
        assert events.SummaryMetadata(name).plugin_data.plugin_name == "scalars"


def test_tensorboard_shows_validation_and_speed(events):
    assert scalar(events, "val/latent_cyc") == (2, 0.25)
    # The first iteration, which compiles, does not count: one of 4 images in 2 seconds.
    assert scalar(events, "speed/images_per_second") == (2, 2.0)
    assert scalar(events, "speed/input_wait_share") == (2, 0.25)


def test_tensorboard_shows_images(events):
    (event,) = events.Tensors("samples/cycle")
    width, height, encoded = tf.make_ndarray(event.tensor_proto)
    assert (event.step, int(width), int(height)) == (2, 6, 4)
    np.testing.assert_array_equal(tf.io.decode_png(encoded), np.full([4, 6, 3], 200))


def test_tensorboard_shows_hyperparameters(events):
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    found = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info.hparams
    assert found["lambda_ds"].number_value == CONFIG.lambda_ds
    assert found["mixed_precision"].string_value == "none"
    assert set(found) == {
        *(field.name for field in dataclasses.fields(CONFIG) if field.metadata["fixed"]),
        *("lr", "f_lr", "num_iters_decay"),
    }


def test_means_since_the_last_record(run):
    with RunLog(run, ALGORITHM, 0, chief=True) as log:
        log.add(losses(1), 1, 0)
        log.add(losses(2), 1, 0)
        assert log.write(2)["D/ref_real"] == 1.5
        log.add(losses(7), 1, 0)
        assert log.write(3)["D/ref_real"] == 7
        assert log.write(3) == {}
    assert [(r["step"], r["lambda_ds"]) for r in records(run)] == [(2, 1.5), (3, 7)]


def test_records_after_the_restored_step_are_dropped(run):
    lines = [json.dumps({"step": step, "time": 0, "lambda_ds": step}) for step in (1, 2, 3, 4)]
    run.metrics_file.write_text("\n".join(lines) + '\n{"step": 5, "ti')
    with RunLog(run, ALGORITHM, 2, chief=True) as log:
        log.add(losses(9), 1, 0)
        log.write(3)
    assert [(r["step"], r["lambda_ds"]) for r in records(run)] == [(1, 1), (2, 2), (3, 9)]


@pytest.mark.parametrize(
    "line",
    [b"5", b"[]", b"{}", b'{"step": "1"}', b'{"step": null}', b"\xff", b"\0" * 50, b"[" * 100_000]
    + ['{"step": 1}'.encode("utf-16"), b'"step"', b""],
    ids=range(11),
)
def test_lines_that_a_disk_has_damaged_are_dropped(run, line):
    good = b'{"step": 1, "time": 0}'
    run.metrics_file.write_bytes(b"\n".join([good, line, good]) + b"\n")
    with RunLog(run, ALGORITHM, 2, chief=True):
        pass
    assert run.metrics_file.read_bytes() == good + b"\n" + good + b"\n"


def test_other_workers_write_nothing(run):
    with RunLog(run, ALGORITHM, 0, chief=False) as log:
        log.add(losses(1), 1, 0)
        assert log.write(1)["lambda_ds"] == 1
        log.write_images(1, {"cycle": np.zeros([4, 6, 3], np.uint8)})
        log.say("nothing")
    assert not run.metrics_file.exists()
    assert list(run.logs.iterdir()) == []


def test_progress_bar_counts_and_shows_losses(run, capsys):
    with RunLog(run, ALGORITHM, 1, chief=True) as log:
        for step in (2, 3, 4):
            log.add(losses(step), 1, 0)
            log.write(step)
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert "4/4" in last
    assert "D=4.00" in last and "cyc=4.00" in last


@pytest.mark.slow
def test_memory_does_not_grow_by_what_is_written(run):
    with RunLog(run, ALGORITHM, 0, chief=True) as log:

        def write(steps):
            for step in steps:
                log.write_scalars(step, {f"loss/{k}": step + k / 100 for k in range(100)})

        def memory():
            gc.collect()  # which Python postpones where earlier tests left many objects
            return watching.process(os.getpid())["memory"]

        write(range(20))
        before = memory()
        write(range(20, 220))
        # 20,000 numbers: TensorFlow keeps 1.7 KB of each that is Python's, 34 MiB.
        assert memory() - before < 12
