import random
import struct
from pathlib import Path

import pytest
import tensorflow as tf

from stargan_tf.checksums import masked_crc32c


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
