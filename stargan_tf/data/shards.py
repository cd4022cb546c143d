"""The records of one TFRecord shard, read directly and checked."""

import os
import struct
from typing import NamedTuple

import numpy as np

from stargan_tf.checksums import masked_crc32c

# A TFRecord is: length (8 bytes), checksum (4), data, checksum (4).
_HEADER = 12
CHECKSUM = 4
CUT_SHORT = "is cut short"
WRONG_CHECKSUM = "its checksum is wrong"


class Places(NamedTuple):
    """Where the records of a shard lie.

    Attributes:
      records: [N, 2] int64, offset and length of each record's data.
      damage: why those after the last one cannot be found, or empty.
    """

    records: np.ndarray
    damage: str


def find_records(path: str) -> Places:
    """Finds the records of a shard by reading the headers only."""
    places = []
    size = os.path.getsize(path)
    offset = 0
    with open(path, "rb", buffering=0) as file:
        while offset < size:
            file.seek(offset)
            header = file.read(_HEADER)
            if len(header) < _HEADER:
                return _places(places, CUT_SHORT)
            length, checksum = struct.unpack("<QI", header)
            if masked_crc32c(header[:8]) != checksum:
                return _places(places, "has a damaged length")
            end = offset + _HEADER + length + CHECKSUM
            if end > size:
                return _places(places, CUT_SHORT)
            places.append((offset + _HEADER, length))
            offset = end
    return _places(places, "")


def is_whole(data: bytes, checksum: bytes) -> bool:
    """Whether a record's data are those that the checksum behind them was made of."""
    return checksum == struct.pack("<I", masked_crc32c(data))


def _places(records: list[tuple[int, int]], damage: str) -> Places:
    return Places(np.array(records, np.int64).reshape(-1, 2), damage)
