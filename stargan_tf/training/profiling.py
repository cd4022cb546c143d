"""Traces of a few iterations, for TensorBoard's profiler."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import tensorflow as tf

NO_ITERATIONS = range(0)


class Profiler:
    """Records the iterations of a range; a context manager, which ends a trace that is open.

    TensorBoard finds the trace in plugins/profile of the run's logs.
    """

    def __init__(self, logs: Path, iterations: range = NO_ITERATIONS) -> None:
        """Records nothing yet.

        Args:
          logs: the folder that TensorBoard reads.
          iterations: to record, by how many were done before each.
        """
        self._logs = logs
        self._iterations = iterations
        self._recording = False

    def __enter__(self) -> "Profiler":
        """Returns itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Writes what was recorded of a range that was not finished."""
        self._stop()

    @contextlib.contextmanager
    def iteration(self, done: int) -> Iterator[None]:
        """Goes around one iteration, its wait for input included.

        Args:
          done: how many iterations were done before.
        """
        if done not in self._iterations:
            yield
            return
        if not self._recording:
            tf.profiler.experimental.start(str(self._logs))
            self._recording = True
        # _r=1 makes it a step for TensorBoard.
        with tf.profiler.experimental.Trace("train", step_num=done, _r=1):
            yield
        if done + 1 == self._iterations.stop:
            self._stop()

    def _stop(self) -> None:
        if self._recording:
            self._recording = False
            tf.test.experimental.sync_devices()  # what devices still do belongs to it
            tf.profiler.experimental.stop()
