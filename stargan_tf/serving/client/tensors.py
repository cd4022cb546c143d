"""Lists of Python values to and from TensorProto."""

import math
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from .errors import ServingError
from .messages import TensorProto

# Numbers of tensorflow.DataType.
DTYPES = {
    1: "float",
    2: "double",
    3: "int32",
    4: "uint8",
    6: "int8",
    7: "string",
    9: "int64",
    10: "bool",
}
FLOAT, STRING, INT64 = 1, 7, 9


def to_tensor(rows: Sequence[Any]) -> TensorProto:
    """Makes a tensor of N rows.

    Args:
      rows: N values of one kind: bytes or str (string [N]), int (int64 [N]), float
        (float [N]), or lists of M floats (float [N, M]).
    """
    tensor = TensorProto()
    tensor.tensor_shape.dim.add(size=len(rows))
    if isinstance(rows[0], bytes | str):
        tensor.dtype = STRING
        tensor.string_val.extend(r.encode() if isinstance(r, str) else r for r in rows)
    elif isinstance(rows[0], int):
        tensor.dtype = INT64
        tensor.int64_val.extend(rows)
    elif isinstance(rows[0], float):
        tensor.dtype = FLOAT
        tensor.float_val.extend(rows)
    else:
        tensor.dtype = FLOAT
        tensor.tensor_shape.dim.add(size=len(rows[0]))
        for row in rows:
            tensor.float_val.extend(row)
    return tensor


def from_tensor(tensor: TensorProto) -> list[Any]:
    """Reads a string [N] or float [N, M] tensor, in any of the ways a server may write it.

    Returns:
      N bytes, or N lists of M floats.

    Raises:
      ServingError: the tensor has another dtype or rank, or not the values of its shape.
    """
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    count = math.prod(shape)
    if tensor.dtype == STRING and len(shape) == 1:
        content = tensor.tensor_content
        strings = _split(content, count) if content else list(tensor.string_val)
        return _filled(strings, count, b"")
    if tensor.dtype == FLOAT and len(shape) == 2:
        content = tensor.tensor_content
        floats = [f for (f,) in _floats(content)] if content else list(tensor.float_val)
        floats = _filled(floats, count, 0.0)
        return [floats[i * shape[1] : (i + 1) * shape[1]] for i in range(shape[0])]
    raise ServingError(
        f"Found an answer of type {DTYPES.get(tensor.dtype, tensor.dtype)} and shape {shape}, "
        "expected string [N] or float [N, M]: is it a model of this project?"
    )


def _floats(content: bytes) -> Iterator[tuple[float]]:
    if len(content) % 4:
        raise ServingError(f"Found an answer of {len(content)} bytes, expected 4 for each float.")
    return struct.iter_unpack("<f", content)


def _filled(values: list[Any], count: int, zero: Any) -> list[Any]:
    """Values that are left out equal the last one that is there."""
    if len(values) > count:
        raise ServingError(f"Found an answer of {len(values)} values, expected {count}.")
    return values + [values[-1] if values else zero] * (count - len(values))


def _split(content: bytes, count: int) -> list[bytes]:
    """Strings as TensorFlow packs them: first all lengths, in base 128, then all bytes."""
    lengths, position = [], 0
    try:
        for _ in range(count):
            length = shift = 0
            while True:
                byte = content[position]
                position += 1
                length |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    break
            lengths.append(length)
    except IndexError:
        lengths = [-1]
    if position + sum(lengths) != len(content):
        raise ServingError("Found an answer whose strings are cut off, expected whole ones.")
    strings = []
    for length in lengths:
        strings.append(content[position : position + length])
        position += length
    return strings
