"""The checksum of records in TensorFlow's files."""

import google_crc32c


def masked_crc32c(content: bytes) -> int:
    """The checksum of a length or of data, as TFRecord files store it: CRC-32C, masked."""
    crc = google_crc32c.value(content)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
