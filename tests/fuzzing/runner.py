"""Runs cases in a process of their own, and finds what that process cannot say itself."""

import collections
import json
import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, NamedTuple

import stargan_tf
from tests.fuzzing import targets
from tests.fuzzing.targets import MIB
from tests.fuzzing.worker import ACCEPTED, FAILED, REJECTED, Answer

SECONDS = 5.0  # for a case
_SECONDS_TO_MAKE = 300.0  # for a target, with TensorFlow's start
# The machine is saved from a process that takes more than this; a target's own bound is lower.
_MOST_BYTES = 6 * 2**30
_SERVE = "from tests.fuzzing.worker import serve; serve()"
_REPOSITORY = Path(stargan_tf.__file__).parents[1]


class Failure(NamedTuple):
    """A case that went wrong.

    Attributes:
      case: TARGET:SEED:NUMBER, which alone makes it again.
      kind: in a word or two.
      text: all that is known.
    """

    case: str
    kind: str
    text: str


class Result(NamedTuple):
    """What came of many cases: how many of each outcome by target, and what failed."""

    counts: dict[str, collections.Counter[str]]
    failures: list[Failure]

    def table(self) -> str:
        """A line for each target, and one for all."""
        lines = [f"{'target':32}{'cases':>8}{ACCEPTED:>10}{REJECTED:>10}{FAILED:>8}"]
        total: collections.Counter[str] = sum(self.counts.values(), collections.Counter())
        for name, count in [*self.counts.items(), ("all", total)]:
            outcomes = "".join(f"{count[o]:>{w}}" for o, w in ((ACCEPTED, 10), (REJECTED, 10)))
            lines.append(f"{name:32}{count.total():>8}{outcomes}{count[FAILED]:>8}")
        return "\n".join(lines)


class _Worker:
    """The process. It ends with the first case that it does not survive."""

    def __init__(self, log: IO[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=_REPOSITORY,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONFAULTHANDLER": "1"},
            start_new_session=True,
        )
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.stdout, selectors.EVENT_READ)
        self.made: set[str] = set()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, question: str, seconds: float) -> Answer:
        """Asks for a case; whatever keeps the process from answering is a failure."""
        deadline = time.monotonic() + seconds
        try:
            self._process.stdin.write(f"{question}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            return self._crash()
        line = b""
        while not line.endswith(b"\n"):
            if time.monotonic() > deadline:
                self.end()
                return Answer(FAILED, "hang", f"no answer within {seconds:.0f} s")
            if _resident(self._process.pid) > _MOST_BYTES:
                self.end()
                return Answer(FAILED, "memory", f"over {_MOST_BYTES // MIB} MiB")
            if self._selector.select(0.1):
                part = os.read(self._process.stdout.fileno(), 2**20)
                if not part:
                    return self._crash()
                line += part
        return Answer(*json.loads(line))

    def _crash(self) -> Answer:
        status = self._process.wait()
        named = signal.Signals(-status).name if status < 0 else f"status {status}"
        return Answer(FAILED, "crash", f"the process ended with {named}")

    def end(self) -> None:
        """Ends the process, at once."""
        self._process.kill()
        self._process.wait()
        self._selector.close()

    def finish(self) -> None:
        """Lets the process close what it has opened."""
        self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self.end()


class Runner:
    """Runs cases one after the other, and starts another process after each that is lost."""

    def __init__(self, seconds: float = SECONDS) -> None:
        """Starts nothing yet; each case may take so many seconds."""
        self._seconds = seconds
        self._log = tempfile.TemporaryFile("w+", errors="replace")
        self._worker: _Worker | None = None

    def __enter__(self) -> "Runner":
        return self

    def __exit__(self, *exception: object) -> None:
        if self._worker:
            self._worker.finish()
        self._log.close()

    def run(self, name: str, seed: int, number: int) -> Answer:
        """Runs a case. One that is late has a second try: the machine may have been busy."""
        answer = self._attempt(name, seed, number)
        return self._attempt(name, seed, number) if answer.kind == "hang" else answer

    def _attempt(self, name: str, seed: int, number: int) -> Answer:
        if self._worker is None or not self._worker.alive:
            self._worker = _Worker(self._log)
        worker = self._worker
        if name not in worker.made:
            answer = worker.ask(f"make {name}", _SECONDS_TO_MAKE)
            if answer.outcome == FAILED:
                return answer._replace(text=answer.text + self._said())
            worker.made.add(name)
        answer = worker.ask(f"run {name} {seed} {number}", self._seconds)
        if answer.kind in ("crash", "hang"):
            return answer._replace(text=answer.text + self._said())
        return answer

    def _said(self) -> str:
        """The end of what the process has printed."""
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - 3000))
        return "\n" + self._log.read()


def run(
    cases: int,
    seed: int,
    names: Sequence[str],
    *,
    seconds: float = SECONDS,
    tell: Callable[[str, Answer], None] = lambda case, answer: None,
) -> Result:
    """Runs so many cases, shared out among targets.

    Args:
      cases: how many in all.
      seed: of what is damaged, and how.
      names: of the targets.
      seconds: that a case may take.
      tell: is told each case and what came of it.
    """
    result = Result({}, [])
    with Runner(seconds) as runner:
        for name, count in targets.shared_out(cases, names).items():
            result.counts[name] = collections.Counter()
            for number in range(count):
                answer = runner.run(name, seed, number)
                result.counts[name][answer.outcome] += 1
                case = f"{name}:{seed}:{number}"
                if answer.outcome == FAILED:
                    result.failures.append(Failure(case, answer.kind, answer.text))
                tell(case, answer)
    return result


def _resident(pid: int) -> int:
    """The memory of another process in bytes; 0 where the system does not say."""
    try:
        found = re.search(r"VmRSS:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return 1024 * int(found[1]) if found else 0
