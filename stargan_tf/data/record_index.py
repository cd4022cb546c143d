"""Where each record of a set of TFRecord shards lies, so that any can be read directly."""

import os
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stargan_tf.data import bad_records, shards
from stargan_tf.data.bad_records import BadRecord
from stargan_tf.data.schema import DatasetInfo, shard_paths
from stargan_tf.errors import UserError


class RecordIndex:
    """Random access to the records of one split, domain by domain.

    Records that `bad_records.skip` found are left out.

    Attributes:
      sizes: records of each domain.
    """

    def __init__(self, data_dir: Path, split: str, domains: Sequence[str]) -> None:
        """Finds the records by reading the shards' headers only.

        Raises:
          UserError: shards are missing, damaged or empty.
        """
        self._paths: list[str] = []
        # Of each domain: [records, 4] shard, number in the shard, offset, length.
        self._places: list[np.ndarray] = []
        counts = DatasetInfo.load(data_dir).counts.get(split, {})
        for domain in domains:
            places = []
            for path in shard_paths(data_dir, split, domain):
                places.append(_scan(path, len(self._paths)))
                self._paths.append(path)
            self._places.append(np.concatenate(places))
            paths = self._paths[-len(places) :]
            _check_count(len(self._places[-1]), counts.get(domain, 0), paths, split, domain)
        self.sizes = [len(places) for places in self._places]
        # Records whose checksum was right: it is checked when a record is first read.
        self._checked = [np.zeros(size, bool) for size in self.sizes]
        self._descriptors: dict[str, int] = {}
        self._lock = threading.Lock()
        closing = weakref.finalize(self, _close, self._descriptors)
        closing.atexit = False  # the system closes them then; a reader may still be at work

    def read(self, domain: int, record: int) -> bytes:
        """Returns one serialised record; may be called from several threads.

        Raises:
          UserError: the record is damaged, or the shard was cut since it was opened, or it
            cannot be read.
        """
        shard, number, offset, length = (int(n) for n in self._places[domain][record])
        path = self._paths[shard]
        if self._checked[domain][record]:
            return self._content(path, offset, length)
        content = self._content(path, offset, length + shards.CHECKSUM)
        data, checksum = content[:length], content[length:]
        if not shards.is_whole(data, checksum):
            raise UserError(bad_records.sentence(BadRecord(path, number, shards.WRONG_CHECKSUM)))
        self._checked[domain][record] = True
        return data

    def _content(self, path: str, offset: int, length: int) -> bytes:
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
                raise UserError(
                    f"{path} {shards.CUT_SHORT}: copy the whole data set again or prepare it again."
                )
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


def _check_count(found: int, expected: int, paths: Sequence[str], split: str, domain: str) -> None:
    folder = os.path.dirname(paths[0])
    if not found:
        raise UserError(
            f"Found no images of the domain {domain} in the {split} split of {folder}, expected "
            "at least one: prepare the data set again."
        )
    # A shard may be cut between two records.
    if found < expected and all(bad_records.skipped(path) is None for path in paths):
        raise UserError(
            f"Found {found} records of the domain {domain} in the {split} split of {folder}, "
            f"expected {expected}: copy the whole data set again, prepare it again, or pass "
            "--skip_bad_records."
        )


def _scan(path: str, shard: int) -> np.ndarray:
    """Places of the records of one shard: [records, 4] int64."""
    records, damage = shards.find_records(path)
    skipped = bad_records.skipped(path)
    if damage and skipped is None:
        raise UserError(bad_records.sentence(BadRecord(path, len(records), damage, rest=True)))
    numbers = np.array([n for n in range(len(records)) if n not in (skipped or ())], np.int64)
    return np.column_stack([np.full_like(numbers, shard), numbers, records[numbers]])
