"""Writes tensors as `torch.save` does, without PyTorch.

The zip layout of PyTorch 1.6 and later: data.pkl is a pickle in which each tensor refers to a
member data/0, data/1 and so on, which holds its numbers.
"""

import struct
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stargan_tf.files import written_whole

_FOLDER = "archive"
_STORAGES = {"float32": "FloatStorage", "int64": "LongStorage"}
_ALIGNMENT = 64  # of the numbers in the file, for those who map it into memory
_HEADER_BYTES = 30  # of a zip member, before its name
_PADDING_FIELD = 0x4246

# Opcodes of pickles, protocol 2.
_PROTOCOL, _STOP, _MARK = b"\x80\x02", b".", b"("
_NONE, _TRUE, _FALSE = b"N", b"\x88", b"\x89"
_TUPLE, _DICT, _SET_ITEMS, _LIST, _APPENDS = b"t", b"}", b"u", b"]", b"e"
_CALL, _PERSISTENT = b"R", b"Q"


class View(NamedTuple):
    """A tensor among numbers that may be more than its own. All units are numbers, not bytes."""

    numbers: np.ndarray
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def write_torch_file(path: Path, content: Any) -> None:
    """Writes a file that `torch.load(path, weights_only=True)` reads.

    Args:
      path: of the file, which appears when it is whole.
      content: dicts, lists, tuples, str, int, float, bool and None, with arrays of float32 or
        int64 for tensors.

    Raises:
      TypeError: `content` holds something else.
      UserError: the disk is full.
    """
    storages: list[np.ndarray] = []
    pickled = b"".join([_PROTOCOL, *_pickled(content, storages), _STOP])
    with written_whole(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        _add(archive, "data.pkl", pickled)
        _add(archive, "byteorder", b"little")
        for key, numbers in enumerate(storages):
            little = numbers.astype(numbers.dtype.newbyteorder("<"), copy=False)
            _add(archive, f"data/{key}", little.tobytes())
        _add(archive, "version", b"3\n")


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Adds a member whose data begin at a multiple of `_ALIGNMENT`."""
    member = zipfile.ZipInfo(f"{_FOLDER}/{name}")
    begin = archive.start_dir + _HEADER_BYTES + len(member.filename) + 4
    padding = -begin % _ALIGNMENT
    member.extra = struct.pack("<HH", _PADDING_FIELD, padding) + b"Z" * padding
    archive.writestr(member, data)


def _pickled(value: Any, storages: list[np.ndarray]) -> Iterator[bytes]:
    """The opcodes that make a value; the numbers of its tensors are added to `storages`."""
    match value:
        case None:
            yield _NONE
        case bool():
            yield _TRUE if value else _FALSE
        case int():
            yield _integer(value)
        case float():
            yield b"G" + struct.pack(">d", value)
        case str():
            text = value.encode()
            yield b"X" + struct.pack("<I", len(text)) + text
        case np.ndarray():
            whole = np.ascontiguousarray(value).reshape(value.shape)
            strides = tuple(stride // whole.itemsize for stride in whole.strides)
            yield from _tensor(View(whole.reshape(-1), 0, whole.shape, strides), storages)
        case View():
            yield from _tensor(value, storages)
        case OrderedDict():
            yield _name("collections", "OrderedDict") + _MARK + _TUPLE + _CALL
            yield from _items(value, storages)
        case dict():
            yield _DICT
            yield from _items(value, storages)
        case list():
            yield _LIST + _MARK
            for member in value:
                yield from _pickled(member, storages)
            yield _APPENDS
        case tuple():
            yield _MARK
            for member in value:
                yield from _pickled(member, storages)
            yield _TUPLE
        case _:
            raise TypeError(f"{type(value).__name__} is nothing that a weights file holds")


def _items(values: Mapping[Any, Any], storages: list[np.ndarray]) -> Iterator[bytes]:
    yield _MARK
    for key, value in values.items():
        yield from _pickled(key, storages)
        yield from _pickled(value, storages)
    yield _SET_ITEMS


def _tensor(view: View, storages: list[np.ndarray]) -> Iterator[bytes]:
    """A call of what PyTorch rebuilds tensors with."""
    if view.numbers.dtype.name not in _STORAGES:
        raise TypeError(f"an array of {view.numbers.dtype} in place of float32 or int64")
    key = str(len(storages))
    storages.append(view.numbers)
    yield _name("torch._utils", "_rebuild_tensor_v2") + _MARK
    yield _MARK + b"".join(_pickled("storage", storages))
    yield _name("torch", _STORAGES[view.numbers.dtype.name])
    for part in (key, "cpu", view.numbers.size):
        yield from _pickled(part, storages)
    yield _TUPLE + _PERSISTENT
    # Whether it takes gradients, and hooks of its gradient: none.
    for part in (view.offset, view.shape, view.strides, False, OrderedDict()):
        yield from _pickled(part, storages)
    yield _TUPLE + _CALL


def _name(module: str, name: str) -> bytes:
    return b"c" + f"{module}\n{name}\n".encode()


def _integer(value: int) -> bytes:
    if -(2**31) <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + struct.pack("<B", len(data)) + data
