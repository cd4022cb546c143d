"""stargan_tf.train, which says on a pipe what it is doing, for kill.py to choose from.

A line for each beginning and end: `begin NAME` or `end NAME`. It can be told to be killed so long
after something has begun: by a timer of the system, for some of it takes a millisecond.
"""

import collections
import ctypes
import functools
import os
import signal
import time
from collections.abc import Callable

from stargan_tf import flags, train
from stargan_tf.evaluation.during_training import QuickMetrics
from stargan_tf.sampling.training_samples import TrainingSamples
from stargan_tf.training.checkpoint_files import CheckpointFiles
from stargan_tf.training.checkpoints import Checkpoints
from stargan_tf.training.run_log import RunLog
from stargan_tf.training.step import TrainStep
from stargan_tf.training.validation import Validation

DESCRIPTOR = "MARKS_DESCRIPTOR"
KILL = "MARKS_KILL"  # phase/nth/delay, or empty
_MARKED = {
    "checkpoint: restoring": (Checkpoints, "restore"),
    "checkpoint: state": (Checkpoints, "_write"),
    "checkpoint: sidecar": (CheckpointFiles, "write_sidecar"),
    "checkpoint: list": (CheckpointFiles, "keep"),
    "checkpoint": (Checkpoints, "save"),
    "summary": (RunLog, "write_scalars"),
    "evaluation: losses": (Validation, "__call__"),
    "evaluation: metrics": (QuickMetrics, "__call__"),
    "sampling": (TrainingSamples, "__call__"),
}


_begun: collections.Counter[str] = collections.Counter()


def mark(text: str) -> None:
    """Says something on the pipe, at once."""
    os.write(int(os.environ[DESCRIPTOR]), f"{text}\n".encode())


class _Event(ctypes.Structure):
    """struct sigevent of Linux."""

    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signo", ctypes.c_int),
        ("notify", ctypes.c_int),  # 0: by a signal
        ("padding", ctypes.c_char * 48),
    )


def _kill_after(seconds: float) -> None:
    """Has the system send SIGKILL to this process, whatever it does then."""
    libc = ctypes.CDLL("librt.so.1", use_errno=True)
    timer = ctypes.c_void_p()
    event = _Event(signo=signal.SIGKILL)
    made = libc.timer_create(time.CLOCK_MONOTONIC, ctypes.byref(event), ctypes.byref(timer))
    whole, part = divmod(max(1, int(seconds * 1e9)), 10**9)
    when = (ctypes.c_long * 4)(0, 0, whole, part)
    assert made == 0 and libc.timer_settime(timer, 0, ctypes.byref(when), None) == 0


def _kill_if_due(called: str) -> None:
    phase, nth, delay = os.environ[KILL].split("/")
    if called == phase or called.split(":")[0] == phase:
        _begun[phase] += 1
        if _begun[phase] == int(nth):
            _kill_after(float(delay))


def _marked(name: Callable[..., str], function: Callable) -> Callable:
    @functools.wraps(function)
    def call(*args, **kwargs):
        called = name(*args)
        mark(f"begin {called}")
        if os.environ[KILL]:
            _kill_if_due(called)
        try:
            return function(*args, **kwargs)
        finally:
            mark(f"end {called}")

    return call


def _of_step(step: TrainStep, batch: object, iteration: int) -> str:
    updates = step._algorithm.updates_at(iteration)
    return "step" if updates in step._compiled else "tracing"


def main() -> None:
    """Trains as the command does."""
    for name, (owner, method) in _MARKED.items():
        marked = _marked(lambda *_, name=name: name, getattr(owner, method))
        setattr(owner, method, marked)
    TrainStep.__call__ = _marked(_of_step, TrainStep.__call__)
    flags.run(train.main, define_flags=train.define_flags)
