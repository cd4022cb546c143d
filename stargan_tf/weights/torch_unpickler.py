"""Unpickles what `torch.save` pickles: dicts of tensors, and nothing that could act.

Pickles are programs, which can call anything. `TensorUnpickler` follows the few instructions that
such files need, knows a handful of names, and rejects all others; the only thing it can build from
them is a view of the file's own numbers. Python's own unpickler hashes whatever a file uses as a
key of a dict, and a few bytes of tuples within tuples take it years to hash.
"""

import pickle
import pickletools
from collections import OrderedDict
from collections.abc import Callable
from types import UnionType
from typing import Any, BinaryIO

from stargan_tf.weights.torch_values import STORAGE_TYPES, Storage, StorageType, Tensor

# Instructions by their names in pickletools. Beside these stands the value that they push.
_PLAIN = (
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
    *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}
# How many values these take, and whether it is all above a mark.
_TAKEN = {
    **{"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3, "APPEND": 1, "SETITEM": 2},
    **{"REDUCE": 2, "STACK_GLOBAL": 2, "BINPERSID": 1, "BUILD": 1},
}
_KEY = str | int | float | bytes | None  # of a dict: what is hashed at once
_MARKED = ("TUPLE", "LIST", "DICT", "APPENDS", "SETITEMS")


class TensorUnpickler:
    """Rebuilds dicts of tensors, and nothing that could act."""

    def __init__(self, file: BinaryIO, open_storage: Callable[..., Storage]) -> None:
        """Reads one pickle.

        Args:
          file: that it lies in, at its beginning.
          open_storage: gives the storage of a type, a key and a number of numbers.
        """
        self._file = file
        self._open_storage = open_storage
        self._stack: list[Any] = []
        self._marks: list[int] = []  # heights of the stack
        self._memo: dict[int, Any] = {}

    def load(self) -> Any:
        """Reads the pickle, and leaves the file at its end.

        Raises:
          Exception: of nearly any type, where it is damaged or holds more than dicts, lists,
            tuples, plain values and tensors.
        """
        for instruction, value, _ in pickletools.genops(self._file):
            self._follow(instruction.name, value)
        return self._stack.pop()

    def _follow(self, instruction: str, value: Any) -> None:
        if instruction in _PLAIN:
            self._stack.append(value)
        elif instruction in _CONSTANTS:
            self._stack.append(_CONSTANTS[instruction])
        elif instruction in _EMPTY:
            self._stack.append(_EMPTY[instruction]())
        elif instruction in _MARKED:
            self._make(instruction, self._taken(self._marks.pop()))
        elif instruction in _TAKEN:
            self._make(instruction, self._taken(len(self._stack) - _TAKEN[instruction]))
        else:
            self._remember(instruction, value)

    def _taken(self, height: int) -> list[Any]:
        """What lies on the stack above a height, taken from it."""
        if not 0 <= height <= len(self._stack):
            raise pickle.UnpicklingError("it takes more values than it has made")
        taken = self._stack[height:]
        del self._stack[height:]
        return taken

    def _make(self, instruction: str, values: list[Any]) -> None:
        """What instructions do that take values: they push another, or fill the last one."""
        match instruction:
            case "TUPLE" | "TUPLE1" | "TUPLE2" | "TUPLE3":
                self._stack.append(tuple(values))
            case "LIST":
                self._stack.append(values)
            case "DICT":
                self._stack.append(_with_items({}, values))
            case "APPEND" | "APPENDS":
                _only(list, self._stack[-1]).extend(values)
            case "SETITEM" | "SETITEMS":
                _with_items(_only(dict, self._stack[-1]), values)
            case "REDUCE":
                function, arguments = values
                self._stack.append(function(*_only(tuple, arguments)))
            case "STACK_GLOBAL":
                self._stack.append(self._named(*values))
            case "BINPERSID":
                self._stack.append(self._storage(*_only(tuple, values[0])))
            case "BUILD":  # attributes of a dict, such as the versions of modules: left out
                _only(dict, self._stack[-1])

    def _remember(self, instruction: str, value: Any) -> None:
        """What instructions do that take no value."""
        match instruction:
            case "PROTO" | "FRAME" | "STOP":
                pass
            case "MARK":
                self._marks.append(len(self._stack))
            case "PUT" | "BINPUT" | "LONG_BINPUT":
                self._memo[value] = self._stack[-1]
            case "MEMOIZE":
                self._memo[len(self._memo)] = self._stack[-1]
            case "GET" | "BINGET" | "LONG_BINGET":
                self._stack.append(self._memo[value])
            case "GLOBAL":
                self._stack.append(self._named(*value.split(" ", 1)))
            case _:
                raise pickle.UnpicklingError(f"its {instruction} makes nothing of a tensor")

    def _named(self, module: str, name: str) -> Any:
        """Stand-ins for the few names that weights files use."""
        match module, name:
            case "collections", "OrderedDict":
                return _ordered_dict
            case "torch._utils", "_rebuild_tensor_v2":
                return _rebuilt_tensor
            case "torch._utils", "_rebuild_parameter":
                return _rebuilt_parameter
            case "torch", "Size":
                return tuple
            case "torch", _ if name in STORAGE_TYPES:
                return StorageType(name)
        raise pickle.UnpicklingError(f"it holds a {module}.{name}, which is no tensor")

    def _storage(
        self, kind: str, storage_type: StorageType, key: str, _: Any, numel: int, *view: Any
    ) -> Storage:
        """A reference from the pickle to a block of numbers."""
        known = kind == "storage" and isinstance(storage_type, StorageType)
        if not known or not isinstance(key, str) or any(view):
            raise pickle.UnpicklingError("its numbers are stored in an unknown way")
        return self._open_storage(storage_type, key, _only(int, numel))


def _only(kind: type | UnionType, value: Any) -> Any:
    if not isinstance(value, kind):
        raise pickle.UnpicklingError(f"it has a {type(value).__name__} where none can be")
    return value


def _with_items(target: dict, values: list[Any]) -> dict:
    """A dict, with keys and values added that take turns."""
    for key, value in zip(values[::2], values[1::2], strict=True):
        target[_only(_KEY, key)] = value
    return target


def _ordered_dict(pairs: list[Any] | None = None) -> OrderedDict:
    values = [part for pair in pairs or () for part in _only(list | tuple, pair)]
    return _with_items(OrderedDict(), values)


def _rebuilt_tensor(storage: Storage, offset: int, shape: tuple, strides: tuple, *_: Any) -> Tensor:
    if not isinstance(storage, Storage):
        raise pickle.UnpicklingError("a tensor has no numbers")
    shape, strides = (
        tuple(_only(int, size) for size in _only(tuple, sizes)) for sizes in (shape, strides)
    )
    return Tensor(storage, _only(int, offset), shape, strides)


def _rebuilt_parameter(tensor: Tensor, *_: Any) -> Tensor:
    return tensor
