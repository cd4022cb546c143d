import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stargan_tf.data import images
from stargan_tf.errors import UserError
from tests.data import makers

RGB = makers.pixels(0)


def decoded(content: bytes) -> np.ndarray:
    return np.asarray(images.decode(content)[0])


def grey_16_bit() -> Image.Image:
    return Image.fromarray((np.arange(40 * 40).reshape(40, 40) * 40).astype(np.uint16))


@pytest.mark.parametrize(
    ("mode", "file_format"),
    [
        ("L", "PNG"),
        ("L", "JPEG"),
        ("1", "PNG"),
        ("P", "PNG"),
        ("P", "GIF"),
        ("CMYK", "TIFF"),
        ("YCbCr", "JPEG"),
        ("RGB", "BMP"),
        ("RGB", "WEBP"),
        ("RGB", "TIFF"),
    ],
)
def test_modes_become_the_rgb_that_was_meant(mode: str, file_format: str) -> None:
    image = Image.fromarray(RGB).convert(mode)
    wanted = np.asarray(image.convert("RGB")).astype(int)
    difference = np.abs(decoded(makers.encoded(image, file_format)).astype(int) - wanted)
    assert difference.mean() < (4 if file_format in ("JPEG", "WEBP") else 0.5)


def test_cmyk_jpeg_is_not_inverted() -> None:
    white = Image.new("CMYK", (16, 16), (0, 0, 0, 0))
    assert decoded(makers.encoded(white, "JPEG")).min() > 250


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_laid_over_white(mode: str) -> None:
    image = Image.new("RGBA", (16, 16), (0, 0, 0, 255))
    image.paste((0, 0, 0, 0), (0, 0, 8, 16))
    image.putpixel((15, 15), (0, 0, 0, 128 if mode != "P" else 255))
    if mode == "P":
        palette = Image.new("P", (16, 16), 1)
        palette.putpalette([255, 0, 0, 0, 0, 0])
        palette.paste(0, (0, 0, 8, 16))
        content = makers.encoded(palette, "PNG", transparency=0)
    else:
        content = makers.encoded(image.convert(mode), "PNG")
    result = decoded(content)
    assert (result[:, :8] == 255).all()
    assert (result[:15, 8:] == 0).all()
    if mode != "P":
        assert 120 < result[15, 15, 0] < 135


def test_16_bits_of_grey_are_scaled() -> None:
    result = decoded(makers.encoded(grey_16_bit(), "PNG"))
    wanted = np.round(np.asarray(grey_16_bit()) / 257)
    np.testing.assert_array_equal(result[..., 0], wanted)
    np.testing.assert_array_equal(result[..., 0], result[..., 2])


def test_16_bits_of_colour_are_stored_as_8() -> None:
    row = b"\0" + b"\x80\x11\x40\x22\x20\x33" * 16
    content = makers.png(16, 16, row * 16, depth=16)
    stored = images.prepare(content, 0, 8)
    assert stored[24] == 8
    np.testing.assert_array_equal(decoded(stored)[3, 3], [0x80, 0x40, 0x20])


@pytest.mark.parametrize("orientation", range(2, 9))
def test_exif_rotation_is_applied(orientation: int) -> None:
    upright = Image.fromarray(makers.pixels(1, 24, 40))
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = makers.encoded(upright.transpose(back[orientation]), "PNG", exif=exif)
    np.testing.assert_array_equal(decoded(content), np.asarray(upright))
    stored = images.prepare(content, 0, 8)
    np.testing.assert_array_equal(decoded(stored), np.asarray(upright))
    assert Image.open(io.BytesIO(stored)).getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "JPEG"])
def test_damaged_metadata_take_nothing_from_an_image(file_format: str) -> None:
    """Of which Pillow raises errors of several kinds."""
    image = Image.fromarray(makers.pixels(1, 24, 40))
    options = {"lossless": True} if file_format == "WEBP" else {"dpi": (72, 72)}
    content = makers.encoded(image, file_format, exif=b"Exif\0\0Exif\0\0II*\0", **options)
    assert np.abs(decoded(content).astype(int) - np.asarray(image)).mean() < 20


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"no image at all", "not an image"),
        (makers.encoded(RGB, "JPEG")[:-200], "truncated"),
        (makers.encoded(RGB, "PNG")[:-800], "truncated"),
        (makers.encoded(RGB, "JPEG")[:100], "truncated"),
        (makers.bomb(), "absurdly large"),
        (makers.encoded(makers.pixels(0, 40, 31)), "too few pixels: 31x40, needed 32"),
        (makers.encoded(Image.new("F", (40, 40)), "TIFF"), "floating point"),
        (makers.encoded(Image.fromarray(np.full((40, 40), 70000, np.int32)), "TIFF"), "32-bit"),
    ],
)
def test_unfit_images_are_rejected_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(images.RejectedError, match=reason):
        images.prepare(content, 0, 32)


@pytest.mark.parametrize(("content", "name"), makers.UNREAD)
def test_formats_that_are_not_read_are_named(content: bytes, name: str, tmp_path: Path) -> None:
    with pytest.raises(images.RejectedError, match=f"the format is {name}.*convert it"):
        images.prepare(content, 0, 32)
    (tmp_path / "photo.jpg").write_bytes(content)
    with pytest.raises(UserError, match=f"photo.jpg cannot be used .the format is {name}"):
        images.load_image(tmp_path / "photo.jpg")


@pytest.mark.slow
@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_images_of_2_to_the_28_pixels_are_used(file_format: str, tmp_path: Path) -> None:
    content = makers.large(2**15, 2**13, file_format)
    stored = decoded(images.prepare(content, 64, 64))
    assert stored.shape == (64, 64, 3) and stored.min() == 255
    (tmp_path / "photo").write_bytes(content)
    loaded = images.load_image(tmp_path / "photo")
    assert loaded.shape == (2**12, 2**14, 3)  # halved: the networks want less


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM"])
def test_more_pixels_are_rejected(file_format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert images.MAX_PIXELS >= 2**28
    monkeypatch.setattr(images, "MAX_PIXELS", 1599)
    with pytest.raises(images.RejectedError, match="absurdly large: 40x40"):
        images.decode(makers.encoded(RGB, file_format))


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_large_images_are_halved_where_enough_is_left(
    file_format: str, orientation: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "WHOLE_PIXELS", 40 * 60 - 1)
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = makers.encoded(makers.pixels(3, 40, 60), file_format, exif=exif)
    whole = images.decode(content)[0]
    halved, _, changed = images.decode(content, halve_above=20)
    assert halved.size == tuple(side // 2 for side in whole.size) and changed
    expected = np.asarray(whole.resize(halved.size, Image.Resampling.BOX), int)
    assert np.abs(np.asarray(halved) - expected).mean() < 3
    assert images.decode(content, halve_above=21)[0].size == whole.size
    monkeypatch.setattr(images, "WHOLE_PIXELS", 40 * 60)
    assert images.decode(content, halve_above=20)[0].size == whole.size


def test_large_images_below_pillows_own_limit_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_PIXELS", 1599)
    with pytest.raises(images.RejectedError, match="absurdly large: 40x40"):
        images.decode(makers.encoded(RGB))
    monkeypatch.setattr(images, "MAX_PIXELS", 1600)
    images.decode(makers.encoded(RGB))


@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_plain_images_keep_their_bytes(file_format: str) -> None:
    content = makers.encoded(RGB, file_format)
    assert images.prepare(content, 0, 8) == content
    assert images.prepare(content, 40, 8) == content


@pytest.mark.parametrize(
    ("file_format", "stored_format"),
    [("JPEG", "JPEG"), ("WEBP", "JPEG"), ("PNG", "PNG"), ("BMP", "PNG"), ("TIFF", "PNG")],
)
def test_resized_images_are_stored_without_new_loss(file_format: str, stored_format: str) -> None:
    stored = images.prepare(makers.encoded(RGB, file_format), 20, 8)
    image = Image.open(io.BytesIO(stored))
    assert (image.format, image.size, image.mode) == (stored_format, (20, 20), "RGB")
    if stored_format == "JPEG":
        assert image.layer[0][1:3] == image.layer[1][1:3]  # no chroma subsampling


def test_resizing_takes_the_central_square() -> None:
    wide = np.zeros((40, 120, 3), np.uint8)
    wide[:, 40:80] = 255
    stored = images.prepare(makers.encoded(wide), 20, 20)
    assert decoded(stored).min() > 250


def test_resizing_is_antialiased() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    inner = decoded(images.prepare(makers.encoded(stripes), 16, 16))[:, 2:-2]
    assert 110 < inner.min() and inner.max() < 145


@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_training_decodes_what_pillow_decodes(file_format: str) -> None:
    content = makers.encoded(RGB, file_format, **({"quality": 80} if file_format == "JPEG" else {}))
    seen = tf.io.decode_jpeg(content, channels=3, dct_method="INTEGER_ACCURATE").numpy()
    np.testing.assert_array_equal(seen, decoded(content))


def test_load_image_reads_and_rejects(tmp_path: Path) -> None:
    (tmp_path / "good.png").write_bytes(makers.encoded(RGB))
    (tmp_path / "bad.png").write_bytes(b"text")
    result = images.load_image(tmp_path / "good.png")
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, RGB)
    with pytest.raises(UserError, match="bad.png cannot be used"):
        images.load_image(tmp_path / "bad.png")
    with pytest.raises(UserError, match="none.png cannot be used"):
        images.load_image(tmp_path / "none.png")


def jpeg_with_a_strange_marker() -> bytes:
    """Pillow decodes what comes before it, and TensorFlow nothing at all."""
    content = bytearray(makers.encoded(RGB, "JPEG"))
    place = content.index(b"\xff\xda") + 60 * len(content[content.index(b"\xff\xda") :]) // 100
    content[place : place + 2] = b"\xff\xea"
    return bytes(content)


def png_with_a_longer_header() -> bytes:
    content = makers.encoded(RGB)
    header = content[16:29] * 2
    length = struct.pack(">I", len(header))
    checksum = struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return content[:8] + length + b"IHDR" + header + checksum + content[33:]


@pytest.mark.parametrize("make", [jpeg_with_a_strange_marker, png_with_a_longer_header])
def test_what_training_could_not_read_is_encoded_again(make: Callable[[], bytes]) -> None:
    content = make()
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.io.decode_jpeg(content, channels=3)
    assert images.decode(content)[2] is False, "for Pillow, nothing is wrong with it"
    prepared = images.prepare(content, 0, 8)
    assert tf.io.decode_jpeg(prepared, channels=3).shape == RGB.shape
    assert prepared != content


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize("img_size", [0, 16])
@pytest.mark.parametrize("damage", ["pixel", "checksum", "no end"])
def test_a_png_whose_checksums_are_wrong_is_rejected(
    tmp_path: Path, damage: str, img_size: int
) -> None:
    """Pillow would give other pixels, without a word."""
    content = makers.encoded(RGB, compress_level=0)  # a flipped bit is one pixel
    place = content.index(b"IDAT")
    length = int.from_bytes(content[place - 4 : place], "big")
    if damage == "pixel":
        content = flipped(content, place + length // 2)
    elif damage == "checksum":
        content = flipped(content, place + 4 + length)
    else:
        content = content[: content.index(b"IEND") - 4]
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(images.RejectedError, match="truncated or damaged: "):
        images.prepare(content, img_size, 8)
    with pytest.raises(UserError, match=r"a\.png cannot be used \(truncated or damaged"):
        images.load_image(tmp_path / "a.png")
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.io.decode_png(content)


def test_what_lies_behind_a_png_is_no_damage() -> None:
    content = makers.encoded(RGB) + b"\0" * 100
    assert (decoded(content) == RGB).all()
