"""Bodies of HTTP requests: decompressed, and only so many bytes of them worked on at once."""

import contextlib
import threading
import zlib
from collections import deque
from collections.abc import Iterator

import grpc

from stargan_tf.devserver.errors import ServingError, invalid, shown
from stargan_tf.devserver.http_server import LARGEST_BODY

# Seconds that a request waits for others to be done.
_PATIENCE = 60.0
_COMPRESSED = ("gzip", "x-gzip")
# What zlib makes of a byte at most.
_LARGEST_RATIO = 1032
_GZIP = 16 + zlib.MAX_WBITS


def check_encoding(encoding: str) -> bool:
    """Whether a body is compressed; raises ServingError if in a way that is unknown here."""
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity", *_COMPRESSED):
        raise invalid(f"Content-Encoding is {shown(encoding)}, expected gzip or none.")
    return encoding in _COMPRESSED


def decompressed(body: bytes, most: int = LARGEST_BODY) -> bytes:
    """The contents of a gzip file; raises ServingError if it is damaged or becomes too large."""
    parts, size = [], 0
    try:
        while body:
            member = zlib.decompressobj(_GZIP)
            parts.append(member.decompress(body, most - size + 1))
            size += len(parts[-1])
            if size > most:
                raise invalid(f"The body becomes larger than {most >> 20} MiB: send less at once.")
            if not member.eof:
                raise invalid("The body ends in the middle of its gzip data: send all of it.")
            body = member.unused_data
    except zlib.error as error:
        raise invalid(
            f"The body is not the gzip data that its header promises: {error}."
        ) from error
    return b"".join(parts)


class Budget:
    """Bytes that all requests together may work on at once, so that memory stays bounded."""

    def __init__(self, most: int = LARGEST_BODY, patience: float = _PATIENCE) -> None:
        """Takes the bytes that there are, and the seconds that a request waits for its own."""
        self._most = self._left = most
        self._patience = patience
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def hold(self, size: int, *, compressed: bool) -> Iterator[None]:
        """Waits for its turn with a body of `size` bytes; raises ServingError if none comes."""
        # What a compressed body becomes is not known yet.
        size = min(size * _LARGEST_RATIO if compressed else size, self._most)
        mine = object()
        with self._changed:
            # Small bodies that come later do not pass a large one, which else might never start.
            self._queue.append(mine)
            try:
                has_turn = self._changed.wait_for(
                    lambda: self._queue[0] is mine and self._left >= size, self._patience
                )
            finally:
                self._queue.remove(mine)
                self._changed.notify_all()
            if not has_turn:
                sentence = "The server is busy with other large requests: try again later."
                raise ServingError(grpc.StatusCode.UNAVAILABLE, sentence)
            self._left -= size
        try:
            yield
        finally:
            with self._changed:
                self._left += size
                self._changed.notify_all()
