"""What PyTorch's files are made of: blocks of numbers, and tensors as views of them."""

from typing import Any, NamedTuple

import numpy as np

# PyTorch's storage classes, with the NumPy type of their numbers. NumPy has no
# bfloat16: those are read as integers, and widened afterwards.
STORAGE_TYPES = {
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


class StorageType(NamedTuple):
    """Stands for one of PyTorch's storage classes."""

    name: str

    @property
    def dtype(self) -> np.dtype:
        """Of the numbers as they lie in the file."""
        return np.dtype(STORAGE_TYPES[self.name])

    def decode(self, content: bytes) -> np.ndarray:
        """The numbers in a block of bytes, bfloat16 as float32."""
        numbers = np.frombuffer(content, self.dtype)
        if self.name == "BFloat16Storage":
            # A bfloat16 is the upper half of a float32.
            return (numbers.astype(np.uint32) << 16).view(np.float32)
        return numbers


class Storage:
    """A block of numbers, known by its key until they are read."""

    def __init__(self, storage_type: StorageType, numel: int) -> None:
        """Announces `numel` numbers."""
        self.type = storage_type
        self.numel = numel
        self.numbers: np.ndarray | None = None

    def fill(self, content: bytes) -> None:
        """Takes the block's bytes."""
        if len(content) != self.numel * self.type.dtype.itemsize:
            raise ValueError("a block of numbers is shorter or longer than announced")
        self.numbers = self.type.decode(content)


class Tensor(NamedTuple):
    """A tensor before its storage is read. All units are numbers, not bytes."""

    storage: Storage
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


# A checkpoint is a dict of dicts of dicts of tensors or lists: nothing real is deeper.
_MOST_NESTED = 16


def with_arrays(content: Any) -> Any:
    """What was unpickled, with arrays for tensors.

    What several places share is shared in the result too: a file of a few bytes may hold
    lists of the same list, level upon level, whose members no machine could count.

    Raises:
      ValueError: a tensor does not lie within its numbers, or the values are nested too deep.
    """
    return _replaced(content, {}, _MOST_NESTED)


def _replaced(content: Any, done: dict[int, Any], levels: int) -> Any:
    """`content` with arrays for tensors; `done` has what was made of each object, by its id."""
    if not isinstance(content, Tensor | dict | list | tuple):
        return content
    if levels == 0:
        raise ValueError("its values are nested too deep")
    if id(content) not in done:
        done[id(content)] = _made(content, done, levels - 1)
    return done[id(content)]


def _made(content: Any, done: dict[int, Any], levels: int) -> Any:
    match content:
        case Tensor():
            return content.view()
        case dict():
            return {key: _replaced(value, done, levels) for key, value in content.items()}
    return [_replaced(value, done, levels) for value in content]
