"""Running .onnx files, in onnxruntime."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime

_ERROR = 3


def open_file(path: Path | str, *, num_threads: int = 2) -> onnxruntime.InferenceSession:
    """Opens a file on the CPU.

    Args:
      path: an .onnx file.
      num_threads: of the session.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = num_threads
    options.log_severity_level = _ERROR
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def caller(
    session: onnxruntime.InferenceSession,
) -> Callable[[str, dict[str, np.ndarray]], np.ndarray]:
    """A function that takes the name of the file's only signature and gives its only output."""

    def call(signature: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
        expected = session.get_modelmeta().custom_metadata_map["signature"]
        assert signature == expected, f"the file has {expected}"
        (output,) = session.run(None, inputs)
        return output

    return call
