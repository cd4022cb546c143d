import random
import struct
from pathlib import Path

import pytest
import tensorflow as tf

from stargan_tf.data.crc32c import crc32c, masked_crc32c


@pytest.mark.parametrize(
    ("content", "checksum"),
    [  # RFC 3720, B.4, and the check value of the algorithm's catalogue entry
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_published_checksums(content: bytes, checksum: int) -> None:
    assert crc32c(content) == checksum


@pytest.mark.parametrize(
    "length", [0, 1, 3, 4, 5, 31, 32, 33, 1023, 1024, 1025, 2048, 5000, 100_000]
)
def test_checksums_are_those_that_tensorflow_writes(length: int, tmp_path: Path) -> None:
    content = random.Random(length).randbytes(length)
    with tf.io.TFRecordWriter(str(tmp_path / "shard")) as writer:
        writer.write(content)
    written = (tmp_path / "shard").read_bytes()
    assert struct.unpack("<I", written[8:12])[0] == masked_crc32c(written[:8])
    assert struct.unpack("<I", written[-4:])[0] == masked_crc32c(content)
