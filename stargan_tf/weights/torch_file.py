"""Reads the tensors of a PyTorch weights file, without PyTorch and without running its code.

Such a file is a pickle of dicts, whose tensors refer to blocks of raw numbers beside
it. Two layouts exist: a zip archive with one member per block (PyTorch 1.6 and later)
and, before that, several pickles in a row with the blocks at the end.

Pickles can call anything, so `_Unpickler` knows a handful of names and refuses all
others; the only thing it can build from them is a view of the file's own numbers.
"""

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from stargan_tf.errors import UserError

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001
# PyTorch's storage classes, with the NumPy type of their numbers. NumPy has no
# bfloat16: those are read as integers, and widened afterwards.
_STORAGE_TYPES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "uint16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
}


class _StorageType(NamedTuple):
    """Stands for one of PyTorch's storage classes."""

    name: str

    @property
    def dtype(self) -> np.dtype:
        return np.dtype(_STORAGE_TYPES[self.name])

    def decode(self, content: bytes) -> np.ndarray:
        """The numbers in a block of bytes, bfloat16 as float32."""
        numbers = np.frombuffer(content, self.dtype)
        if self.name == "BFloat16Storage":
            # A bfloat16 is the upper half of a float32.
            return (numbers.astype(np.uint32) << 16).view(np.float32)
        return numbers


class _Storage:
    """A block of numbers, known by its key until they are read."""

    def __init__(self, storage_type: _StorageType, numel: int) -> None:
        self.type = storage_type
        self.numel = numel
        self.numbers: np.ndarray | None = None

    def fill(self, content: bytes) -> None:
        """Takes the block's bytes."""
        if len(content) != self.numel * self.type.dtype.itemsize:
            raise ValueError("a block of numbers is shorter or longer than announced")
        self.numbers = self.type.decode(content)


class _Tensor(NamedTuple):
    """A tensor before its storage is read. All units are numbers, not bytes."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def view(self) -> np.ndarray:
        """The tensor as a read-only view of its storage."""
        numbers = self.storage.numbers
        steps = zip(self.shape, self.strides, strict=True)
        reach = self.offset + sum((size - 1) * stride for size, stride in steps)
        empty = 0 in self.shape
        if numbers is None or min(0, self.offset, *self.shape, *self.strides) < 0:
            raise ValueError("a tensor has no place in the file")
        if not empty and reach >= len(numbers):
            raise ValueError("a tensor reaches beyond its numbers")
        if empty:
            return np.zeros(self.shape, numbers.dtype)
        strides = [stride * numbers.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(
            numbers[self.offset :], self.shape, strides, writeable=False
        )


class _Unpickler(pickle.Unpickler):
    """Rebuilds dicts of tensors, and nothing that could act."""

    def __init__(self, file: BinaryIO, open_storage: Callable[..., _Storage]) -> None:
        super().__init__(file, encoding="utf-8")
        self._open_storage = open_storage

    def find_class(self, module: str, name: str) -> Any:
        """Stand-ins for the few names that weights files use."""
        match module, name:
            case "collections", "OrderedDict":
                return OrderedDict
            case "torch._utils", "_rebuild_tensor_v2":
                return self._rebuild_tensor
            case "torch._utils", "_rebuild_parameter":
                return self._rebuild_parameter
            case "torch", "Size":
                return tuple
            case "torch", _ if name in _STORAGE_TYPES:
                return _StorageType(name)
        raise pickle.UnpicklingError(f"it holds a {module}.{name}, which is no tensor")

    def persistent_load(self, pid: Any) -> _Storage:
        """A reference from the pickle to a block of numbers."""
        kind, storage_type, key, _, numel, *view = pid
        if kind != "storage" or not isinstance(storage_type, _StorageType) or any(view):
            raise pickle.UnpicklingError("its numbers are stored in an unknown way")
        return self._open_storage(storage_type, str(key), int(numel))

    def _rebuild_tensor(
        self, storage: _Storage, offset: int, shape: tuple, strides: tuple, *_: Any
    ) -> _Tensor:
        if not isinstance(storage, _Storage):
            raise pickle.UnpicklingError("a tensor has no numbers")
        return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))

    def _rebuild_parameter(self, tensor: _Tensor, *_: Any) -> _Tensor:
        return tensor


def read_torch_file(path: str | Path) -> Any:
    """Reads what `torch.save` has written.

    Args:
      path: the file, in either layout.

    Returns:
      The dicts, lists and plain values of the file, each tensor a read-only NumPy
      array of its shape and type (bfloat16 as float32).

    Raises:
      UserError: there is no such file, it is none of PyTorch's, is damaged, or holds
        more than tensors and plain values.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            content = _read_zip(file) if zipfile.is_zipfile(file) else _read_legacy(file)
        return _with_arrays(content)
    except OSError as error:
        raise UserError(
            f"{path} cannot be read ({error.strerror or error}): give a PyTorch weights file."
        ) from error
    except Exception as error:  # damaged pickles raise nearly any type
        raise UserError(
            f"{path} is not a usable PyTorch weights file ({error}): expected a file of tensors "
            "alone, as torch.save writes a state_dict; download it again."
        ) from error


def read_state_dict(path: str | Path) -> dict[str, np.ndarray]:
    """Reads the weights of one network.

    Args:
      path: a file that holds one state_dict.

    Returns:
      Arrays by the names of PyTorch, in its layouts (convolutions [out, in, H, W]).

    Raises:
      UserError: as for `read_torch_file`, or the file holds something else.
    """
    content = read_torch_file(path)
    if not isinstance(content, dict) or not all(
        isinstance(key, str) and isinstance(value, np.ndarray) for key, value in content.items()
    ):
        raise UserError(
            f"{path} holds no weights of a single network, expected tensors by name: give the "
            "file of one network's state_dict."
        )
    return content


def _read_zip(file: BinaryIO) -> Any:
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        index = next((name for name in names if name.endswith("/data.pkl")), None)
        if index is None:
            raise ValueError("a zip archive without a data.pkl")
        folder = index.removesuffix("data.pkl")
        if f"{folder}byteorder" in names:
            _check_byte_order(archive.read(f"{folder}byteorder") == b"little")
        storages: dict[str, _Storage] = {}

        def open_storage(storage_type: _StorageType, key: str, numel: int) -> _Storage:
            if key not in storages:
                storages[key] = _Storage(storage_type, numel)
                storages[key].fill(archive.read(f"{folder}data/{key}"))
            return storages[key]

        with archive.open(index) as pickled:
            return _Unpickler(pickled, open_storage).load()


def _read_legacy(file: BinaryIO) -> Any:
    storages: dict[str, _Storage] = {}

    def open_storage(storage_type: _StorageType, key: str, numel: int) -> _Storage:
        return storages.setdefault(key, _Storage(storage_type, numel))

    def load() -> Any:
        return _Unpickler(file, open_storage).load()

    file.seek(0)
    if load() != _LEGACY_MAGIC or load() != _LEGACY_PROTOCOL:
        raise ValueError("it begins like no file of PyTorch")
    _check_byte_order(load()["little_endian"])
    content = load()
    for key in load():
        storage = storages[key]
        count = int.from_bytes(file.read(8), "little")
        if count != storage.numel:
            raise ValueError("a block of numbers is shorter or longer than announced")
        storage.fill(file.read(count * storage.type.dtype.itemsize))
    return content


def _check_byte_order(little: bool) -> None:
    if not little:
        raise ValueError("it was written on a machine of the other byte order")


def _with_arrays(content: Any) -> Any:
    """`content` with arrays for tensors."""
    match content:
        case _Tensor():
            return content.view()
        case dict():
            return {key: _with_arrays(value) for key, value in content.items()}
        case list() | tuple():
            return [_with_arrays(value) for value in content]
    return content
