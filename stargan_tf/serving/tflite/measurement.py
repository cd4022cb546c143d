"""The memory of one .tflite file, in a process of its own.

Imports no TensorFlow by itself, so that the memory of LiteRT is seen alone.
"""

import multiprocessing

import numpy as np

from stargan_tf import process_memory
from stargan_tf.serving.tflite.interpreters import caller, open_file


def memory_apart(path: str, runtime: str, num_threads: int, signature: str) -> int:
    """Runs `memory` in a fresh process, so that nothing else counts."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(memory, (path, runtime, num_threads, signature))


def memory(path: str, runtime: str, num_threads: int, signature: str) -> int:
    """Calls a signature once, on noise.

    Args:
      path: the file.
      runtime: litert or tensorflow.
      num_threads: of the interpreter.
      signature: its name.

    Returns:
      Bytes by which the peak of the process's memory rose, from before the file was opened to
      after the call.
    """
    _import(runtime)
    before = process_memory.peak()
    interpreter = open_file(path, runtime=runtime, num_threads=num_threads)
    caller(interpreter)(signature, noise(interpreter, signature))
    return process_memory.peak() - before


def noise(interpreter: object, signature: str) -> dict[str, np.ndarray]:
    """Inputs of a signature, by name: numbers from 0 to 1."""
    rng = np.random.default_rng(0)
    details = interpreter.get_signature_runner(signature).get_input_details()
    return {
        name: rng.uniform(0, 1, detail["shape"]).astype(detail["dtype"])
        for name, detail in details.items()
    }


def _import(runtime: str) -> None:
    if runtime == "litert":
        import ai_edge_litert.interpreter  # noqa: F401
    else:
        import tensorflow.lite  # noqa: F401
