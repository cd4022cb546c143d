"""What can be measured, and how: interleaved repeats, after a warm-up that does not count."""

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from stargan_tf.benchmarking.memory import Memory, PeakMemory
from stargan_tf.benchmarking.operations import Operations, count_operations


@dataclasses.dataclass(frozen=True)
class Work:
    """Something to measure again and again.

    Attributes:
      what: its name, the same in all variants.
      run: does it once; returns the seconds.
      images: how many one run works on, 0 where that means nothing.
      operations: of one run, by dtype; None where nobody counted them.
      tracing: seconds that making its graph took, which the first run of the warm-up is longer by.
      moved_bytes: that one run reads and writes, of a memory copy.
      function: the concrete function that one run calls, where that is all it does.
      part_of: name of the work whose function has this as a part; empty for a work of its own.
      variant: which of the settings that are compared it is of.
      details: whatever else is known about it.
    """

    what: str
    run: Callable[[], float]
    images: int = 0
    operations: Operations | None = None
    tracing: float = 0.0
    moved_bytes: int = 0
    function: Any = None
    part_of: str = ""
    variant: int = 0
    details: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Measured:
    """What the repeats of one work took.

    Attributes:
      work: that was measured.
      warm_up: seconds of the runs that do not count; the first one has what is traced, compiled
        and allocated once.
      seconds: of each repeat.
      memory: the most that was held while the last run of the warm-up ran.
    """

    work: Work
    warm_up: list[float]
    seconds: list[float]
    memory: Memory


def timed(call: Callable[[], Any]) -> Callable[[], float]:
    """A `Work.run` that waits until the devices have done what `call` asks for."""

    def run() -> float:
        start = time.perf_counter()
        call()
        tf.test.experimental.sync_devices()
        return time.perf_counter() - start

    return run


class Traced:
    """A function's graph for some arguments, and how long it took to trace."""

    def __init__(self, function: tf.types.experimental.GenericFunction, *arguments: Any) -> None:
        """Traces it."""
        start = time.perf_counter()
        # Of the same arguments: the call finds the trace.
        self._concrete = function.get_concrete_function(*arguments)
        self._tracing = time.perf_counter() - start
        self._call = lambda: function(*arguments)

    def work(self, what: str, images: int) -> Work:
        """Calls of the function."""
        return Work(
            what,
            timed(self._call),
            images,
            operations=count_operations(self._concrete),
            tracing=self._tracing,
            function=self._concrete,
        )


def measure(
    rows: Sequence[Sequence[Work]],
    repeats: int,
    warm_up: int,
    progress: Callable[[], Any] = lambda: None,
) -> list[list[Measured]]:
    """Measures works in turns, so that what else the machine does meets all of them alike.

    Every round runs each row once. The variants of a row run one right after the other, in this
    order and in the opposite one by turns: what the first leaves in caches serves each as often.

    Args:
      rows: of each, the same work in one or more variants.
      repeats: rounds that count.
      warm_up: runs of each work before them, at least one.
      progress: called after each run.

    Returns:
      What was measured, in the order of `rows`; the repeats of all are in the order of rounds.
    """
    before = [[_warm_up(work, warm_up, progress) for work in row] for row in rows]
    seconds: list[list[list[float]]] = [[[] for _ in row] for row in rows]
    for repeat in range(repeats):
        for number, row in enumerate(rows):
            for variant in _in_turns(len(row), repeat):
                seconds[number][variant].append(row[variant].run())
                progress()
    return [
        [
            Measured(
                work=work,
                warm_up=before[number][variant][0],
                seconds=seconds[number][variant],
                memory=before[number][variant][1],
            )
            for variant, work in enumerate(row)
        ]
        for number, row in enumerate(rows)
    ]


def _in_turns(variants: int, repeat: int) -> Sequence[int]:
    return range(variants) if repeat % 2 == 0 else range(variants - 1, -1, -1)


def _warm_up(work: Work, runs: int, progress: Callable[[], Any]) -> tuple[list[float], Memory]:
    seconds = []
    for _ in range(runs):
        peak = PeakMemory()
        seconds.append(work.run())
        progress()
    seconds[0] += work.tracing
    return seconds, peak.read()
