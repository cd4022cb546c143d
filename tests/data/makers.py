"""Small images and folders of images for the tests."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.data.preparation import prepare_dataset
from stargan_tf.data.schema import DatasetInfo


def pixels(seed: int, height: int = 40, width: int = 40) -> np.ndarray:
    """A smooth random image, so that JPEG keeps it nearly as it is."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def encoded(image: Image.Image | np.ndarray, file_format: str = "PNG", **options: Any) -> bytes:
    """The bytes of an image file."""
    buffer = io.BytesIO()
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def png(width: int, height: int, rows: bytes, depth: int = 8) -> bytes:
    """An RGB PNG written by hand, for what Pillow cannot write."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + data


def bomb() -> bytes:
    """A few bytes that claim to be an image of 40 gigapixels."""
    return png(200_000, 200_000, b"")


def ftyp(*kinds: bytes) -> bytes:
    """The start of an HEIC, AVIF or video file: its major kind, then the compatible ones."""
    major, *others = kinds
    body = b"ftyp" + major + bytes(4) + b"".join(others)
    return struct.pack(">I", 4 + len(body)) + body + b"\0\0\0\x08mdat"


# Files that people take for images, with the names of their formats.
UNREAD = (
    (ftyp(b"heic", b"mif1", b"heic"), "HEIC"),
    (ftyp(b"mif1", b"heic"), "HEIC"),
    (ftyp(b"avif", b"mif1", b"miaf"), "AVIF"),
    (ftyp(b"mif1", b"avif"), "AVIF"),
    (ftyp(b"isom", b"mp41"), "video"),
    (b"\xff\x0a" + bytes(20), "JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"%PDF-1.7\n", "PDF"),
    (b"8BPS\0\x01", "PSD"),
    (b'<?xml version="1.0"?>\n<svg xmlns="x">', "SVG"),
    (b"\xef\xbb\xbf<SVG>", "SVG"),
    (b"\n<!DOCTYPE html><html>", "HTML"),
)


def large(width: int, height: int, file_format: str) -> bytes:
    """A grey image whose central square is white."""
    image = Image.new("L", (width, height), 64)
    side = min(width, height)
    image.paste(255, ((width - side) // 2, (height - side) // 2, (width + side) // 2, height))
    return encoded(image, file_format)


def folder(root: Path, counts: dict[str, int], file_format: str = "PNG") -> Path:
    """Makes root/DOMAIN/IMAGES, every image different; a key may be train/DOMAIN."""
    for number, (name, count) in enumerate(counts.items()):
        (root / name).mkdir(parents=True)
        for index in range(count):
            content = encoded(pixels(1000 * number + index), file_format)
            (root / name / f"{index:03d}.{file_format.lower()}").write_bytes(content)
    return root


def prepared(output: Path, *beam_arguments: str, **settings: Any) -> DatasetInfo:
    """Runs the preparation; small images are welcome unless the settings say otherwise."""
    config = PrepareDataConfig(output_dir=str(output), **{"min_size": 8, **settings})
    config.validate()
    return prepare_dataset(config, beam_arguments)


def files(directory: Path) -> dict[str, bytes]:
    """Names and contents of all files of a folder."""
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}
