"""Damages files and requests: bytes, and what formats put a checksum over.

All of it is a function of the input and of a `random.Random`.
"""

import contextlib
import random
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence

from stargan_tf.checksums import masked_crc32c

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# How fields of 1, 2, 4 and 8 bytes are written, in either order.
_FIELDS = ("B", "<H", ">H", "<I", ">I", "<Q", ">Q")
# A case may be this much larger than its seeds are together.
_MOST_ADDED = 2**16


def damage(content: bytes, chance: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """Changes bytes in one place or a few.

    Args:
      content: what is valid.
      chance: decides what is changed, and where.
      others: further valid inputs, whose parts may be put in.
    """
    kinds = [_flip, _replace, _insert, _delete, _duplicate, _cut, _zeros, _field, _field]
    for _ in range(_how_often(chance)):
        if others and chance.random() < 0.1:
            content = _splice(content, chance.choice(others), chance)
        else:
            content = chance.choice(kinds)(content, chance)
    return content


def damage_png(content: bytes, chance: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """Changes the chunks of a PNG file, whose lengths and checksums are right afterwards."""
    chunks = list(_chunks(content))
    if not chunks:
        return damage(content, chance, others)
    for _ in range(_how_often(chance)):
        place = chance.randrange(len(chunks))
        kind, data = chunks[place]
        action = chance.randrange(8)
        if action == 0 and len(chunks) > 1:
            del chunks[place]
        elif action == 1:
            chunks.insert(chance.randrange(len(chunks) + 1), chunks[place])
        elif action == 2:
            chunks[place] = damage(kind, chance)[:4].ljust(4, b"a"), data
        elif action == 3 and others:
            foreign = list(_chunks(chance.choice(others))) or chunks
            chunks.insert(place, chance.choice(foreign))
        elif action == 4:
            chance.shuffle(chunks)
        elif kind == b"IDAT" and chance.random() < 0.7:
            chunks[place] = kind, _inflated(data, lambda rows: damage(rows, chance))
        else:
            chunks[place] = kind, damage(data, chance)
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return _PNG_SIGNATURE + body


def damage_records(
    content: bytes, chance: random.Random, inside: Callable[[bytes, random.Random], bytes]
) -> bytes:
    """Changes the records of a TFRecord shard, whose checksums are right afterwards.

    Args:
      content: a whole shard.
      chance: decides what is changed.
      inside: changes the data of a record.
    """
    records = list(_records(content))
    for _ in range(_how_often(chance)):
        place = chance.randrange(len(records)) if records else 0
        action = chance.randrange(10)
        if action == 0 and records:
            del records[place]
        elif action == 1 and records:
            records.insert(place, records[place])
        elif action == 2:
            records.insert(place, b"")
        elif records:
            records[place] = inside(records[place], chance)
    return tfrecord(records)


def tfrecord(records: Sequence[bytes]) -> bytes:
    """A shard of these records."""
    parts = []
    for data in records:
        length = struct.pack("<Q", len(data))
        parts += [length, struct.pack("<I", masked_crc32c(length))]
        parts += [data, struct.pack("<I", masked_crc32c(data))]
    return b"".join(parts)


def _how_often(chance: random.Random) -> int:
    """Once most often; many changes at once seldom get far."""
    return chance.choice((1, 1, 1, 1, 2, 2, 3, 8))


def _place(content: bytes, chance: random.Random) -> int:
    """Near the beginning every other time: there, most formats tell what follows."""
    most = min(len(content), 64) if chance.random() < 0.5 else len(content)
    return chance.randint(0, most)


def _span(content: bytes, chance: random.Random) -> tuple[int, int]:
    start = _place(content, chance)
    length = chance.choice((1, 2, 4, 16, 64, chance.randint(1, 1 + len(content))))
    return start, min(start + length, len(content))


def _flip(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    if changed:
        changed[_place(content, chance) % len(changed)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _replace(content: bytes, chance: random.Random) -> bytes:
    start, end = _span(content, chance)
    return content[:start] + chance.randbytes(end - start) + content[end:]


def _zeros(content: bytes, chance: random.Random) -> bytes:
    """What a disk leaves of a block that it lost."""
    start, end = _span(content, chance)
    return content[:start] + bytes(end - start) + content[end:]


def _insert(content: bytes, chance: random.Random) -> bytes:
    place = _place(content, chance)
    size = chance.choice((1, 2, 4, 100, 5000))
    added = chance.choice((chance.randbytes(size), bytes([chance.randrange(256)]) * size))
    return content[:place] + added + content[place:]


def _delete(content: bytes, chance: random.Random) -> bytes:
    start, end = _span(content, chance)
    return content[:start] + content[end:]


def _duplicate(content: bytes, chance: random.Random) -> bytes:
    start, end = _span(content, chance)
    part = content[start:end]
    times = min(chance.choice((1, 2, 100)), _MOST_ADDED // max(len(part), 1))
    return content[:end] + part * times + content[end:]


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: _place(content, chance)]


def _field(content: bytes, chance: random.Random) -> bytes:
    """Writes an extreme number over what may be a length, a size or an offset."""
    form = chance.choice(_FIELDS)
    bits = 8 * struct.calcsize(form)
    numbers = (0, 1, 2, 2 ** (bits - 1) - 1, 2 ** (bits - 1), 2**bits - 1, len(content))
    number = chance.choice((*numbers, chance.randrange(2**bits))) % 2**bits
    place = _place(content, chance)
    return content[:place] + struct.pack(form, number) + content[place + bits // 8 :]


def _splice(content: bytes, other: bytes, chance: random.Random) -> bytes:
    """The beginning of one and the end of the other."""
    return content[: _place(content, chance)] + other[_place(other, chance) :]


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and data of each chunk of a PNG file; nothing of other files."""
    if not content.startswith(_PNG_SIGNATURE):
        return
    place = len(_PNG_SIGNATURE)
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        yield content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        place += 12 + length


def _inflated(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Changes what is compressed."""
    with contextlib.suppress(zlib.error):
        return zlib.compress(change(zlib.decompress(data)))
    return change(data)


def _records(content: bytes) -> Iterator[bytes]:
    place = 0
    while place + 12 <= len(content):
        (length,) = struct.unpack_from("<Q", content, place)
        yield content[place + 12 : place + 12 + length]
        place += 16 + length
