"""Folders that are not ours to write: nothing is lost, and the sentence comes before the work."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lanes import MODERN
from tests.unprivileged import without_privileges

STORED = Path(__file__).parent / "stored"
LANE = STORED / ("modern_lane" if MODERN else "old_version")
RUN = LANE / "run"
MODEL = LANE / "models" / LANE.name.partition("_")[0]
DATA = STORED / "data"
IMAGE = STORED / "images" / "cat.png"


def run(command, *flags):
    return subprocess.run(
        [sys.executable, "-m", command, *flags],
        capture_output=True,
        text=True,
        preexec_fn=without_privileges,
    )


def only_error(process):
    """The sentence of an error, which is all that there is on stderr."""
    assert process.returncode == 1 and "Traceback" not in process.stderr
    (line,) = process.stderr.splitlines()
    assert line.startswith("error: ")
    return line


@pytest.fixture
def closed(tmp_path):
    """Makes a folder read-only; it can be removed in the end."""
    changed = []

    def close(folder):
        for path in (folder, *folder.rglob("*")):
            changed.append(path)
            path.chmod(0o555 if path.is_dir() else 0o444)
        return folder

    yield close
    for path in changed:
        path.chmod(0o755)


SIZES = ["--img_size=32", "--base_channels=4", "--max_conv_dim=8"]
COMMANDS = {
    "stargan_tf.sample": [f"--run_dir={RUN}", f"--src={IMAGE}", "--out={}/a.png"],
    "stargan_tf.evaluate": [f"--run_dir={RUN}", f"--data_dir={DATA}", "--out={}"],
    "stargan_tf.export": [f"--run_dir={RUN}", "--out={}/pets"],
    "stargan_tf.train": [f"--data_dir={DATA}", "--run_dir={}/run", *SIZES],
    "stargan_tf.prepare_data": ["--source=portraits", "--output_dir={}/data"],
    "stargan_tf.benchmark": [f"--model={MODEL}", "--out={}/times.json"],
    "stargan_tf.ablation": [f"--data_dir={DATA}", "--num_outputs=8", "--out={}"],
    "stargan_tf.client": ["--model=x", f"--src={IMAGE}", "--target_domain=x", "--out={}/a.png"],
}
FLAGS = {"stargan_tf.train": "run_dir", "stargan_tf.prepare_data": "output_dir"}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_place_for_results_is_tried_before_the_work(command, closed, tmp_path):
    folder = tmp_path / "theirs"
    folder.mkdir()
    flags = [flag.format(closed(folder)) for flag in COMMANDS[command]]
    (given,) = (flag for flag in flags if str(folder) in flag)
    error = only_error(run(command, *flags))
    assert f"{given} cannot be written (Permission denied)" in error
    assert given.startswith(f"--{FLAGS.get(command, 'out')}=")


def test_a_run_of_somebody_else_is_not_resumed(closed, tmp_path):
    theirs = closed(Path(shutil.copytree(RUN, tmp_path / "run")))
    error = only_error(run("stargan_tf.train", f"--run_dir={theirs}", f"--data_dir={DATA}"))
    assert f"--run_dir={theirs} cannot be written (Permission denied)" in error


@pytest.mark.parametrize(
    ("command", "flag"),
    [
        ("stargan_tf.train", "--run_dir={}/run"),
        ("stargan_tf.train", "--flagfile={}/x.flags"),
        ("stargan_tf.sample", "--run_dir={}/run"),
        ("stargan_tf.serve", "--models_dir={}/models"),
        ("stargan_tf.serve", "--model_config_file={}/models.config"),
        ("stargan_tf.prepare_data", "--input_dir={}/images"),
        ("stargan_tf.benchmark", "--model={}/pets"),
    ],
)
def test_what_may_not_be_read_is_said_in_a_sentence(command, flag, tmp_path):
    folder = tmp_path / "secret"
    folder.mkdir()
    folder.chmod(0)
    given = flag.format(folder)
    try:
        error = only_error(
            run(command, given, "--output_dir=x") if "input" in flag else run(command, given)
        )
    finally:
        folder.chmod(0o755)
    assert str(folder) in error


@pytest.mark.slow
@pytest.mark.e2e
def test_a_run_and_a_data_set_of_somebody_else_are_evaluated(closed, tmp_path):
    ignored = shutil.ignore_patterns("cache")
    data = closed(Path(shutil.copytree(DATA, tmp_path / "data", ignore=ignored)))
    theirs = closed(Path(shutil.copytree(RUN, tmp_path / "run")))
    out = tmp_path / "out"
    process = run(
        "stargan_tf.evaluate",
        *(f"--run_dir={theirs}", f"--data_dir={data}", f"--out={out}"),
        *("--modes=latent", "--num_outs_per_domain=2", "--max_sources=4"),
    )
    assert process.returncode == 0 and "Traceback" not in process.stderr, process.stderr
    assert "random styles" in process.stdout and "Every metric: " in process.stdout
    assert "about" in json.loads((out / "metrics.json").read_text())
    warnings = [line for line in process.stderr.splitlines() if "warning: " in line]
    assert len(warnings) == 2
    assert f"{data}/cache cannot be written to (Permission denied)" in warnings[0]
    assert f"features of real images are kept in {out}/cache." in warnings[0]
    assert f"no curves for TensorBoard are in {theirs}/logs" in warnings[1]
    assert "{{" not in process.stderr
    assert process.stderr.count("%|") < 20, "bars are a line now and then in a log"
