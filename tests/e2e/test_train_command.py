"""`python -m stargan_tf.train` as its users meet it: signals, resume, mistakes."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

import stargan_tf
from stargan_tf.loading import load_run

pytestmark = pytest.mark.e2e

REPOSITORY = Path(stargan_tf.__file__).parents[1]
COMMAND = [sys.executable, "-m", "stargan_tf.train"]
TOTAL_ITERS = 60
DS_ITER = 20
SETTINGS = [
    "--flagfile=stargan_tf/flagfiles/smoke.flags",
    "--base_channels=4",
    "--max_conv_dim=8",
    "--mapping_hidden_dim=8",
    f"--total_iters={TOTAL_ITERS}",
    f"--ds_iter={DS_ITER}",
    "--log_every=1",
    "--sample_every=1000",
    "--eval_every=30",
    "--save_every=1000",
]


class Sitting:
    """A training process that was told to stop once it had logged a new iteration."""

    def __init__(self, run_dir, kind, *arguments):
        self.run_dir = run_dir
        before = len(records(run_dir))
        with subprocess.Popen(
            [*COMMAND, f"--run_dir={run_dir}", *arguments],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                self._wait(process, before)
                process.send_signal(kind)
                self.stdout, self.stderr = process.communicate(timeout=120)
            finally:
                process.kill()
        self.status = process.returncode
        self.steps = [record["step"] for record in records(run_dir)]
        newest = tf.train.latest_checkpoint(str(run_dir / "checkpoints"))
        self.saved = int(newest.rpartition("-")[2])

    def _wait(self, process, before):
        for _ in range(4800):
            if len(records(self.run_dir)) > before:
                return
            try:
                process.wait(timeout=0.05)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"ended with {process.returncode}: {process.stderr.read()}")
        raise AssertionError("did not train")


def records(run_dir):
    path = run_dir / "metrics.jsonl"
    if not path.exists():
        return []
    # The last line may be half written.
    return [json.loads(line) for line in path.read_text().split("\n")[:-1]]


def command(*arguments):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], cwd=REPOSITORY, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def terminated(tmp_path_factory, two_domains_dir):
    run_dir = tmp_path_factory.mktemp("runs") / "first"
    return Sitting(run_dir, signal.SIGTERM, f"--data_dir={two_domains_dir}", *SETTINGS)


@pytest.fixture(scope="module")
def interrupted(terminated):
    return Sitting(terminated.run_dir, signal.SIGINT)


@pytest.fixture(scope="module")
def finished(interrupted):
    return command(f"--run_dir={interrupted.run_dir}")


def assert_stopped(sitting, kind):
    assert sitting.status == 128 + kind
    assert 0 < sitting.saved < TOTAL_ITERS
    assert sitting.saved == sitting.steps[-1]
    name = signal.Signals(kind).name
    assert f"Stopped by {name} after iteration {sitting.saved}; everything" in sitting.stdout
    assert f"python -m stargan_tf.train --run_dir={sitting.run_dir}\n" in sitting.stdout
    assert "Traceback" not in sitting.stderr


@pytest.mark.slow
def test_sigterm_saves_and_exits_with_143(terminated):
    assert_stopped(terminated, signal.SIGTERM)


@pytest.mark.slow
def test_ctrl_c_saves_and_exits_with_130(interrupted):
    assert_stopped(interrupted, signal.SIGINT)


@pytest.mark.slow
def test_run_dir_alone_goes_on(terminated, interrupted):
    said = f"Resuming {interrupted.run_dir} at iteration {terminated.saved}, on the CPU."
    assert said in interrupted.stdout


@pytest.mark.slow
def test_run_dir_alone_finishes(interrupted, finished):
    assert finished.returncode == 0, finished.stderr
    assert f"at iteration {interrupted.saved}, on the CPU." in finished.stdout
    assert f"Trained to iteration {TOTAL_ITERS}." in finished.stdout
    assert load_run(interrupted.run_dir).step == TOTAL_ITERS


@pytest.mark.slow
def test_no_iteration_is_lost_or_done_twice(interrupted, finished):
    steps = [r["step"] for r in records(interrupted.run_dir) if "lambda_ds" in r]
    assert steps == list(range(1, TOTAL_ITERS + 1))


@pytest.mark.slow
def test_lambda_ds_went_on_falling(interrupted, finished):
    values = [r["lambda_ds"] for r in records(interrupted.run_dir) if "lambda_ds" in r]
    expected = [max(0.0, 1 - step / DS_ITER) for step in range(TOTAL_ITERS)]
    assert values == pytest.approx(expected, abs=1e-6)


@pytest.mark.slow
def test_what_a_run_leaves(interrupted, finished):
    run_dir = interrupted.run_dir
    assert any((run_dir / "samples").iterdir())
    assert len(list((run_dir / "logs").glob("events.out.tfevents.*"))) == 3
    validations = [r["step"] for r in records(run_dir) if "val/latent_cyc" in r]
    assert validations == [30, 60]


@pytest.mark.slow
def test_nothing_but_progress_is_printed_to_stderr(finished):
    assert all("training" in line for line in finished.stderr.splitlines() if line.strip())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--run_dir=RUN"], "Found no --data_dir"),
        (["--run_dir=RUN", "--data_dir=NOWHERE"], "Found no dataset_info.json in NOWHERE"),
        (["--data_dir=DATA"], "Found no --run_dir"),
        (["--run_dir=RUN", "--data_dir=DATA", "--img_size=48"], "--img_size=48, expected a power"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(tmp_path, two_domains_dir, arguments, message):
    places = {"RUN": tmp_path / "run", "NOWHERE": tmp_path / "nowhere", "DATA": two_domains_dir}
    for name, path in places.items():
        arguments = [argument.replace(name, str(path)) for argument in arguments]
        message = message.replace(name, str(path))
    process = command(*SETTINGS, *arguments)
    assert process.returncode == 1
    assert process.stderr.startswith("error: ")
    assert message in process.stderr
    assert process.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_other_settings_are_refused(finished, interrupted):
    process = command(f"--run_dir={interrupted.run_dir}", "--beta1=0.5", "--total_iters=99")
    assert process.returncode == 1
    assert "beta1 (0.0 there, 0.5 here)" in process.stderr
    assert process.stderr.count("\n") == 1


@pytest.mark.slow
def test_dry_run_describes_and_creates_nothing(tmp_path, two_domains_dir):
    process = command(
        *SETTINGS, "--dry_run", f"--run_dir={tmp_path / 'run'}", f"--data_dir={two_domains_dir}"
    )
    assert process.returncode == 0, process.stderr
    assert f"total_iters = {TOTAL_ITERS}" in process.stdout
    assert "Domains: cat, dog" in process.stdout
    assert list(tmp_path.iterdir()) == []
