"""Records that cannot be used: found, named, and skipped where that is wanted."""

import contextlib
import json
import os
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import tensorflow as tf
from tqdm import tqdm

from stargan_tf.bars import bar
from stargan_tf.data import shards
from stargan_tf.data.schema import SPLITS, DatasetInfo, parse_example, shard_paths, shard_size
from stargan_tf.errors import UserError

LIST_FILE = "bad_records.jsonl"
_NAMED = 10  # on stderr; the file has all

# By the shard's resolved path: the numbers of the records that this process skips. It is here,
# since all that reads records, in training, evaluation and sampling, must skip the same.
_skipped: dict[str, frozenset[int]] = {}
# What errors of the input say, those of the networks do not.
_OF_INPUT = re.compile(r"Iterator|Decode|decode|parse|PyFunc|Dataset")
_INPUT_ERRORS = (
    tf.errors.DataLossError,
    tf.errors.InvalidArgumentError,
    tf.errors.UnknownError,  # of Python functions in the graph
    UnicodeDecodeError,  # TensorFlow's, for an error that quotes bytes which are no text
)


class BadRecord(NamedTuple):
    """A record that cannot be used.

    Attributes:
      shard: path of its file.
      record: its number in the file, the first is 0.
      reason: in words.
      rest: whether all records after it are lost as well.
    """

    shard: str
    record: int
    reason: str
    rest: bool = False

    def __str__(self) -> str:
        """Names it in a line."""
        rest = " and all after it" if self.rest else ""
        return f"{self.shard}, record {self.record}{rest} ({self.reason})"


def sentence(bad: BadRecord) -> str:
    """What is wrong and what to do, for a `UserError`."""
    remedy = "copy the whole data set again, prepare it again, or pass --skip_bad_records"
    if bad.rest:  # the shard itself is at fault
        return f"{bad.shard} {bad.reason} at record {bad.record}: {remedy}."
    return f"{bad.shard} has a bad record, {bad.record} ({bad.reason}): {remedy}."


def find(data_dir: Path) -> Iterator[BadRecord]:
    """Reads every record of a data set as training does, and gives those that it cannot use.

    Raises:
      UserError: the data set or a shard is missing.
    """
    info = DatasetInfo.load(data_dir)
    total = sum(sum(by_group.values()) for by_group in info.counts.values())
    with bar(total=total, unit="record", desc="Checking records", dynamic_ncols=True) as shown:
        for split in SPLITS:
            for index, group in enumerate(info.groups):
                count = info.counts.get(split, {}).get(group, 0)
                paths = shard_paths(data_dir, split, group) if count else []
                for number, path in enumerate(paths):
                    expected = shard_size(count, number, len(paths))
                    yield from _bad_of_shard(path, info, index, expected, shown)


def skip(data_dir: Path, listing: Path | None) -> list[BadRecord]:
    """Has this process skip the bad records of a data set, and says which these are.

    Args:
      data_dir: what `prepare_data` wrote.
      listing: file to write, a line for each, if there are any; None for no file.

    Raises:
      UserError: the data set or a shard is missing.
    """
    bad = list(find(data_dir))
    for path in {record.shard for record in bad}:
        # What lies behind a damaged length is not found at all.
        numbers = (r.record for r in bad if r.shard == path and not r.rest)
        _skipped[os.path.realpath(path)] = frozenset(numbers)
    if not bad:
        return bad
    for record in bad[:_NAMED]:
        print(f"warning: skipped: {record}", file=sys.stderr)
    where = ""
    if listing:
        listing.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(record._asdict(), ensure_ascii=False) + "\n" for record in bad]
        listing.write_text("".join(lines), encoding="utf-8")
        where = f", listed in {listing}"
    print(f"warning: skipped {len(bad)} bad records of {data_dir}{where}", file=sys.stderr)
    return bad


def skipped(path: str) -> frozenset[int] | None:
    """The numbers of the records of a shard that are skipped; None where none is allowed bad."""
    return _skipped.get(os.path.realpath(path))


@contextlib.contextmanager
def named(data_dir: Path) -> Iterator[None]:
    """Names the record when what reads a data set fails for one that cannot be used."""
    try:
        yield
    except _INPUT_ERRORS as error:
        message = _message(error)
        said = re.search(r"UserError: (.+)", message)
        if said:  # by our own reader, inside the graph
            raise UserError(said[1]) from error
        if not _OF_INPUT.search(message):
            raise
        for bad in find(data_dir):
            raise UserError(sentence(bad)) from error
        raise


def _message(error: Exception) -> str:
    """What TensorFlow says of its error, also where Python could not read that."""
    if isinstance(error, UnicodeDecodeError):
        return error.object.decode(errors="backslashreplace")
    return error.message


def _bad_of_shard(
    path: str, info: DatasetInfo, label: int, expected: int, shown: tqdm
) -> Iterator[BadRecord]:
    places, damage = shards.find_records(path)
    file = os.open(path, os.O_RDONLY)

    def reason(place: tuple[int, int]) -> str:
        offset, length = place
        content = os.pread(file, length + shards.CHECKSUM, offset)
        return _reason(content[:length], content[length:], info, label)

    try:
        with ThreadPoolExecutor() as pool:
            for number, found in enumerate(pool.map(reason, places.tolist())):
                shown.update()
                if found:
                    yield BadRecord(path, number, found)
    finally:
        os.close(file)
    if not damage and len(places) < expected:  # cut between two records
        damage = f"lacks {expected - len(places)} records"
    if damage:
        yield BadRecord(path, len(places), damage, rest=True)


def _reason(data: bytes, checksum: bytes, info: DatasetInfo, label: int) -> str:
    """Why a record cannot be used; empty for a good one."""
    if not shards.is_whole(data, checksum):
        return shards.WRONG_CHECKSUM
    try:
        _, found = parse_example(tf.constant(data), len(info.attributes))
    except (tf.errors.OpError, UnicodeDecodeError) as error:
        said = re.sub(r"\{\{.*?\}\} ?| ?\[Op:.*", "", _message(error))
        return f"it cannot be decoded: {' '.join(said.split()).rstrip('.'):.200}"
    if not info.attributes and int(found) != label:
        return f"its label is {int(found)}, expected {label}"
    return ""
