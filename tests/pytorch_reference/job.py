"""What a process of one side does: it makes something to time, and runs it when asked to.

The first line that it reads is a job, and each later one asks for a run. Its answers are lines of
JSON: facts, then the seconds of each run, or an error in a sentence.
"""

import dataclasses
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stargan_tf import process_memory
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.errors import UserError

_STRIDE = 101  # prime: of all rows, columns and channels


@dataclasses.dataclass(frozen=True)
class Job:
    """What is timed.

    Attributes:
      what: ITERATION or GENERATOR.
      settings: fields of StarGANv2Settings.
      num_domains: K.
      warm_up: runs before the first that is asked for.
      folder: where the side of stargan_tf leaves `inputs` and `weights` for the other.
      autocast: whether PyTorch computes in bfloat16.
      channels_last: whether PyTorch keeps the channels last in memory.
    """

    what: str
    settings: dict[str, Any]
    num_domains: int
    warm_up: int
    folder: str
    autocast: bool
    channels_last: bool

    @property
    def training(self) -> StarGANv2Settings:
        return StarGANv2Settings(**self.settings)

    @property
    def inputs(self) -> Path:
        """Arrays by name: a batch, and s [N, style_dim] for the generator."""
        return Path(self.folder) / "inputs.npz"

    @property
    def weights(self) -> Path:
        """A checkpoint of the PyTorch release with the first weights of all networks."""
        return Path(self.folder) / "weights.ckpt"


Results = dict[str, float | list[float]]


class Task(NamedTuple):
    """Something to run again and again.

    Attributes:
      run: does it once, and waits until it is done.
      plain: makes of what the first run returned numbers by name, or lists of them.
      operations: counts those of one run; called after the warm-up.
    """

    run: Callable[[], Any]
    plain: Callable[[Any], Results]
    operations: Callable[[], int]


def some_of(images: np.ndarray) -> list[float]:
    """Values of images [N, R, R, 3] from everywhere, few enough for a line."""
    return images.ravel()[::_STRIDE].astype(float).tolist()


def serve(facts: dict[str, Any], make: Callable[[Job], Task]) -> None:
    """Does a job until nobody asks any more.

    Args:
      facts: about the side, to be told with those about the job.
      make: makes what is run.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries print, too

    def answer(content: Any) -> None:
        print(json.dumps(content), file=answers, flush=True)

    job = Job(**json.loads(sys.stdin.readline()))
    try:
        task, found = _warmed_up(make, job)
    except UserError as error:
        answer({"error": str(error)})
        return
    answer({**facts, **found})
    for _ in sys.stdin:
        answer(_timed(task.run)[0])


def _warmed_up(make: Callable[[Job], Task], job: Job) -> tuple[Task, dict[str, Any]]:
    program = process_memory.held()
    task = make(job)
    state = process_memory.held()
    resets = process_memory.reset_peak()
    seconds, first = _timed(task.run)
    warm_up = [seconds, *(_timed(task.run)[0] for _ in range(job.warm_up - 1))]
    facts = {
        "warm_up_seconds": warm_up,
        "program_bytes": program,
        "state_bytes": state,
        "peak_bytes": process_memory.peak() if resets else None,
        "results": task.plain(first),
        "operations": task.operations(),
    }
    return task, facts


def _timed(run: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = run()
    return time.perf_counter() - start, result
