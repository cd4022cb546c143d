import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stargan_tf import prepare_data
from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.data import report
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.errors import UserError
from tests.data import makers

COMMAND = [sys.executable, "-m", "stargan_tf.prepare_data"]
REPOSITORY = Path(__file__).parent.parent


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], cwd=REPOSITORY, capture_output=True, text=True, timeout=120
    )


@pytest.mark.slow
def test_a_folder_becomes_a_data_set(tmp_path: Path) -> None:
    source = makers.folder(tmp_path / "in", {"train/cat": 3, "train/dog": 2, "val/cat": 1})
    makers.folder(source / "val", {"dog": 1})
    (source / "train" / "cat" / "broken.png").write_bytes(b"")
    done = run(
        "--source=folder",
        f"--input_dir={source}",
        f"--output_dir={tmp_path / 'out'}",
        "--img_size=32",
        "--max_rejected=1",
        "--direct_running_mode",
        "multi_threading",
        "--direct_num_workers=2",
    )
    assert done.returncode == 0, done.stderr
    assert DatasetInfo.load(tmp_path / "out").counts["train"] == {"cat": 3, "dog": 2}
    assert "cat  3 train, 1 val" in done.stdout
    assert "rejected: 1, listed in" in done.stdout
    next_command = f"--data_dir={tmp_path / 'out'} --run_dir=runs/first --img_size=32"
    assert f"Next: python -m stargan_tf.train {next_command}\n" in done.stdout
    # Nothing but the progress bar: no chatter of Beam or TensorFlow.
    lines = [
        line for line in done.stderr.splitlines() if line.strip() and "Preparing in" not in line
    ]
    assert lines == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Found no --output_dir"),
        (["--output_dir=out", "--imgsize=3"], "--imgsize=3"),
        (["--output_dir=out", "--source=portraits", "data"], "Found the argument 'data'"),
        (["--output_dir=out", "--input_dir=nowhere"], "nowhere is not a folder"),
    ],
)
def test_mistakes_end_in_one_sentence(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    arguments = [*arguments, f"--input_dir={tmp_path}"] if "nowhere" not in sentence else arguments
    done = run(*arguments)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert done.stderr.startswith("error: ") and len(done.stderr.strip().splitlines()) == 1


def test_help_is_quick_and_teaches() -> None:
    start = time.perf_counter()
    done = run("--help")
    assert time.perf_counter() - start < 5
    for text in ("--source=portraits", "--max_rejected", "<folder|tfds|portraits>"):
        assert text in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    arguments = ["--source=portraits", f"--output_dir={tmp_path / 'out'}"]
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=REPOSITORY, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not any(path.stat().st_size > 10 for path in tmp_path.glob(".out.unfinished-*/ticks")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(process.pid, number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "error: Interrupted before the data set was whole" in errors
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_before_beam_is_there(tmp_path: Path, monkeypatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    config = PrepareDataConfig(source="portraits", output_dir=str(tmp_path / "out"))
    monkeypatch.setattr(prepare_data.flags, "parse", lambda kind: config)
    monkeypatch.setattr(signal, "signal", lambda *handler: None)
    monkeypatch.setattr(report, "quieten", interrupted)
    with pytest.raises(UserError, match="Interrupted before anything was read"):
        prepare_data.main([])
