"""Running .tflite files, in TensorFlow's interpreter or in LiteRT's."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

RUNTIMES = ("tensorflow", "litert")


def open_file(path: Path | str, *, runtime: str = "tensorflow", num_threads: int = 2) -> Any:
    """Opens a file, with XNNPACK.

    Args:
      path: a .tflite file.
      runtime: tensorflow (tf.lite.Interpreter) or litert (the package ai-edge-litert, which
        apps without TensorFlow use).
      num_threads: of the interpreter.

    Returns:
      An interpreter; both kinds have the same methods.
    """
    if runtime == "litert":
        from ai_edge_litert.interpreter import Interpreter
    else:
        from tensorflow.lite.python.interpreter import Interpreter
    interpreter = Interpreter(model_path=str(path), num_threads=num_threads)
    # XNNPACK takes over here; signature runners alone would compute without it.
    interpreter.allocate_tensors()
    return interpreter


def caller(interpreter: Any) -> Callable[[str, dict[str, np.ndarray]], np.ndarray]:
    """A function that calls a signature by its name and gives its only output."""
    runners = {
        key: interpreter.get_signature_runner(key) for key in interpreter.get_signature_list()
    }

    def call(signature: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
        (output,) = runners[signature](**inputs).values()
        return output

    return call
