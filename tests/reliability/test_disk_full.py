"""A disk without room, in every writer: a sentence, nothing lost, and with room it goes on."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from stargan_tf.config.sample import SampleConfig
from stargan_tf.errors import DiskFullError, disk_full_explained
from stargan_tf.evaluation.results_folder import ResultsFolder
from stargan_tf.files import written_whole
from stargan_tf.sampling.sampler import sample
from stargan_tf.sampling.video import write_video
from stargan_tf.training.checkpoint_files import CheckpointFiles
from stargan_tf.training.checkpoints import Checkpoints
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.run_log import RunLog
from stargan_tf.training_run import train_run
from tests.data import makers
from tests.reliability.disks import small_disk
from tests.serving.client.fake_rest import rest_server
from tests.serving.client.fakes import Model, make_image
from tests.serving.exports import export_toy, make_toy
from tests.training import tiny
from tests.training.fakes import Training


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk", 4) as disk:
        yield disk


def noise(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


class Run(Training):
    """Training without networks, with images that need room."""

    def __init__(self, disk):
        settings = {"sample_every": 10, "save_every": 5, "log_every": 2, "eval_every": 4}
        super().__init__(disk.root / "run", total_iters=40, **settings)

    def sample(self, networks, step):
        return {"cycle": noise(64, 64)}

    def __call__(self):
        with disk_full_explained(self.run.root):
            return super().__call__()

    def curves(self):
        events = EventAccumulator(str(self.run.logs), size_guidance={"tensors": 0})
        events.Reload()
        tags = ("D/latent_real", "val/latent_cyc", "samples/cycle")
        return {tag: [event.step for event in events.Tensors(tag)] for tag in tags}


@pytest.mark.parametrize(
    ("owner", "writer"),
    [
        (Checkpoints, "_write"),
        (CheckpointFiles, "write_sidecar"),
        (CheckpointFiles, "keep"),
        (RunLog, "write_scalars"),
        (RunLog, "write_images"),
        (RunLog, "flush"),
        (RunLog, "__init__"),
    ],
)
def test_a_run_stops_and_goes_on_with_room(disk, monkeypatch, owner, writer):
    """The disk fills up just before each writer, the third time that it is called."""
    run = Run(disk)
    original, calls = getattr(owner, writer), []

    def filled(*args, **kwargs):
        calls.append(None)
        if len(calls) == (1 if writer == "__init__" else 3):
            disk.fill()
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, writer, filled)
    with pytest.raises(DiskFullError) as error:
        run()
    said = str(error.value)
    assert said.startswith(f"The disk is full: {run.run.root}")
    assert said.endswith("make room, then run the same command again.") and "\n" not in said
    monkeypatch.undo()
    saved = run.saved()
    assert len(saved) == min(3, len(saved)) and all(step % 5 == 0 for step in saved)
    disk.make_room()

    again = Run(disk)
    assert again.checkpoints.restore() == bool(saved)
    assert int(again.state.step.numpy()) == (saved[-1] if saved else 0)
    assert again() is None
    assert again.saved() == [30, 35, 40]
    records = [record["step"] for record in again.records() if "lambda_ds" in record]
    assert records == list(range(2, 41, 2))
    assert again.curves() == {
        "D/latent_real": list(range(2, 41, 2)),
        "val/latent_cyc": list(range(4, 41, 4)),
        "samples/cycle": list(range(0, 41, 10)),
    }


@pytest.mark.slow
def test_a_full_disk_is_no_lack_of_device_memory(disk, two_domains_dir):
    config = dataclasses.replace(
        tiny.CONFIG,
        **{"sample_every": 0, "eval_every": 0, "log_every": 1, "save_every": 1, "total_iters": 3},
        data_dir=str(two_domains_dir),
        run_dir=str(disk.root / "run"),
    )
    run = RunDir(config.run_dir)
    with tiny.eagerly():
        train_run(dataclasses.replace(config, total_iters=1))
        disk.fill(leave=100_000)
        with pytest.raises(DiskFullError, match=f"disk is full: {run.root}/checkpoints/iteration-"):
            train_run(config)
        left = {path.name.split(".")[0] for path in run.checkpoints.iterdir()}
        assert left == {"iteration-1", "checkpoint"}
        disk.make_room()
        assert train_run(config) == 0
    assert [path.name for path in run.checkpoints.glob("*-3.index")] == ["iteration-3.index"]


@pytest.mark.parametrize("rooms", [0.5, 1.5])
def test_preparing(tmp_path, rooms):
    """While the images are read, and while the shards are written: 0.5 and 1.5 times their size."""
    source = tmp_path / "source"
    for number in range(12):
        path = source / ("cat", "dog")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image = np.random.default_rng(number).integers(0, 256, (128, 128, 3), np.uint8)
        path.write_bytes(makers.encoded(image))
    settings = {"source": "folder", "input_dir": str(source), "val_fraction": 0.0}
    size = sum(path.stat().st_size for path in source.rglob("*.png")) / 2**20
    with small_disk(tmp_path / "disk", rooms * size + 0.05) as disk:
        with pytest.raises(DiskFullError, match=f"The disk is full: {disk.root}/"):
            makers.prepared(disk.root / "data", **settings)
        assert list(disk.root.iterdir()) == []
    with small_disk(tmp_path / "larger", 4 * size) as disk:
        assert makers.prepared(disk.root / "data", **settings).counts["train"]["cat"] == 6


def test_exporting(disk):
    disk.fill(leave=50_000)
    with pytest.raises(DiskFullError, match=f"The disk is full: {disk.root}/pets/"):
        export_toy(disk.root, formats=("saved_model",))
    assert {path.name for path in disk.root.rglob("*")} <= {".filler", "pets"}
    disk.make_room()
    assert export_toy(disk.root, formats=("saved_model",)).info.version == 1


@pytest.mark.parametrize("images_only", [False, True])
def test_sampling(disk, tmp_path, images_only):
    (tmp_path / "a.png").write_bytes(makers.encoded(noise(32, 32)))
    out = disk.root / ("drawn" if images_only else "drawn.png")
    config = SampleConfig(
        run_dir=".", src=str(tmp_path / "a.png"), out=str(out), images_only=images_only
    )
    disk.fill()
    with pytest.raises(DiskFullError, match=f"The disk is full: {out}"):
        sample(config, make_toy(1))
    assert [path for path in disk.root.rglob("*.png")] == []
    disk.make_room()
    assert str(out) in sample(config, make_toy(1))


@pytest.mark.parametrize("suffix", [".mp4", ".webp", ".gif"])
def test_a_video(disk, suffix):
    path = disk.root / f"video{suffix}"
    frames = [np.roll(noise(64, 64), step, axis=0) for step in range(30)]
    disk.fill()
    with pytest.raises(DiskFullError, match=f"The disk is full: {path}"):
        with written_whole(path) as temporary:
            write_video(temporary, frames, 10)
    disk.make_room()
    assert list(disk.root.iterdir()) == []
    with written_whole(path) as temporary:
        write_video(temporary, frames, 10)
    assert path.stat().st_size > 1000


def test_evaluating(disk):
    results = ResultsFolder(disk.root / "results", {"seed": 1}, overwrite=False)
    metrics = {f"metric{number}": 0.1 for number in range(2000)}
    results.keep_task("before", {"key": 1}, metrics)
    disk.fill()
    with pytest.raises(DiskFullError, match=f"The disk is full: {disk.root}/results/"):
        results.keep_task("after", {"key": 1}, metrics)
    again = ResultsFolder(disk.root / "results", {"seed": 1}, overwrite=False)
    assert again.task_metrics("before", {"key": 1}) == metrics
    assert again.task_metrics("after", {"key": 1}) is None
    disk.make_room()
    again.keep_task("after", {"key": 1}, metrics)
    assert again.task_metrics("after", {"key": 1}) == metrics


def test_the_client(disk, tmp_path):
    (tmp_path / "a.png").write_bytes(make_image())
    out = disk.root / "drawn"
    out.mkdir()
    disk.fill(leave=4 * 4096)
    with rest_server(Model()) as address:
        flags = [f"--server={address}", "--model=pets", f"--src={tmp_path / 'a.png'}"]
        flags += ["--target_domain=cat", "--num_outputs=50", f"--out={out}"]
        command = [sys.executable, "-m", "stargan_tf.client", *flags]
        full = subprocess.run(command, capture_output=True, text=True)
        finished = list(out.iterdir())
        assert full.returncode == 1 and 0 < len(finished) < 50
        assert f"error: The disk is full: {out} could not be written. What was" in full.stderr
        assert f"again. ({len(finished)} finished in {out}; --overwrite goes over" in full.stderr
        assert all(path.read_bytes().endswith(b"IEND\xaeB`\x82") for path in finished)
        disk.make_room()
        again = subprocess.run([*command, "--overwrite"], capture_output=True, text=True)
        assert again.returncode == 0 and len(list(out.iterdir())) == 50


def test_what_tensorflow_does_not_say(disk):
    """Its writer of summaries flushes without an error, and the events are lost."""
    writer = tf.summary.create_file_writer(str(disk.root / "logs"))
    with writer.as_default(1):
        tf.summary.scalar("loss", 1.0)
    writer.flush()
    disk.fill()
    with writer.as_default(2):
        tf.summary.image("image", noise(64, 64)[np.newaxis])
    writer.flush()  # were this an error, `WrittenEvents` would not be needed
