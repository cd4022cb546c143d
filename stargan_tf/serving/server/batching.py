"""Runs requests in a fixed number of threads, merging those that come together.

Requests of the same version, signature and inner shapes are joined along the first
dimension and their results split again, so that each gets its own rows. When a merged
run fails, its requests are run one by one: a bad request fails alone.
"""

import collections
import dataclasses
import os
import threading
import time
from collections.abc import Hashable

import grpc
import numpy as np

from stargan_tf.serving.server.config_files import BatchingParameters
from stargan_tf.serving.server.servable import Servable
from stargan_tf.serving.server.status import ServingError, error_of, invalid
from stargan_tf.serving.server.tensors import Arrays


class _Task:
    """One request that waits for its outputs."""

    def __init__(
        self, servable: Servable, signature: str, inputs: Arrays, deadline: float | None
    ) -> None:
        self.servable = servable
        self.signature = signature
        self.inputs = inputs
        self.deadline = deadline
        self.rows = _rows(inputs)
        self.done = threading.Event()
        self.outputs: Arrays | None = None
        self.error: ServingError | None = None

    @property
    def kind(self) -> Hashable:
        """Equal for tasks that can be merged."""
        shapes = tuple((key, self.inputs[key].shape[1:]) for key in sorted(self.inputs))
        return (id(self.servable), self.signature, shapes)

    def finish(self, outputs: Arrays | None = None, error: ServingError | None = None) -> None:
        """Hands over the result and lets go of the inputs."""
        self.outputs, self.error = outputs, error
        self.inputs = {}
        self.done.set()

    def run(self) -> None:
        """Runs this task alone."""
        try:
            outputs = self.servable.run(self.signature, self.inputs)
        except BaseException as error:  # whatever it is, the one who waits must hear of it
            self.finish(error=error_of(error))
        else:
            self.finish(outputs)


@dataclasses.dataclass
class _Batch:
    """Tasks that will be run together, and since when (seconds) the first one waits."""

    since: float
    tasks: list[_Task] = dataclasses.field(default_factory=list)
    rows: int = 0
    closed: bool = False


class Batcher:
    """Runs requests, merged when there are batching parameters."""

    def __init__(
        self, parameters: BatchingParameters | None = None, threads: int | None = None
    ) -> None:
        """Starts the threads.

        Args:
          parameters: how requests are merged; None to run each by itself.
          threads: how many run at once without merging.
        """
        self._parameters = parameters
        self._changed = threading.Condition()
        self._queues: dict[Hashable, collections.deque[_Batch]] = {}
        self._stopped = False
        count = parameters.num_batch_threads if parameters else threads
        count = count or max(4, os.cpu_count() or 1)
        self._threads = [
            threading.Thread(target=self._work, name=f"run-{i}", daemon=True) for i in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def run(
        self, servable: Servable, signature: str, inputs: Arrays, deadline: float | None = None
    ) -> Arrays:
        """Computes the outputs of a request; the caller waits.

        Args:
          servable: kept alive by the caller.
          signature: one of the servable's.
          inputs: what the signature expects.
          deadline: time.monotonic() after which nobody waits for the result.

        Raises:
          ServingError: the request is refused, or the model failed on it.
        """
        task = _Task(servable, signature, inputs, deadline)
        del inputs
        self._enqueue(task)
        task.done.wait()
        outputs, error = task.outputs, task.error
        del task  # a raised error refers to this frame, which must not refer to it
        if outputs is not None:
            return outputs
        try:
            raise error or AssertionError
        finally:
            del error

    def stop(self) -> None:
        """Finishes what was accepted, and ends the threads."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _enqueue(self, task: _Task) -> None:
        limits = self._parameters
        merged = limits is not None and task.rows is not None
        if limits and task.rows and task.rows > limits.max_batch_size:
            raise invalid(
                f"The request has {task.rows} rows, expected at most {limits.max_batch_size} "
                "(max_batch_size): split it."
            )
        kind = task.kind if merged else object()
        with self._changed:
            if self._stopped:
                raise ServingError(grpc.StatusCode.UNAVAILABLE, "The server is stopping.")
            queue = self._queues.setdefault(kind, collections.deque())
            batch = queue[-1] if queue and merged else None
            if batch and limits and batch.rows + (task.rows or 0) > limits.max_batch_size:
                batch.closed = True
            if batch is None or batch.closed:
                if limits and len(queue) >= limits.max_enqueued_batches:
                    raise ServingError(
                        grpc.StatusCode.UNAVAILABLE,
                        f"{len(queue)} batches wait already (max_enqueued_batches): try again "
                        "later.",
                    )
                batch = _Batch(time.monotonic(), closed=not merged)
                queue.append(batch)
            batch.tasks.append(task)
            batch.rows += task.rows or 0
            if limits and batch.rows >= limits.max_batch_size:
                batch.closed = True
            self._changed.notify()

    def _work(self) -> None:
        while (batch := self._next()) is not None:
            try:
                _run(batch.tasks)
            except BaseException as error:
                for task in batch.tasks:
                    if not task.done.is_set():
                        task.finish(error=error_of(error))
            del batch  # its tensors must not stay until the next request

    def _next(self) -> _Batch | None:
        """Waits for the batch that is due; None after the last one when stopping."""
        patience = self._parameters.batch_timeout_micros / 1e6 if self._parameters else 0
        with self._changed:
            while True:
                # The first batch of a kind is its oldest.
                heads = [(queue[0], kind) for kind, queue in self._queues.items()]
                now = time.monotonic()
                due = [
                    (head, kind)
                    for head, kind in heads
                    if head.closed or self._stopped or head.since + patience <= now
                ]
                if due:
                    head, kind = min(due, key=lambda pair: pair[0].since)
                    self._queues[kind].popleft()
                    if not self._queues[kind]:
                        del self._queues[kind]
                    if self._queues:  # others may sleep without knowing of what is left
                        self._changed.notify()
                    return head
                if self._stopped:
                    return None
                soonest = min((head.since for head, _ in heads), default=None)
                self._changed.wait(None if soonest is None else soonest + patience - now)


def _rows(inputs: Arrays) -> int | None:
    """The one number of rows that all inputs have, None when there is no such number."""
    sizes = {array.shape[0] if array.ndim else None for array in inputs.values()}
    (size,) = sizes if len(sizes) == 1 else (None,)
    return size or None  # no rows are no batch either


def _run(tasks: list[_Task]) -> None:
    """Runs the tasks of a batch, together if that goes well."""
    for task in tasks:
        if task.deadline is not None and task.deadline < time.monotonic():
            late = "The deadline passed before the request could be run: allow more time."
            task.finish(error=ServingError(grpc.StatusCode.DEADLINE_EXCEEDED, late))
    tasks = [task for task in tasks if not task.done.is_set()]
    if len(tasks) > 1 and _run_merged(tasks):
        return
    for task in tasks:
        task.run()


def _run_merged(tasks: list[_Task]) -> bool:
    """Runs tasks as one batch; False when they must be run one by one."""
    first = tasks[0]
    merged = {
        key: np.concatenate([task.inputs[key] for task in tasks], axis=0) for key in first.inputs
    }
    try:
        outputs = first.servable.run(first.signature, merged)
    except Exception:  # one of them is bad; each will hear whether it is the one
        return False
    total = sum(task.rows or 0 for task in tasks)
    if any(array.ndim == 0 or array.shape[0] != total for array in outputs.values()):
        return False  # an output that is not one row for each row in cannot be split
    start = 0
    for task in tasks:
        end = start + (task.rows or 0)
        # Copies: a slice would keep the whole batch in memory.
        task.finish({key: array[start:end].copy() for key, array in outputs.items()})
        start = end
    return True
