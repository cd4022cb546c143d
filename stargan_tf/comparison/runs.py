"""Trains and measures the runs of a comparison, each by the commands that people type."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple, NoReturn

from stargan_tf import flags
from stargan_tf.algorithms.registry import DEFAULT, settings_class
from stargan_tf.comparison.rows import ROWS, flagfile, heading
from stargan_tf.config.ablation import AblationConfig
from stargan_tf.config.settings import check
from stargan_tf.errors import UserError
from stargan_tf.files import read_json

_METRICS_FILE = "metrics.json"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ComparedRun(NamedTuple):
    """One run.

    Attributes:
      row: its name in `ROWS`.
      seed: of its training.
      total_iters: how long it is trained.
      run_dir: its folder.
      results_dir: where its metrics go.
    """

    row: str
    seed: int
    total_iters: int
    run_dir: Path
    results_dir: Path

    @property
    def complete(self) -> bool:
        """Whether it is trained and measured."""
        return (self.results_dir / _METRICS_FILE).exists()

    def metrics(self) -> dict[str, Any]:
        """What was measured, as in metrics.json."""
        return read_json(self.results_dir / _METRICS_FILE)


def planned_runs(config: AblationConfig) -> list[ComparedRun]:
    """The runs of a comparison, seed by seed, so that one seed of all rows is there early."""
    out, runs = Path(config.out), []
    totals = {name: config.total_iters or _total_iters(name) for name in config.rows}
    for seed in map(int, config.seeds):
        for name, total in totals.items():
            run_dir = out / f"{name}_{seed}"
            measured = f"ablation_{total:06d}_outputs{config.num_outputs}"
            runs.append(ComparedRun(name, seed, total, run_dir, run_dir / "evaluation" / measured))
    return runs


def _total_iters(name: str) -> int:
    path = str(flagfile(name))
    algorithm = flags.peek("algorithm", arguments=[f"--flagfile={path}"])["algorithm"]
    return flags.read_flagfile(settings_class(algorithm or DEFAULT), path).total_iters


def complete_runs(config: AblationConfig, runs: list[ComparedRun]) -> None:
    """Trains and measures what is not complete yet; goes on with what was interrupted.

    Raises:
      UserError: a command failed, or was interrupted.
    """
    start = time.monotonic()
    for number, run in enumerate(runs, 1):
        where = f"[{number}/{len(runs)}] {heading(run.row)}, seed {run.seed}"
        if run.complete:
            print(f"{where}: complete.")
            continue
        minutes = f"after {(time.monotonic() - start) / 60:.0f} min"
        print(f"{where}: trains to iteration {run.total_iters}, {minutes}.")
        _run("stargan_tf.train", _training_flags(config, run))
        print(f"{where}: is measured.")
        _run("stargan_tf.evaluate", _evaluation_flags(config, run))


def _training_flags(config: AblationConfig, run: ComparedRun) -> dict[str, Any]:
    return {
        "flagfile": flagfile(run.row),
        "data_dir": config.data_dir,
        "run_dir": run.run_dir,
        "seed": run.seed,
        "total_iters": run.total_iters,
    }


def _evaluation_flags(config: AblationConfig, run: ComparedRun) -> dict[str, Any]:
    row = ROWS[run.row]
    return {
        "run_dir": run.run_dir,
        "data_dir": config.data_dir,
        "modes": row.mode,
        "num_outs_per_domain": 2,
        "max_sources": config.num_outputs // row.num_outs,
        "out": run.results_dir,
    }


def _run(module: str, values: dict[str, Any]) -> None:
    """Runs a command in a process of its own, which leaves nothing behind in this one."""
    command = [sys.executable, "-m", module]
    command += [f"--{flag}={value}" for flag, value in values.items()]
    # In a session of its own: Ctrl-C reaches it through us, once, for a second one would stop it
    # before it has saved.
    with subprocess.Popen(command, start_new_session=True) as process, _passed_on():
        try:
            status = process.wait()
        except KeyboardInterrupt as interrupt:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(KeyboardInterrupt):
                process.wait()
            raise UserError(
                "Interrupted: run the same command again, and it goes on where it was."
            ) from interrupt
    check(
        status == 0,
        f"{module} ended with status {status} for {values['run_dir']}, expected 0: mend what it "
        "says above and run the same command again.",
    )


@contextlib.contextmanager
def _passed_on() -> Iterator[None]:
    """Makes every signal that asks to stop a KeyboardInterrupt; nohup's SIGHUP stays ignored."""

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = {kind: signal.getsignal(kind) for kind in _SIGNALS}
    before = {k: v for k, v in before.items() if (k, v) != (signal.SIGHUP, signal.SIG_IGN)}
    for kind in before:
        signal.signal(kind, interrupt)
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
