"""python -m stargan_tf.sample, as a user runs it."""

import dataclasses
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from stargan_tf import loading, sample
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.client import aligned_loader
from stargan_tf.config.sample import SampleConfig
from stargan_tf.data.images import load_image
from stargan_tf.data.preprocessing import preprocess
from stargan_tf.errors import DiskFullError, UserError
from stargan_tf.faces.alignment import AlignSettings, align
from stargan_tf.faces.mesh import FaceMesh
from stargan_tf.faces.preparing import preparation
from stargan_tf.sampling import sampler
from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.training.checkpoints import Checkpoints
from stargan_tf.training.run_dir import RunDir
from tests.sampling.fakes import DOMAINS, save_image
from tests.training.tiny import fresh_state

ASTRONAUT = Path(__file__).parent / "faces" / "astronaut.jpg"
MODEL = Path(__file__).parents[1] / "saved_models" / "portraits_64" / "1"
COMMAND = [sys.executable, "-m", "stargan_tf.sample"]


def run(*arguments):
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True)


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    """A run that was stopped before its first iteration."""
    root = tmp_path_factory.mktemp("run")
    config = StarGANv2Settings(img_size=32, base_channels=4, max_conv_dim=8, run_dir=str(root))
    run = RunDir(root)
    run.begin(config, DOMAINS)
    Checkpoints(run, fresh_state(config, len(DOMAINS)), keep=1).save()
    return root


@pytest.fixture
def images(tmp_path):
    for name in ("a.jpg", "b.png"):
        save_image(tmp_path / "photos" / name, "teal", size=(60, 40))
    return tmp_path / "photos"


def assert_error(result, *words):
    """One sentence on stderr, and no success."""
    assert result.returncode == 1
    lines = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert "Traceback" not in result.stderr
    for word in words:
        assert str(word) in lines[0]


def test_help_is_quick_and_teaches():
    start = time.monotonic()
    result = run("--help")
    assert time.monotonic() - start < 3  # TensorFlow alone takes longer
    for flag in ("run_dir", "src", "ref", "target_domain", "psi", "seed", "out", "images_only"):
        assert f"--{flag}" in result.stdout or f"--[no]{flag}" in result.stdout
    for example in re.findall(r"python -m stargan_tf\.sample.*?\n\n", result.stdout, re.DOTALL):
        assert "--out=" in example
    assert "--out=looks.png \\\n" in result.stdout  # can be pasted into a shell


def test_mistakes_are_found_without_loading_anything(tmp_path):
    start = time.monotonic()
    result = run("--run_dir=missing", "--src=x.jpg", f"--out={tmp_path / 'a.png'}")
    assert time.monotonic() - start < 3
    assert_error(result, "--run_dir=missing", "train")


def test_a_folder_without_a_run_is_an_error_at_once(images, tmp_path):
    start = time.monotonic()
    result = run(f"--run_dir={images}", f"--src={images}", f"--out={tmp_path / 'a.png'}")
    assert time.monotonic() - start < 3
    assert_error(result, images, "config.json")


def test_an_unknown_domain_is_an_error_at_once(run_dir, images, tmp_path):
    start = time.monotonic()
    out = tmp_path / "a.png"
    result = run(f"--run_dir={run_dir}", f"--src={images}", "--target_domain=cow", f"--out={out}")
    assert time.monotonic() - start < 3
    assert_error(result, "--target_domain=cow", "choose one")


@pytest.mark.parametrize("images_only", [False, True])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), DiskFullError("The disk is full: again.")])
def test_the_command_to_run_again_would_work(
    run_dir, images, tmp_path, monkeypatch, error, images_only
):
    """Finished images are never replaced unasked, so that the same command needs --overwrite."""
    out = tmp_path / ("drawn" if images_only else "drawn.png")

    def interrupted(config, model, prepare):
        if images_only:
            save_image(out / "a__to_cat__seed7_0.png", "teal", size=(8, 8))
        raise error

    config = SampleConfig(
        run_dir=str(run_dir), src=str(images), out=str(out), images_only=images_only
    )
    model = SimpleNamespace(origin="", aligned_faces=False, drawable=SimpleNamespace(img_size=64))
    monkeypatch.setattr(sample.flags, "parse", lambda _: config)
    monkeypatch.setattr(sample.signal, "signal", lambda *_: None)
    monkeypatch.setattr(loading, "load_model", lambda *_, **__: model)
    monkeypatch.setattr(sampler, "sample", interrupted)
    with pytest.raises(UserError, match="again") as told:
        sample.main([])
    assert ("with --overwrite" in str(told.value)) == images_only
    again = dataclasses.replace(config, overwrite="--overwrite" in str(told.value))
    again.validate()


@pytest.mark.slow
@pytest.mark.e2e
def test_a_grid_of_a_folder(run_dir, images, tmp_path):
    (images / "notes.txt").write_text("no image")
    out = tmp_path / "grid.png"
    result = run(
        f"--run_dir={run_dir}",
        f"--src={images}",
        "--target_domain=dog",
        "--psi=0.7",
        f"--out={out}",
    )
    assert result.returncode == 0, result.stderr
    assert str(out) in result.stdout and "after 0 iterations" in result.stdout
    assert f"warning: rejected: {images / 'notes.txt'}" in result.stderr
    with Image.open(out) as image:
        image.load()

    again = run(f"--run_dir={run_dir}", f"--src={images}", f"--out={out}")
    assert_error(again, out, "already exists", "--overwrite")


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_stopping_leaves_no_half_written_video(run_dir, images, tmp_path, kind):
    out = tmp_path / "out" / "video.mp4"
    arguments = [f"--run_dir={run_dir}", f"--src={images}", "--frames=100000", f"--out={out}"]
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C reaches the whole group, ffmpeg included
    )
    deadline = time.monotonic() + 60
    while not (out.parent.exists() and any(out.parent.iterdir())):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, kind)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "error: Interrupted" in error and "Traceback" not in error
    assert list(out.parent.iterdir()) == []


@pytest.mark.slow
@pytest.mark.e2e
def test_an_exported_model_needs_no_run(exported, images, tmp_path):
    out = tmp_path / "grid.png"
    model = f"--saved_model={exported.base / '1'}"
    result = run(model, f"--src={images}", f"--out={out}", "--num_outputs=2")
    assert result.returncode == 0, result.stderr
    assert "pets version 1" in result.stdout
    with Image.open(out) as image:
        image.load()
    assert_error(run(model, "--run_dir=.", f"--src={images}", f"--out={out}"), "expected one of")


@pytest.mark.slow
def test_faces_are_aligned_first(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    shutil.copy(ASTRONAUT, photos)
    bad = save_image(photos / "none.png", "teal", size=(60, 40))
    out = tmp_path / "out.png"
    arguments = [f"--saved_model={MODEL}", "--num_outputs=1", "--target_domain=personas"]
    arguments += ["--align", f"--ref={ASTRONAUT}"]
    done = run(*arguments, f"--src={photos}", f"--out={out}")
    assert done.returncode == 0, done.stderr
    assert f"warning: rejected: {bad} cannot be aligned (no face found)" in done.stderr
    (crop,) = align(Image.open(ASTRONAUT).convert("RGB"), FaceMesh(), AlignSettings(0)).images
    seen = (np.asarray(preprocess(np.asarray(crop), 64)) + 1) * 127.5
    with Image.open(out) as grid:
        shown = np.asarray(grid.convert("RGB"), int)
    windows = np.lib.stride_tricks.sliding_window_view(shown, (64, 64, 3))[:, :, 0]
    differences = np.abs(windows - seen).mean((2, 3, 4))
    assert np.sum(differences < 1) == 2  # the source at the left, the reference across the top
    assert_error(
        run(*arguments, f"--src={bad}", f"--out={tmp_path / 'o.png'}"),
        "none.png cannot be aligned (no face found)",
    )


def test_sample_and_client_crop_the_same_pixels():
    sent = Image.open(io.BytesIO(aligned_loader()(ASTRONAUT)))
    cropped = preparation(True, True)(ASTRONAUT, load_image(ASTRONAUT))
    np.testing.assert_array_equal(cropped, sent)


@pytest.mark.slow
def test_a_model_of_aligned_faces_tells_of_others(tmp_path):
    model = tmp_path / "faces" / "1"
    shutil.copytree(MODEL, model)
    info = dataclasses.replace(ModelInfo.of_saved_model(model), aligned_faces=True)
    (model / "assets" / "model.json").write_text(info.to_json())
    image = Image.open(ASTRONAUT).convert("RGB")
    (crop,) = align(image, FaceMesh(), AlignSettings(128)).images
    crop.save(tmp_path / "aligned.png")
    arguments = [f"--saved_model={model}", "--num_outputs=1", "--target_domain=personas"]
    for src, words in ((ASTRONAUT, "does not look aligned"), (tmp_path / "aligned.png", "")):
        done = run(*arguments, f"--src={src}", f"--out={tmp_path / src.stem}.out.png")
        assert done.returncode == 0, done.stderr
        assert words in done.stderr and bool(words) == ("warning: " in done.stderr)
