"""TensorBoard's files as a sequence of records: dropping some, and noticing that some are lost."""

import errno
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from google.protobuf.message import DecodeError
from tensorboard.compat.proto.event_pb2 import Event

from stargan_tf.checksums import masked_crc32c
from stargan_tf.files import check_room, written_whole

_PATTERN = "events.out.tfevents.*"
# Around the bytes of a record: their number and its checksum before, their own checksum after.
_HEADER, _FOOTER = struct.Struct("<QI"), 4


def event_files(folder: Path) -> set[Path]:
    """The files that TensorBoard reads, in this folder alone."""
    return set(folder.glob(_PATTERN))


def drop_events_after(folder: Path, step: int) -> None:
    """Removes events that a resumed run will write again, and those that are damaged.

    Otherwise TensorBoard's curves would have these iterations twice, or end at the damage.

    Args:
      folder: with the files of earlier sittings; none is open.
      step: where training goes on.
    """
    for path in sorted(event_files(folder)):
        with path.open("rb") as file:
            kept = [framed for framed in _records(file) if _is_up_to(framed, step)]
        if not kept:
            path.unlink()
        elif sum(map(len, kept)) < path.stat().st_size:
            with written_whole(path) as temporary:
                temporary.write_bytes(b"".join(kept))


class WrittenEvents:
    """Watches over what TensorFlow writes: on a full disk it loses events without a word."""

    def __init__(self, folder: Path) -> None:
        """Call it before the writer is made.

        Args:
          folder: of the writer; nobody else begins a file there.
        """
        self._folder = folder
        self._before = event_files(folder)
        self._whole: dict[Path, int] = {}

    def check(self) -> None:
        """Checks what was written since the last call; call it after a flush.

        Raises:
          OSError: not all of it is in the file.
        """
        for path in sorted(event_files(self._folder) - self._before):
            end = whole_up_to(path, self._whole.get(path, 0))
            self._whole[path] = end
            if end < path.stat().st_size or not end:
                check_room(path)
                raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))


def whole_up_to(path: Path, offset: int = 0) -> int:
    """Walks over the records of a file; returns the end of the last whole one.

    Args:
      path: a file to which another thread may be writing.
      offset: the end of a record, to begin at.
    """
    with path.open("rb") as file:
        file.seek(offset)
        return offset + sum(map(len, _records(file)))


def _records(file: BinaryIO) -> Iterator[bytes]:
    """The records from here on as they are in the file, up to one that is cut short."""
    while len(header := file.read(_HEADER.size)) == _HEADER.size:
        size, checksum = _HEADER.unpack(header)
        if checksum != masked_crc32c(header[:8]):  # what follows are no records
            return
        body = file.read(size + _FOOTER)
        if len(body) < size + _FOOTER:
            return
        yield header + body


def _is_up_to(framed: bytes, step: int) -> bool:
    """Whether a record is an event of this iteration or before; a damaged one is none."""
    content, checksum = framed[_HEADER.size : -_FOOTER], framed[-_FOOTER:]
    if checksum != struct.pack("<I", masked_crc32c(content)):
        return False
    try:
        return Event.FromString(content).step <= step
    except DecodeError:
        return False
