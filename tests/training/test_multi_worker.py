"""Two processes of this machine train as if they were machines of their own.

In the first sitting one is killed; in the second, which goes on from the last
checkpoint, one is asked to stop. One process alone says what the losses should be.
"""

import contextlib
import dataclasses
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest
import tensorflow as tf

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training_run import train_run
from tests.source_tree import ROOT
from tests.training import tiny

pytestmark = pytest.mark.slow

SAVE_EVERY = 4
CONFIG = dataclasses.replace(
    tiny.CONFIG,
    lr=1e-4,
    f_lr=1e-4,
    ds_iter=100,
    total_iters=1000,
    log_every=1,
    sample_every=0,
    eval_every=0,
    save_every=SAVE_EVERY,
)
LOST = 138  # the status that tells a TFJob to start a process again


def flags_of(config):
    return [
        f"--{field.name}={getattr(config, field.name)}"
        for field in dataclasses.fields(config)
        if getattr(config, field.name) != field.default
    ]


def addresses(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]


class Worker:
    """One process of a cluster; what it prints is in files."""

    def __init__(self, folder, cluster, index, config):
        task = {"cluster": {"worker": cluster}, "task": {"type": "worker", "index": index}}
        self.scratch = folder / f"scratch{index}"
        self.scratch.mkdir(parents=True)
        self._printed = {name: folder / f"{name}{index}" for name in ("stdout", "stderr")}
        with contextlib.ExitStack() as stack:
            files = {n: stack.enter_context(p.open("w")) for n, p in self._printed.items()}
            self.process = subprocess.Popen(
                [sys.executable, "-m", "stargan_tf.train", "--multi_worker", *flags_of(config)],
                cwd=ROOT,
                env={**os.environ, "TF_CONFIG": json.dumps(task), "TMPDIR": str(self.scratch)},
                **files,
            )

    def printed(self, name):
        return self._printed[name].read_text()

    def end(self):
        """Waits for the end; returns the status."""
        return self.process.wait(timeout=120)


class Sitting:
    """Two workers that train until something is done to the second, and what came of it."""

    def __init__(self, folder, run, second_run, data_dir, ready, deed):
        config = dataclasses.replace(CONFIG, data_dir=str(data_dir))
        runs = (run, second_run)
        cluster = addresses(2)
        self.workers = []
        try:
            for index in range(2):
                changed = dataclasses.replace(config, run_dir=str(runs[index].root))
                self.workers.append(Worker(folder, cluster, index, changed))
            while not ready(steps_of(run)):
                for worker in self.workers:
                    assert worker.process.poll() is None, worker.printed("stderr")
                time.sleep(0.01)
            self.workers[1].process.send_signal(deed)
            start = time.monotonic()
            self.statuses = [worker.end() for worker in self.workers]
            self.seconds_to_end = time.monotonic() - start
        finally:
            for worker in self.workers:
                worker.process.kill()
                worker.process.wait()
        self.records = records(run)
        self.newest = tf.train.latest_checkpoint(str(run.checkpoints))
        self.saved = int(self.newest.rpartition("-")[2])


def records(run):
    if not run.metrics_file.exists():
        return {}
    # The last line may be half written.
    lines = run.metrics_file.read_text().split("\n")[:-1]
    return {record["step"]: record for record in map(json.loads, lines)}


def steps_of(run):
    return list(records(run))


def assert_same_losses(found, expected, tolerance):
    for name in tiny.LOSSES:
        assert found[name] == pytest.approx(expected[name], rel=tolerance, abs=1e-4), name


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("multi_worker")


@pytest.fixture(scope="module")
def run(folder):
    return RunDir(folder / "run")


@pytest.fixture(scope="module")
def killed(folder, run, two_domains_dir):
    """Killed between two checkpoints."""

    def ready(steps):
        return steps and steps[-1] > SAVE_EVERY and steps[-1] % SAVE_EVERY == 2

    # A run folder of its own: nothing was saved yet that both would have to see.
    second_run = RunDir(folder / "second_run")
    return Sitting(folder / "killed", run, second_run, two_domains_dir, ready, signal.SIGKILL)


@pytest.fixture(scope="module")
def stopped(folder, run, two_domains_dir, killed):
    def ready(steps):
        return len(steps) > len(killed.records)

    return Sitting(folder / "stopped", run, run, two_domains_dir, ready, signal.SIGTERM)


@pytest.fixture(scope="module")
def alone(folder, two_domains_dir, killed):
    run = RunDir(folder / "alone")
    config = dataclasses.replace(
        CONFIG,
        data_dir=str(two_domains_dir),
        run_dir=str(run.root),
        total_iters=len(killed.records) + 1,
    )
    with tiny.eagerly():
        assert train_run(config) == 0
    return records(run)


def test_losses_are_those_of_one_process_with_the_same_global_batch(alone, stopped):
    for step, expected in alone.items():
        # Rounding differs, and a first moment of 0 makes Adam magnify it from step to step.
        assert_same_losses(stopped.records[step], expected, 1e-5 if step < 3 else 3e-2)


def test_the_loss_of_a_worker_ends_the_others_soon_with_a_sentence(killed):
    assert killed.statuses == [LOST, -signal.SIGKILL]
    assert killed.seconds_to_end < 60  # heartbeats are missed after ten
    said = killed.workers[0].printed("stderr")
    assert "Traceback" not in said
    sentence = said.splitlines()[-1]
    assert re.match(r"error: Lost another worker \(.+\), and no worker can", sentence)
    assert sentence.endswith(f"the run goes on from {killed.newest}.")


def test_training_goes_on_from_the_last_checkpoint(killed, stopped):
    assert killed.saved % SAVE_EVERY == 0
    said = f"at iteration {killed.saved}, on 2 CPU devices.\n"
    assert said in stopped.workers[0].printed("stdout")
    # What was done after that checkpoint is done again, to the same losses.
    again = killed.saved + 1
    assert_same_losses(stopped.records[again], killed.records[again], 1e-5)
    assert list(stopped.records) == list(range(1, len(stopped.records) + 1))


def test_sigterm_to_one_worker_stops_both_with_everything_saved(stopped):
    assert stopped.statuses == [128 + signal.SIGTERM] * 2
    assert stopped.saved == len(stopped.records) < CONFIG.total_iters
    chief, worker = (worker.printed("stdout") for worker in stopped.workers)
    assert f"Stopped by SIGTERM after iteration {stopped.saved}; everything is saved." in chief
    assert "Stopped by SIGTERM to one of the workers; the chief has saved all." in worker


def test_only_the_chief_writes(folder, run, killed, stopped):
    assert not (folder / "second_run").exists()
    assert not any(stopped.workers[1].scratch.iterdir())
    assert len(list(run.logs.iterdir())) == 2  # one file a sitting
    assert {path.name for path in run.root.iterdir()} == {
        *("config.json", "metrics.jsonl", "checkpoints", "logs", "samples")
    }


def test_both_say_whom_they_wait_for(killed):
    for index, worker in enumerate(killed.workers):
        said = rf"Worker {index} of 2 waits for the others: 127.0.0.1:\d+, 127.0.0.1:\d+\.\n"
        assert re.match(said, worker.printed("stdout"))


@pytest.mark.parametrize(
    ("arguments", "tf_config", "message"),
    [
        (["--multi_worker"], "", "no environment variable TF_CONFIG"),
        (["--multi_worker"], "{", "Found a TF_CONFIG that cannot be used, with no JSON"),
        (["--multi_worker", "--dry_run"], "{", "Found --multi_worker and --dry_run"),
        (
            [],
            '{"cluster": {"worker": ["a:1", "b:2"]}, "task": {"type": "worker", "index": 0}}',
            "add --multi_worker to train together",
        ),
    ],
)
def test_mistakes_are_one_line(tmp_path, two_domains_dir, arguments, tf_config, message):
    config = StarGANv2Settings(data_dir=str(two_domains_dir), run_dir=str(tmp_path / "run"))
    process = subprocess.run(
        [sys.executable, "-m", "stargan_tf.train", *flags_of(config), *arguments],
        cwd=ROOT,
        env={**os.environ, "TF_CONFIG": tf_config},
        capture_output=True,
        text=True,
    )
    assert process.returncode == 1
    assert process.stderr.startswith("error: ") and process.stderr.count("\n") == 1
    assert message in process.stderr
    assert not (tmp_path / "run").exists()
