"""Running .onnx files, in onnxruntime."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime

_ERROR = 3
_DTYPES = {"tensor(float)": np.float32, "tensor(int32)": np.int32, "tensor(int64)": np.int64}


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


def noise(session: onnxruntime.InferenceSession) -> dict[str, np.ndarray]:
    """Inputs of the file's signature for one image, by name: numbers from 0 to 1."""
    rng = np.random.default_rng(0)
    return {
        value.name: rng.uniform(
            0, 1, [size if isinstance(size, int) else 1 for size in value.shape]
        ).astype(_DTYPES[value.type])
        for value in session.get_inputs()
    }
