"""Trains tiny networks for hours, with TensorBoard beside, and watches what both take.

    python -m tests.reliability soak --minutes=120 --work=FOLDER

The run writes checkpoints, image grids and metrics all the time, and TensorBoard is asked for its
scalars and images as a browser would. Memory, open files, threads and checkpoints must stay as they
are after the warm-up; records and grids are kept, so that they grow with the iterations.
"""

import argparse
import functools
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from stargan_tf.training.run_dir import RunDir
from tests import watching
from tests.data import makers
from tests.reliability.kill import SETTINGS

OFTEN = (
    *(flag for flag in SETTINGS if "_every" not in flag and "_iter" not in flag),
    "--total_iters=100000000",
    "--log_every=10",
    "--save_every=50",
    "--sample_every=100",
    "--eval_every=200",
)
_BOARD = "http://127.0.0.1:{port}/data/"
_SECONDS = 120
_PATIENCE = 1800  # a busy machine is long in starting


class Soak(NamedTuple):
    """What came of it.

    Attributes:
      watch: readings of the run and of TensorBoard.
      iterations: that were trained.
      status: with which training ended when it was told to.
    """

    watch: watching.Watch
    iterations: int
    status: int


def soak(work: Path, seconds: float, port: int, pause: float = 10.0) -> Soak:
    """Trains for a while and then asks politely for the end.

    Args:
      work: new folder for data set and run.
      seconds: from the first checkpoint on.
      port: for TensorBoard.
      pause: seconds between two readings.
    """
    source = makers.folder(
        work / "source", {f"{split}/{name}": 6 for split in ("train", "val") for name in "ab"}
    )
    makers.prepared(work / "data", source="folder", input_dir=str(source))
    run = RunDir(work / "run")
    train = [sys.executable, "-m", "stargan_tf.train", *OFTEN]
    board = [sys.executable, "-m", "tensorboard.main", f"--logdir={run.logs}", f"--port={port}"]
    with (work / "train.log").open("w") as log, (work / "board.log").open("w") as board_log:
        training = subprocess.Popen(
            [*train, f"--run_dir={run.root}", f"--data_dir={work / 'data'}"],
            stdout=log,
            stderr=log,
        )
        showing = subprocess.Popen([*board, "--reload_interval=5"], stderr=board_log)
        try:
            _wait_for(lambda: _last_step(run) >= 200, training)
            _wait_for(lambda: _ask(port, "runs") is not None, showing)
            watch = _watch(run, training, showing, port, seconds, pause)
            assert showing.poll() is None, "TensorBoard has ended"
            training.send_signal(signal.SIGTERM)
            return Soak(watch, _last_step(run), training.wait(_SECONDS))
        finally:
            training.kill()
            showing.kill()


def _watch(
    run: RunDir,
    training: subprocess.Popen,
    showing: subprocess.Popen,
    port: int,
    seconds: float,
    pause: float,
) -> watching.Watch:
    watch = watching.Watch(
        {
            "training": functools.partial(watching.process, training.pid),
            "TensorBoard": functools.partial(watching.process, showing.pid),
            "checkpoints": functools.partial(watching.folder, run.checkpoints),
            "event files": functools.partial(watching.folder, run.logs),
            "image grids": functools.partial(watching.folder, run.samples),
        }
    )
    end = time.monotonic() + seconds
    with tqdm(total=round(seconds), unit="s", mininterval=5) as bar:
        while (left := end - time.monotonic()) > 0:
            assert training.poll() is None, "training has ended"
            watch.read()
            _browse(port)
            time.sleep(max(0, min(pause, left)))
            bar.update(round(seconds - left) - bar.n)
    return watch


def _wait_for(condition: Callable[[], bool], process: subprocess.Popen) -> None:
    end = time.monotonic() + _PATIENCE
    while not condition():
        assert process.poll() is None and time.monotonic() < end, "it did not begin"
        time.sleep(0.5)


def _last_step(run: RunDir) -> int:
    if not run.metrics_file.exists():
        return 0
    lines = run.metrics_file.read_text().splitlines()
    return json.loads(lines[-1])["step"] if lines else 0


def _browse(port: int) -> None:
    """What a browser asks for that shows all scalars and images."""
    tags = json.loads(_ask(port, "plugin/scalars/tags") or "{}")
    for run, scalars in tags.items():
        for tag in scalars:
            _ask(port, f"plugin/scalars/scalars?tag={tag}&run={run}")
    images = json.loads(_ask(port, "plugin/images/tags") or "{}")
    for run, names in images.items():
        for tag in names:
            _ask(port, f"plugin/images/images?tag={tag}&run={run}&sample=0")


def _ask(port: int, path: str) -> bytes | None:
    try:
        with urllib.request.urlopen(_BOARD.format(port=port) + path, timeout=_SECONDS) as answer:
            return answer.read()
    except (urllib.error.URLError, ConnectionError):
        return None


def main() -> int:
    """Runs a soak and says what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--work", type=Path, required=True, help="new folder")
    parser.add_argument("--port", type=int, default=16006)
    arguments = parser.parse_args()
    result = soak(arguments.work, 60 * arguments.minutes, arguments.port)
    print(f"{result.iterations} iterations; ended with {result.status}")
    print(result.watch.table())
    series = arguments.work / "series.json"
    series.write_text(json.dumps(result.watch.series))
    return 0 if result.status == 128 + signal.SIGTERM else 1
