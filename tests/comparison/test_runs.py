import dataclasses
import signal
import subprocess
import sys

import pytest

from stargan_tf.comparison import runs as runs_module
from stargan_tf.comparison.rows import ROWS
from stargan_tf.comparison.runs import complete_runs, planned_runs
from stargan_tf.config.ablation import AblationConfig
from stargan_tf.errors import UserError
from stargan_tf.evaluation.real_images import MIN_IMAGES


def config_of(tmp_path, **changes):
    return AblationConfig(data_dir="data", out=str(tmp_path), **changes)


def finish(run):
    run.results_dir.mkdir(parents=True)
    (run.results_dir / "metrics.json").write_text("{}")


@pytest.fixture
def commands(monkeypatch):
    """Takes down the commands that would run; each evaluation leaves its metrics."""
    found = []

    def note(name, values):
        found.append((name, values))
        if name == "stargan_tf.evaluate":
            values["out"].mkdir(parents=True)
            (values["out"] / "metrics.json").write_text("{}")

    monkeypatch.setattr(runs_module, "_run", note)
    return found


def test_a_seed_of_every_row_comes_before_the_next(tmp_path):
    plan = planned_runs(config_of(tmp_path, rows=("a", "f"), seeds=("5", "3")))
    assert [(run.row, run.seed) for run in plan] == [("a", 5), ("f", 5), ("a", 3), ("f", 3)]
    assert [run.run_dir.name for run in plan] == ["a_5", "f_5", "a_3", "f_3"]
    a, f, *_ = plan
    assert a.total_iters == 2 * f.total_iters  # those of the flagfiles
    (short, *_) = planned_runs(config_of(tmp_path, total_iters=5))
    assert short.total_iters == 5 and short.results_dir != a.results_dir


def test_what_is_trained_and_measured(commands, tmp_path):
    config = config_of(tmp_path, rows=("b", "d"), seeds=("4",), total_iters=6, num_outputs=20)
    complete_runs(config, planned_runs(config))
    train, evaluate, train_d, evaluate_d = (values for _, values in commands)
    assert [name for name, _ in commands] == ["stargan_tf.train", "stargan_tf.evaluate"] * 2
    assert train["flagfile"].name == "ablation_b.flags"
    assert (train["seed"], train["total_iters"], train["data_dir"]) == (4, 6, "data")
    assert train_d["run_dir"] == evaluate_d["run_dir"] == tmp_path / "d_4"
    # As many translations in each row: one of 20 images, two of 10.
    assert (evaluate["modes"], evaluate["max_sources"]) == ("label", 20)
    assert (evaluate_d["modes"], evaluate_d["max_sources"]) == ("latent", 10)
    assert evaluate_d["num_outs_per_domain"] == 2


def test_the_fewest_outputs_are_enough_images_for_an_evaluation(tmp_path):
    fields = {field.name: field for field in dataclasses.fields(AblationConfig)}
    least = fields["num_outputs"].metadata["least"]
    assert all(least // row.num_outs >= MIN_IMAGES for row in ROWS.values())


def test_what_is_complete_is_skipped(commands, tmp_path, capsys):
    config = config_of(tmp_path, rows=("a", "c"), seeds=("1",))
    a, c = planned_runs(config)
    finish(a)
    complete_runs(config, [a, c])
    assert [values["run_dir"] for _, values in commands] == [c.run_dir] * 2
    assert "[1/2] A, seed 1: complete." in capsys.readouterr().out
    complete_runs(config, [a, c])
    assert len(commands) == 2


def test_a_command_that_fails_ends_the_work(tmp_path):
    with pytest.raises(UserError, match="train ended with status 1 for .*run, expected 0"):
        runs_module._run("stargan_tf.train", {"run_dir": tmp_path / "run", "no_such_flag": 1})


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_stop_reaches_the_command_once(kind, tmp_path):
    """The command says that it started, and then which signals it got."""
    (tmp_path / "stargan_tf").mkdir()
    (tmp_path / "stargan_tf" / "__init__.py").touch()
    (tmp_path / "stargan_tf" / "train.py").write_text(
        "import signal, sys, time\n"
        "got = []\n"
        "for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):\n"
        "    signal.signal(kind, lambda number, frame: got.append(signal.Signals(number).name))\n"
        "print('started', flush=True)\n"
        "while not got:\n"
        "    time.sleep(0.01)\n"
        "time.sleep(0.2)\n"
        "print(*got, flush=True)\n"
        "sys.exit(143)\n"
    )
    program = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"  # whatever these tests run under
        "from stargan_tf.comparison.runs import _run\n"
        "from stargan_tf.errors import UserError\n"
        f"os.chdir({str(tmp_path)!r})\n"
        "try:\n"
        "    _run('stargan_tf.train', {'run_dir': 'run'})\n"
        "except UserError as error:\n"
        "    print(error)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "started\n"
    process.send_signal(kind)
    said, _ = process.communicate(timeout=60)
    assert said.startswith("SIGTERM\nInterrupted: run the same command again")
