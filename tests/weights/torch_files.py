"""Weights as files, for tests of what reads them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.weights import torch_writer
from stargan_tf.weights.torch_writer import View


def write_torch_file(path: Path, tensors: Mapping[str, Any]) -> Path:
    """Writes arrays as float32 tensors: a state_dict, or dicts of such."""
    torch_writer.write_torch_file(path, _in_float32(tensors))
    return path


def _in_float32(tensors: Any) -> Any:
    if isinstance(tensors, Mapping):
        return {name: _in_float32(value) for name, value in tensors.items()}
    return tensors if isinstance(tensors, View) else np.asarray(tensors, np.float32)
