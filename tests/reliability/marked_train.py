"""stargan_tf.train, which says on a pipe what it is doing, for kill.py to choose from.

A line for each beginning and end: `begin NAME` or `end NAME`.
"""

import functools
import os
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


def mark(text: str) -> None:
    """Says something on the pipe, at once."""
    os.write(int(os.environ[DESCRIPTOR]), f"{text}\n".encode())


def _marked(name: Callable[..., str], function: Callable) -> Callable:
    @functools.wraps(function)
    def call(*args, **kwargs):
        called = name(*args)
        mark(f"begin {called}")
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
