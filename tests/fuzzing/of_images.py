"""Image files: as prepare_data, sample, the client and a served model read them."""

import io
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from stargan_tf.data import images
from stargan_tf.data.images import RejectedError
from stargan_tf.devserver.errors import error_of
from stargan_tf.errors import UserError
from stargan_tf.serving.client import images as client_images
from stargan_tf.serving.client.errors import ImageError
from stargan_tf.serving.saved_model.images import decode_images
from tests.data import makers
from tests.fuzzing.mutator import damage, damage_png
from tests.fuzzing.targets import MIB, Target

_SIZE = 24
_IMG_SIZE = 32


class _Images(Target):
    # A valid file may hold 2^28 pixels, of 4 bytes each in several copies. A damaged one can
    # claim as many; what it does not hold should take no memory.
    most_bytes = 1536 * MIB

    def __init__(self, work: Path) -> None:
        self._path = work / "image"
        self._valid = self.make()
        self._decode = tf.function(
            lambda content: decode_images("image_bytes", content[None], _IMG_SIZE),
            input_signature=[tf.TensorSpec([], tf.string)],
        )

    def make(self) -> Sequence[bytes]:
        raise NotImplementedError

    def valid(self) -> Sequence[bytes]:
        return self._valid

    def damaged(self, chance: random.Random) -> bytes:
        return damage(chance.choice(self._valid), chance, self._valid)

    def run(self, content: bytes) -> None:
        """Every reader gets the file; the first that rejects it says why in the end."""
        reasons = [
            *(self._prepared(content, size) for size in (0, 16)),
            self._sampled(content),
            self._sent(content),
        ]
        for reason in filter(None, reasons):
            raise UserError(reason)

    def _prepared(self, content: bytes, img_size: int) -> str:
        """As prepare_data does; what it keeps must be what training can read."""
        try:
            stored = images.prepare(content, img_size, needed_size=8)
        except RejectedError as error:
            return f"rejected: {error}"
        pixels = tf.io.decode_jpeg(stored, channels=3, dct_method="INTEGER_ACCURATE")
        expected = images.shorter_side(stored)
        assert min(pixels.shape[:2]) == expected and (not img_size or expected == img_size)
        return ""

    def _sampled(self, content: bytes) -> str:
        """As sample does."""
        self._path.write_bytes(content)
        try:
            pixels = images.load_image(self._path)
        except UserError as error:
            return str(error)
        assert pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.dtype == np.uint8
        return ""

    def _sent(self, content: bytes) -> str:
        """As the client sends it, and as it is, to a model."""
        reason = self._served(content)
        try:
            sent = client_images.prepare_image(content)
        except ImageError as error:
            return str(error)
        with Image.open(io.BytesIO(sent)) as image:
            assert image.width * image.height <= client_images.MODEL_PIXELS
            assert image.format in ("JPEG", "PNG", "MPO")
        if sent != content:
            assert not (made := self._served(sent)), made  # it is whole: we have encoded it
            return ""
        return reason

    def _served(self, content: bytes) -> str:
        try:
            decoded = self._decode(tf.constant(content))
        except tf.errors.OpError as error:
            failure = error_of(error)
            assert failure.http_status == 400, failure
            return str(failure)
        assert decoded.shape == (1, _IMG_SIZE, _IMG_SIZE, 3) and np.isfinite(decoded).all()
        return ""


def _noise(channels: int, bits: int = 8) -> np.ndarray:
    """Pixels that follow a seed, [_SIZE, _SIZE, channels], or without the last axis for one."""
    kind = np.uint16 if bits == 16 else np.uint8
    shape = (_SIZE, _SIZE, channels) if channels > 1 else (_SIZE, _SIZE)
    return np.random.default_rng(channels).integers(0, 2**bits, shape).astype(kind)


def _image(mode: str) -> Image.Image:
    return Image.fromarray(makers.pixels(3, _SIZE, _SIZE)).convert(mode)


class Jpeg(_Images):
    """JPEG files: baseline and progressive, grey, CMYK, turned by EXIF, with subsampling."""

    def make(self) -> Sequence[bytes]:
        turned = Image.Exif()
        turned[0x0112] = 6
        return [
            makers.encoded(_image("RGB"), "JPEG", quality=90),
            makers.encoded(_image("RGB"), "JPEG", progressive=True, exif=turned),
            makers.encoded(_image("L"), "JPEG"),
            makers.encoded(_image("CMYK"), "JPEG"),
            makers.encoded(_image("RGB"), "JPEG", subsampling=2, icc_profile=bytes(300)),
            makers.encoded(_image("RGB"), "JPEG", restart_marker_blocks=1),
        ]


class Png(_Images):
    """PNG files of every kind; half of the cases have right checksums."""

    def make(self) -> Sequence[bytes]:
        rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in _noise(3, bits=16))
        palette = _image("RGB").quantize(16)
        return [
            makers.encoded(_image("RGB")),
            makers.encoded(_noise(4)),
            makers.encoded(palette, transparency=bytes(range(16))),
            makers.encoded(_image("1")),
            makers.encoded(Image.fromarray(_noise(1, bits=16))),
            makers.png(_SIZE, _SIZE, rows, depth=16),
            makers.encoded(_image("LA"), icc_profile=bytes(300), dpi=(72, 72)),
        ]

    def damaged(self, chance: random.Random) -> bytes:
        if chance.random() < 0.5:
            return super().damaged(chance)
        return damage_png(chance.choice(self._valid), chance, self._valid)


class WebP(_Images):
    """WebP files: lossy, lossless, transparent, animated, with EXIF."""

    def make(self) -> Sequence[bytes]:
        turned = Image.Exif()
        turned[0x0112] = 3
        second = Image.fromarray(makers.pixels(4, _SIZE, _SIZE))
        return [
            makers.encoded(_image("RGB"), "WEBP"),
            makers.encoded(_image("RGB"), "WEBP", lossless=True),
            makers.encoded(_noise(4), "WEBP", quality=50),
            makers.encoded(_image("RGB"), "WEBP", exif=turned, icc_profile=bytes(300)),
            makers.encoded(
                _image("RGB"), "WEBP", save_all=True, append_images=[second], duration=50
            ),
        ]

    def _served(self, content: bytes) -> str:
        """Models take no WebP, and must say so."""
        reason = super()._served(content)
        if content[:4] == b"RIFF":
            assert "no JPEG or PNG" in reason, reason
        return reason
