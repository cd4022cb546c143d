"""python -m stargan_tf.align, as a user runs it."""

import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.waiting import until

ASTRONAUT = Path(__file__).parent / "faces" / "astronaut.jpg"
COMMAND = [sys.executable, "-m", "stargan_tf.align"]
# Prints at the end what the command imported of what it should not.
WATCHED = """
import atexit, runpy, sys
def tell():
    heavy = {"tensorflow", "keras", "tf_keras", "apache_beam", "mediapipe"} & sys.modules.keys()
    print("imported", sorted(heavy), file=sys.stderr)
atexit.register(tell)
runpy.run_module("stargan_tf.align", run_name="__main__", alter_sys=True)
"""


def run(*arguments, command=COMMAND):
    return subprocess.run(
        [*command, *map(str, arguments)], capture_output=True, text=True, timeout=120
    )


def test_a_folder_is_aligned_without_tensorflow(tmp_path):
    (tmp_path / "in/women").mkdir(parents=True)
    shutil.copy(ASTRONAUT, tmp_path / "in/women")
    Image.new("RGB", (90, 90)).save(tmp_path / "in/women/black.png")
    done = run(
        f"--input_dir={tmp_path / 'in'}",
        f"--output_dir={tmp_path / 'out'}",
        "--img_size=128",
        command=[sys.executable, "-c", WATCHED],
    )
    assert done.returncode == 0, done.stderr
    assert "Aligned 1 face of 1 of 2 images" in done.stdout
    assert "rejected: 1 (no face found 1)" in done.stdout
    with Image.open(tmp_path / "out/women/astronaut.png") as image:
        assert image.size == (128, 128)
        assert np.asarray(image).std() > 30
    lines = [line for line in done.stderr.splitlines() if line.strip() and "Aligning" not in line]
    assert lines == ["imported []"]


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_stopping_keeps_what_is_done(tmp_path, kind):
    (tmp_path / "in").mkdir()
    for number in range(300):
        shutil.copy(ASTRONAUT, tmp_path / "in" / f"{number:03}.jpg")
    out = tmp_path / "out"
    arguments = [f"--input_dir={tmp_path / 'in'}", f"--output_dir={out}"]
    process = subprocess.Popen([*COMMAND, *arguments], stderr=subprocess.PIPE, text=True)
    until(lambda: len(list(out.glob("*.png"))) >= 3, seconds=60)
    process.send_signal(kind)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    (line,) = (line for line in error.splitlines() if line.startswith("error: "))
    assert re.match(r"error: Interrupted after \d+ of 300 images, which are kept: run", line)
    assert "Traceback" not in error
    assert 3 <= len(list(out.glob("*.png"))) < 300 and not list(out.glob(".unfinished*"))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Found no --input_dir"),
        (["--input_dir=nowhere"], "nowhere is not a folder"),
        (["--imgsize=3"], "imgsize"),
        (["--landmarks=dlib"], "mediapipe|wing"),
        (["--input_dir=docs", "--output_dir=/tmp/x", "--compare"], "Found --compare and no"),
    ],
)
def test_mistakes_end_in_one_sentence(arguments, sentence):
    done = run(*arguments)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert done.stderr.startswith("error: ") and len(done.stderr.strip().splitlines()) == 1


def test_help_is_quick_and_teaches():
    start = time.monotonic()
    done = run("--help")
    assert time.monotonic() - start < 3
    for text in ("--wing_path", "--lm_path", "--[no]compare", "<mediapipe|wing>"):
        assert text in done.stdout
