"""python -m stargan_tf.export, as a user runs it."""

import re
import signal
import subprocess
import sys
import time

import pytest

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.training.checkpoints import Checkpoints
from stargan_tf.training.run_dir import RunDir
from tests.training.tiny import fresh_state

COMMAND = [sys.executable, "-m", "stargan_tf.export"]


def run(*arguments):
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True)


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory, two_domains_dir):
    """A run that was stopped before its first iteration."""
    root = tmp_path_factory.mktemp("run")
    config = StarGANv2Settings(
        img_size=32,
        base_channels=4,
        max_conv_dim=8,
        mapping_hidden_dim=8,
        mixed_precision="bfloat16",
        run_dir=str(root),
        data_dir=str(two_domains_dir),
    )
    run = RunDir(root)
    run.begin(config, ("cat", "dog"))
    Checkpoints(run, fresh_state(config, 2), keep=1).save()
    return root


def assert_error(result, *words):
    """One sentence on stderr, and no success."""
    assert result.returncode == 1
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("error: "))
    assert "Traceback" not in result.stderr
    assert all(word in line for word in words), line


@pytest.mark.parametrize("data_dir", ["gone", ""])
def test_data_that_int8_is_calibrated_on_are_missed_at_once(tmp_path, data_dir):
    config = StarGANv2Settings(data_dir=str(tmp_path / data_dir) if data_dir else "")
    RunDir(tmp_path / "run").begin(config, ("cat", "dog"))
    start = time.monotonic()
    result = run(f"--run_dir={tmp_path / 'run'}", f"--out={tmp_path / 'out'}")
    assert time.monotonic() - start < 3
    assert_error(result, data_dir or "any place that the run names", "pass --data_dir")
    assert not (tmp_path / "out").exists()


def test_help_is_quick_and_teaches():
    start = time.monotonic()
    result = run("--help")
    assert result.returncode == 0 and time.monotonic() - start < 3
    for flag in ("run_dir", "out", "formats", "tflite_types", "data_dir", "image_format"):
        assert f"--{flag}" in result.stdout
    assert len(re.findall(r"python -m stargan_tf\.export --run_dir", result.stdout)) == 4


@pytest.mark.slow
@pytest.mark.e2e
def test_exports_a_run_in_float32_whatever_it_was_trained_in(run_dir, tmp_path):
    out = tmp_path / "models" / "pets"
    result = run(f"--run_dir={run_dir}", f"--out={out}", "--tflite_types=float32")
    assert result.returncode == 0, result.stderr
    assert "after 0 iterations" in result.stdout and "pets version 1" in result.stdout
    assert sorted(path.name for path in out.iterdir()) == ["1", "tflite"]


@pytest.mark.slow
@pytest.mark.e2e
def test_a_rejected_file_is_a_failure_of_the_command(run_dir, tmp_path):
    out = tmp_path / "pets"
    program = (
        "from stargan_tf import export, flags\n"
        "from stargan_tf.config.export import ExportConfig\n"
        "from stargan_tf.serving import formats\n"
        "formats.MIN_PSNR['dynamic'] = 99.0\n"
        "flags.define(ExportConfig)\n"
        "flags.run(export.main)\n"
    )
    arguments = [f"--run_dir={run_dir}", f"--out={out}", "--tflite_types=float32,dynamic"]
    command = [sys.executable, "-c", program, *arguments]
    result = subprocess.run(command, capture_output=True, text=True)
    assert_error(result, "Rejected dynamic.tflite (PSNR", "at least 99 dB")
    assert "Exported pets version 1" in result.stdout
    assert (out / "1" / "saved_model.pb").is_file()
    assert [path.name for path in (out / "tflite" / "1").iterdir()] == ["float32.tflite"]


@pytest.mark.slow
@pytest.mark.e2e
def test_onnx_files_without_a_word_on_stderr(run_dir, tmp_path):
    out = tmp_path / "pets"
    result = run(f"--run_dir={run_dir}", f"--out={out}", "--formats=onnx", "--check_images=2")
    assert result.returncode == 0, result.stderr
    names = ("encode_style", "map_latent", "translate_latent", "translate_reference")
    expected = [f"{name}.onnx" for name in (*names, "translate_style")]
    assert sorted(path.name for path in (out / "onnx" / "1").iterdir()) == expected
    bar = re.compile(r"\s*|Writing the ONNX files: .*")
    assert all(bar.fullmatch(line) for line in re.split(r"[\r\n]", result.stderr)), result.stderr


@pytest.mark.slow
@pytest.mark.e2e
def test_jpeg_answers(run_dir, tmp_path):
    import tensorflow as tf

    out = tmp_path / "pets"
    flags = ["--formats=saved_model", "--image_format=jpeg", "--check_images=2"]
    assert run(f"--run_dir={run_dir}", f"--out={out}", *flags).returncode == 0
    answer = tf.saved_model.load(str(out / "1")).signatures["serving_default"](
        image_bytes=tf.io.encode_png(tf.zeros([1, 9, 9, 3], tf.uint8)),
        target_domain=tf.constant(["dog"]),
        seed=tf.constant([1], tf.int64),
        psi=tf.constant([1.0]),
    )
    assert answer["image_bytes"][0].numpy().startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ([], ["no --run_dir"]),
        (["--run_dir=missing", "--out=x"], ["missing is not a folder"]),
        (["--run_dir={empty}", "--out=x"], ["no config.json"]),
        (["--run_dir={run}"], ["no --out"]),
        (["--run_dir={run}", "--out=x", "--formats=keras"], ["--formats=keras"]),
        (["--run_dir={run}", "--out=x", "--data_dir={empty}"], ["no dataset_info.json"]),
        (["--run_dir={run}", "--out=x", "extra"], ["argument 'extra'"]),
    ],
)
def test_wrong_flags(run_dir, tmp_path, flags, words):
    result = run(*(flag.format(run=run_dir, empty=tmp_path) for flag in flags))
    assert_error(result, *words)


@pytest.mark.slow
@pytest.mark.e2e
def test_interrupted(run_dir, tmp_path):
    out = tmp_path / "models" / "pets"
    command = [*COMMAND, f"--run_dir={run_dir}", f"--out={out}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith("Writing"):
            break
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "Interrupted, so nothing was exported" in errors and "Traceback" not in errors
    assert not [path for path in out.rglob("*") if path.is_file()]
