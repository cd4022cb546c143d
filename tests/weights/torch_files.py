"""Writes weights files as PyTorch does, without PyTorch."""

import io
import pickle
import sys
import types
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np


class FloatStorage:
    """Stands for torch.FloatStorage."""


def _rebuild_tensor_v2() -> None:
    """Stands for torch._utils._rebuild_tensor_v2."""


class Tensor(NamedTuple):
    """A tensor that may claim any place among its numbers."""

    numbers: np.ndarray
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Storage(NamedTuple):
    numbers: np.ndarray


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=2)
        self.blocks: list[bytes] = []

    def persistent_id(self, obj: object) -> tuple | None:
        if not isinstance(obj, _Storage):
            return None
        self.blocks.append(obj.numbers.tobytes())
        return "storage", FloatStorage, str(len(self.blocks) - 1), "cpu", obj.numbers.size

    def reducer_override(self, obj: object) -> tuple:
        if not isinstance(obj, Tensor):
            return NotImplemented
        storage = _Storage(obj.numbers)
        return _rebuild_tensor_v2, (storage, obj.offset, obj.shape, obj.strides, False, {})


def write_torch_file(path: Path, tensors: Mapping[str, Any]) -> Path:
    """Writes float32 arrays as a state_dict, or as dicts of such, in the zip layout."""
    state = _with_tensors(tensors)
    for stand_in, module in ((FloatStorage, "torch"), (_rebuild_tensor_v2, "torch._utils")):
        stand_in.__module__ = module
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    torch.FloatStorage, utils._rebuild_tensor_v2 = FloatStorage, _rebuild_tensor_v2
    pickled = io.BytesIO()
    with mock.patch.dict(sys.modules, {"torch": torch, "torch._utils": utils}):
        pickler = _Pickler(pickled)
        pickler.dump(state)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{path.stem}/data.pkl", pickled.getvalue())
        for key, block in enumerate(pickler.blocks):
            archive.writestr(f"{path.stem}/data/{key}", block)
    return path


def _with_tensors(tensors: Any) -> Any:
    if isinstance(tensors, Mapping):
        return {name: _with_tensors(value) for name, value in tensors.items()}
    return tensors if isinstance(tensors, Tensor) else whole(tensors)


def whole(array: np.ndarray) -> Tensor:
    """A tensor with numbers of its own."""
    numbers = np.array(array, np.float32, order="C")
    strides = tuple(stride // numbers.itemsize for stride in numbers.strides)
    return Tensor(numbers, 0, numbers.shape, strides)
