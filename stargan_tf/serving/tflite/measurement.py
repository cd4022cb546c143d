"""Time and memory of one .tflite file, in a process of its own.

Imports no TensorFlow by itself, so that the memory of LiteRT is seen alone.
"""

import multiprocessing
import resource
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stargan_tf.serving.tflite.interpreters import caller, open_file

WARM_UP_RUNS = 5


class Measurement(NamedTuple):
    """What one call costs.

    Attributes:
      seconds: of each timed call.
      memory: bytes by which the peak of the process's memory rose, from before the file
        was opened to after the last call.
    """

    seconds: list[float]
    memory: int


def measure_apart(
    path: str, runtime: str, num_threads: int, signature: str, runs: int
) -> Measurement:
    """Runs `measure` in a fresh process, so that nothing else counts."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (path, runtime, num_threads, signature, runs))


def measure(path: str, runtime: str, num_threads: int, signature: str, runs: int) -> Measurement:
    """Times calls of one signature on noise.

    Args:
      path: the file.
      runtime: litert or tensorflow.
      num_threads: of the interpreter.
      signature: its name.
      runs: timed calls.
    """
    _import(runtime)
    before = _peak_memory()
    interpreter = open_file(path, runtime=runtime, num_threads=num_threads)
    inputs = _noise(interpreter.get_signature_runner(signature).get_input_details())
    run = caller(interpreter)
    seconds = []
    for number in range(WARM_UP_RUNS + runs):
        start = time.perf_counter()
        run(signature, inputs)
        if number >= WARM_UP_RUNS:
            seconds.append(time.perf_counter() - start)
    return Measurement(seconds, _peak_memory() - before)


def _import(runtime: str) -> None:
    if runtime == "litert":
        import ai_edge_litert.interpreter  # noqa: F401
    else:
        import tensorflow.lite  # noqa: F401


def _noise(details: dict) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        name: rng.uniform(0, 1, detail["shape"]).astype(detail["dtype"])
        for name, detail in details.items()
    }


def _peak_memory() -> int:
    """The most memory that this process has held so far, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # Linux's ru_maxrss would include what the parent held.
        (line,) = (
            li for li in status.read_text(encoding="utf-8").splitlines() if li.startswith("VmHWM:")
        )
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS
