"""Kills a tiny training run at random moments, resumes it, and compares it with an unbroken one.

    python -m tests.reliability kill --kills=20 --signal=KILL --seed=0

The moments are random within the phase that the run is in: each phase gets its turn, however
short it is. What is compared bit by bit: every variable of the last checkpoint (weights, averages,
optimizers, schedule, iteration), every record of metrics.jsonl without times and speeds, every
image grid, and the scalars that TensorBoard shows.
"""

import argparse
import collections
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import stargan_tf
from stargan_tf.training.run_dir import RunDir
from tests.data import makers
from tests.reliability.comparing import compare
from tests.reliability.marked_train import DESCRIPTOR, KILL

PHASES = ("start-up", "tracing", "step", "checkpoint", "summary", "evaluation", "sampling")
SETTINGS = (
    "--img_size=32 --base_channels=4 --max_conv_dim=8 --mapping_hidden_dim=8 --latent_dim=4 "
    "--style_dim=6 --batch_size=2 --total_iters=12 --ds_iter=12 --save_every=3 --log_every=2 "
    "--sample_every=4 --eval_every=4 --keep_checkpoints=2 "
    # Two updates in place of four: the process compiles less each time it begins.
    "--fused_passes"
).split()
_TRAIN = "from tests.reliability.marked_train import main; main()"
_SECONDS = 600
_REPOSITORY = Path(stargan_tf.__file__).parents[1]


class Moment(NamedTuple):
    """When to send a signal: so long after a phase has begun for the nth time in a sitting."""

    phase: str
    nth: int
    delay: float


class Trial(NamedTuple):
    """What came of a number of runs.

    Attributes:
      phases: in which the process was when it got each signal.
      runs: how many were compared.
      differences: from the unbroken run, in words.
    """

    phases: list[str]
    runs: int
    differences: list[str]


class Sitting:
    """One process that trains, and the phases that it says it is in."""

    def __init__(self, run: RunDir, data_dir: Path, kill_at: Moment | None = None) -> None:
        self._run = run
        self._changed = threading.Condition()
        self._open = ["start-up"]
        self._begun = collections.Counter({"start-up": 1})
        self.seconds: dict[str, float] = {}  # the longest, by phase
        self._began = {"start-up": time.monotonic()}
        self._ended = False
        reading, writing = os.pipe()
        run.root.parent.mkdir(parents=True, exist_ok=True)
        with (run.root.parent / f"{run.root.name}.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _TRAIN, *SETTINGS]
                + [f"--run_dir={run.root}", f"--data_dir={data_dir}"],
                cwd=_REPOSITORY,
                env={
                    **os.environ,
                    DESCRIPTOR: str(writing),
                    KILL: "/".join(map(str, kill_at or ())),
                    "TF_CPP_MIN_LOG_LEVEL": "3",
                },
                pass_fds=[writing],
                stdout=log,
                stderr=log,
            )
        os.close(writing)
        self._reader = threading.Thread(target=self._follow, args=(reading,), daemon=True)
        self._reader.start()

    def _follow(self, descriptor: int) -> None:
        with os.fdopen(descriptor) as marks:
            for line in marks:
                verb, phase = line.rstrip("\n").split(" ", 1)
                with self._changed:
                    self._note(verb, phase)
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _note(self, verb: str, phase: str) -> None:
        now = time.monotonic()
        if verb == "begin":
            if phase == "tracing" and self._open[0] == "start-up":
                self.seconds["start-up"] = now - self._began["start-up"]
                self._open[0] = "between"
            self._open.append(phase)
            for name in {phase, _coarse(phase)}:
                self._begun[name] += 1
                self._began[name] = now
        else:
            self._open.remove(phase)
            for name in {phase, _coarse(phase)}:
                self.seconds[name] = max(self.seconds.get(name, 0), now - self._began[name])

    def send(self, kind: signal.Signals, moment: Moment) -> str | None:
        """Sends a signal at the moment; returns the phase then, None if it never came."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._ended or self._begun[moment.phase] >= moment.nth, _SECONDS
            )
            if self._ended:
                return None
        time.sleep(moment.delay)
        if self.process.poll() is not None:
            return None
        self.process.send_signal(kind)
        if kind == signal.SIGKILL:
            return self.killed_in()
        with self._changed:
            return self._open[-1]

    def killed_in(self) -> str | None:
        """Waits for the end; returns the phase in which SIGKILL came, None if it did not."""
        if self.end() != -signal.SIGKILL:
            return None
        return self._open[-1]

    def end(self) -> int:
        """Waits for the end; returns the status."""
        try:
            return self.process.wait(_SECONDS)
        finally:
            self.process.kill()
            self._reader.join(_SECONDS)


def _coarse(phase: str) -> str:
    return phase.split(":")[0]


def trial(
    work: Path,
    kinds: Sequence[signal.Signals],
    seed: int,
    aimed_at: Sequence[str] = PHASES,
    per_run: int = 5,
) -> Trial:
    """Breaks runs until there were so many signals, and compares each with an unbroken run.

    Args:
      work: an empty folder.
      kinds: the signals, in their order.
      seed: of the moments.
      aimed_at: the phases that get their turn.
      per_run: how many signals each run gets before it may end.
    """
    source = makers.folder(
        work / "source", {"train/cat": 5, "train/dog": 4, "val/cat": 2, "val/dog": 2}
    )
    makers.prepared(work / "data", source="folder", input_dir=str(source))
    unbroken = RunDir(work / "unbroken")
    sitting = Sitting(unbroken, work / "data")
    assert sitting.end() == 0, (work / "unbroken.log").read_text()
    moments = _moments(random.Random(seed), aimed_at, sitting.seconds)
    phases: list[str] = []
    differences: list[str] = []
    runs = 0
    while len(phases) < len(kinds):
        run = RunDir(work / f"run{runs}")
        told = _break(run, work / "data", moments, kinds[len(phases) :][:per_run])
        phases += told
        print(f"{run.root.name}: a signal in {', '.join(told) or 'no phase'}", flush=True)
        runs += 1
        found = [f"{run.root.name}: {text}" for text in compare(unbroken, run)]
        print("\n".join(found) or f"{run.root.name} equals the unbroken run.", flush=True)
        differences += found
    return Trial(phases, runs, differences)


def _moments(
    chance: random.Random, aimed_at: Sequence[str], seconds: dict[str, float]
) -> Iterator[Moment]:
    """Random moments, of each phase in turn, in random order."""
    while True:
        for phase in chance.sample(aimed_at, len(aimed_at)):
            # What comes once in a sitting, and what comes again and again.
            nth = 1 if phase in ("start-up", "tracing") else chance.randint(1, 2)
            yield Moment(phase, nth, chance.uniform(0, seconds[phase]))


def _break(
    run: RunDir, data_dir: Path, moments: Iterator[Moment], kinds: Sequence[signal.Signals]
) -> list[str]:
    """Trains to the end with these signals on the way; returns the phases they came in."""
    phases: list[str] = []
    while True:
        left = kinds[len(phases) :]
        kind = left[0] if left else None
        moment = next(moments) if left else None
        exact = moment if kind == signal.SIGKILL and moment and moment.phase != "start-up" else None
        sitting = Sitting(run, data_dir, exact)
        with contextlib.ExitStack() as stack:
            stack.callback(sitting.end)
            if moment and (phase := sitting.killed_in() if exact else sitting.send(kind, moment)):
                phases.append(phase)
        status = sitting.end()
        if status == 0:
            return phases
        expected = (-kind, 128 + kind) if kind else ()
        assert status in expected, f"{status}: {Path(f'{run.root}.log').read_text()}"


def main() -> int:
    """Runs a trial and says what came of it; 1 if anything differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--signal", choices=("KILL", "TERM"), default="KILL")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--phases", nargs="+", choices=PHASES, default=PHASES)
    arguments = parser.parse_args()
    kind = signal.Signals[f"SIG{arguments.signal}"]
    with tempfile.TemporaryDirectory() as work:
        kinds = [kind] * arguments.kills
        result = trial(Path(work), kinds, arguments.seed, arguments.phases)
    print(f"{len(result.phases)} times {kind.name} in {result.runs} runs, in these phases:")
    for phase, count in sorted(collections.Counter(result.phases).items()):
        print(f"  {phase:24}{count:4}")
    print(f"{len(result.differences)} differences from the unbroken run")
    print("\n".join(result.differences[:50]))
    return 1 if result.differences else 0
