"""Where each record of a set of TFRecord shards lies, so that any can be read directly."""

import os
import struct
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stargan_tf.data.schema import shard_paths
from stargan_tf.errors import UserError

# A TFRecord is: length (8 bytes), checksum (4), data, checksum (4).
_HEADER = 12
_FOOTER = 4


class RecordIndex:
    """Random access to the records of one split, domain by domain.

    Attributes:
      sizes: records of each domain.
    """

    def __init__(self, data_dir: Path, split: str, domains: Sequence[str]) -> None:
        """Finds the records by reading the shards' headers only.

        Raises:
          UserError: shards are missing, damaged or empty.
        """
        self._paths: list[str] = []
        self._places: list[np.ndarray] = []  # of each domain: [records, 3] shard, offset, length
        for domain in domains:
            places = []
            for path in shard_paths(data_dir, split, domain):
                places.append(_scan(path, len(self._paths)))
                self._paths.append(path)
            self._places.append(np.concatenate(places))
        self.sizes = [len(places) for places in self._places]
        for domain, size in zip(domains, self.sizes, strict=True):
            if not size:
                raise UserError(
                    f"Found no images of the domain {domain} in the {split} split of {data_dir}, "
                    "expected at least one: prepare the data set again."
                )
        self._descriptors: dict[str, int] = {}
        self._lock = threading.Lock()
        closing = weakref.finalize(self, _close, self._descriptors)
        closing.atexit = False  # the system closes them then; a reader may still be at work

    def read(self, domain: int, record: int) -> bytes:
        """Returns one serialised record; may be called from several threads.

        Raises:
          UserError: the shard was cut since it was opened, or cannot be read.
        """
        shard, offset, length = (int(number) for number in self._places[domain][record])
        path = self._paths[shard]
        content = b""
        while len(content) < length:  # network file systems may give a part
            place = offset + len(content)
            try:
                part = os.pread(self._descriptor(path), length - len(content), place)
            except OSError as error:
                raise UserError(
                    f"{path} cannot be read ({error}): see that its disk is there, then run the "
                    "same command again."
                ) from error
            if not part:
                raise _cut_short(path)
            content += part
        return content

    def _descriptor(self, path: str) -> int:
        with self._lock:
            if path not in self._descriptors:
                self._descriptors[path] = os.open(path, os.O_RDONLY)
            return self._descriptors[path]


def _close(descriptors: dict[str, int]) -> None:
    for descriptor in descriptors.values():
        os.close(descriptor)


def _cut_short(path: str) -> UserError:
    return UserError(f"{path} is cut short: copy the whole data set again or prepare it again.")


def _scan(path: str, shard: int) -> np.ndarray:
    """Places of all records of one shard: [records, 3] int64."""
    places = []
    size = os.path.getsize(path)
    offset = 0
    with open(path, "rb", buffering=0) as file:
        while offset < size:
            file.seek(offset)
            header = file.read(_HEADER)
            length = struct.unpack("<Q", header[:8])[0] if len(header) == _HEADER else size
            end = offset + _HEADER + length + _FOOTER
            if end > size:
                raise _cut_short(path)
            places.append((shard, offset + _HEADER, length))
            offset = end
    return np.array(places, np.int64).reshape(-1, 3)
