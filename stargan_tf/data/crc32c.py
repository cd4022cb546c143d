"""The checksum of TFRecord files, CRC-32C, by NumPy.

The checksum is linear: that of a text is the sum (exclusive or) of what each byte adds, which
depends on the byte and on how many follow. So blocks are looked up in one table at once.
"""

import functools

import numpy as np

_POLYNOMIAL = 0x82F63B78  # Castagnoli's, its bits reversed
_BLOCK = 1024  # bytes
_FEW = 32  # bytes that are faster one by one
_MASK_DELTA = 0xA282EAD8


def masked_crc32c(content: bytes) -> int:
    """The checksum of a length or of data, as TFRecord files store it."""
    crc = crc32c(content)
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & 0xFFFFFFFF


def crc32c(content: bytes) -> int:
    """The checksum of any bytes, 32 bits."""
    table, places, single, (a, b, c, d) = _tables()
    if len(content) < _FEW:
        crc = 0xFFFFFFFF
        for byte in content:
            crc = single[(crc ^ byte) & 255] ^ crc >> 8
        return crc ^ 0xFFFFFFFF
    # Zeros in front change nothing, so that every block is whole. The initial value of all
    # ones is the complement of the first four bytes.
    padding = -len(content) % _BLOCK
    blocks = np.zeros(len(content) + padding, np.uint8)
    blocks[padding:] = np.frombuffer(content, np.uint8)
    blocks[padding : padding + 4] ^= 0xFF
    added = table.take(blocks.reshape(-1, _BLOCK) + places, mode="wrap")
    crc = 0
    for block in np.bitwise_xor.reduce(added, axis=1).tolist():
        crc = a[crc & 255] ^ b[crc >> 8 & 255] ^ c[crc >> 16 & 255] ^ d[crc >> 24] ^ block
    return crc ^ 0xFFFFFFFF


@functools.cache
def _tables() -> tuple[np.ndarray, np.ndarray, list[int], list[list[int]]]:
    """What a byte adds by its place in a block, and what a block does to those before it.

    Returns:
      [_BLOCK * 256] uint32; where each place begins in it, [_BLOCK]; the last place alone, 256
      numbers; four lists of 256, for the four bytes of a checksum.
    """
    byte = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        byte = np.where(byte & 1, byte >> 1 ^ _POLYNOMIAL, byte >> 1).astype(np.uint32)
    rows = [byte]
    while len(rows) < _BLOCK:
        rows.append(byte[rows[-1] & 0xFF] ^ rows[-1] >> 8)
    state = np.arange(256, dtype=np.uint32) << np.arange(0, 32, 8, dtype=np.uint32)[:, np.newaxis]
    for _ in range(_BLOCK):
        state = byte[state & 0xFF] ^ state >> 8
    table = np.concatenate(rows[::-1])
    return table, np.arange(_BLOCK) * 256, byte.tolist(), state.tolist()
