import io
import os
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from stargan_tf.data import formats as training_formats
from stargan_tf.data import images as training_images
from stargan_tf.data.sources.folder import MAX_FILE_BYTES
from stargan_tf.serving.client import ImageError, formats, images, load_image, prepare_image
from stargan_tf.serving.client.images import encode, format_of, reencode
from stargan_tf.serving.saved_model import images as model_images
from tests.data.makers import UNREAD, large
from tests.serving.client.fakes import colour_of, make_image

ORIENTATION = 0x0112
NOT_STORED = {("JPEG", mode) for mode in ("P", "1", "RGBA")} | {("WEBP", "1"), ("WEBP", "L")}


def opened(content):
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def two_colours(file_format, orientation=None):
    """Wide, red to the left and blue to the right, as stored."""
    image = Image.new("RGB", (32, 16), "red")
    image.paste("blue", (16, 0, 32, 16))
    exif = Image.Exif()
    if orientation:
        exif[ORIENTATION] = orientation
    buffer = io.BytesIO()
    image.save(buffer, file_format, exif=exif)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        make_image("JPEG"),
        make_image("PNG"),
        make_image("JPEG", mode="L", colour=90),
        make_image("PNG", mode="L", colour=90),
        two_colours("JPEG", orientation=1),
        make_image("JPEG", progressive=True),
    ],
)
def test_plain_files_are_sent_as_they_are(content):
    assert prepare_image(content) is content


@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    ("orientation", "size", "is_red"),
    [
        (2, (32, 16), (31, 8)),
        (3, (32, 16), (31, 8)),
        (6, (16, 32), (8, 0)),
        (8, (16, 32), (8, 31)),
    ],
)
def test_images_are_turned_upright(file_format, orientation, size, is_red):
    result = prepare_image(two_colours(file_format, orientation))
    image = opened(result)
    assert (image.format, image.size) == (file_format, size)
    assert np.allclose(image.getpixel(is_red), (255, 0, 0), atol=3)
    assert ORIENTATION not in image.getexif()
    assert prepare_image(result) is result


def test_damaged_metadata_take_nothing_from_an_image():
    buffer = io.BytesIO()
    Image.new("RGB", (32, 16), "red").save(buffer, "PNG", exif=b"Exif\0\0Exif\0\0II*\0")
    assert opened(prepare_image(buffer.getvalue())).getpixel((3, 3)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("file_format", "becomes"),
    [("BMP", "PNG"), ("GIF", "PNG"), ("TIFF", "PNG"), ("PPM", "PNG"), ("WEBP", "JPEG")],
)
def test_other_formats_become_png_or_jpeg(file_format, becomes):
    result = prepare_image(make_image(file_format, colour="red"))
    assert opened(result).format == becomes
    assert np.allclose(colour_of(result), (255, 0, 0), atol=3)


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
@pytest.mark.parametrize(("alpha", "green"), [(0, 255), (255, 0), (128, 127)])
def test_transparency_lies_over_white(file_format, alpha, green):
    content = make_image(file_format, mode="RGBA", colour=(255, 0, 0, alpha))
    result = prepare_image(content)
    assert opened(result).mode == "RGB"
    assert np.allclose(colour_of(result), (255, green, green), atol=3)


def test_a_transparent_palette_and_grey_lie_over_white():
    palette = make_image("PNG", mode="P", colour=0, transparency=0)
    assert colour_of(prepare_image(palette)) == (255, 255, 255)
    grey = make_image("PNG", mode="LA", colour=(0, 0))
    assert colour_of(prepare_image(grey)) == (255, 255, 255)
    keyed = make_image("PNG", mode="RGB", colour="red", transparency=(255, 0, 0))
    assert colour_of(prepare_image(keyed)) == (255, 255, 255)


def test_cmyk_becomes_rgb():
    result = prepare_image(make_image("JPEG", mode="CMYK", colour=(0, 255, 255, 0)))
    assert opened(result).mode == "RGB"
    assert np.allclose(colour_of(result), (255, 0, 0), atol=5)


@pytest.mark.parametrize(("value", "expected"), [(0, 0), (257, 1), (32896, 128), (65535, 255)])
def test_16_bits_of_grey_keep_their_brightness(value, expected):
    buffer = io.BytesIO()
    Image.fromarray(np.full((8, 8), value, np.uint16)).save(buffer, "PNG")
    image = opened(prepare_image(buffer.getvalue()))
    assert image.mode == "RGB"
    assert image.getpixel((0, 0)) == (expected,) * 3


def test_16_bits_of_colour_become_8():
    def chunk(kind, data):
        check = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + check

    side = 4
    header = side.to_bytes(4, "big") * 2 + bytes([16, 2, 0, 0, 0])
    pixels = (b"\x00" + b"\xff\xff\x80\x80\x00\x00" * side) * side
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    content += chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")
    result = prepare_image(content)
    assert result != content and result[24] == 8
    assert colour_of(result) == (255, 128, 0)


def test_the_original_is_not_told_more_about():
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[0x010F] = "maker"
    result = prepare_image(make_image("JPEG", exif=exif, icc_profile=b"profile"))
    assert not opened(result).getexif()
    assert b"profile" not in result


def test_only_the_first_image_of_a_telephones_file():
    buffer = io.BytesIO()
    second = Image.new("RGB", (8, 8), "blue")
    Image.new("RGB", (8, 8), "red").save(buffer, "MPO", save_all=True, append_images=[second])
    assert prepare_image(buffer.getvalue()) == buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"no image at all", "not an image"),
        (make_image("JPEG", size=(200, 200))[:400], "damaged"),
        (make_image("PNG", size=(200, 200))[:150], "damaged"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "not an image"),
    ],
)
def test_bad_files_are_refused_with_a_reason(content, reason, tmp_path):
    with pytest.raises(ImageError, match=reason):
        prepare_image(content)
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(ImageError) as caught:
        load_image(path)
    assert str(caught.value).startswith(f"{path} cannot be used (")
    assert reason in str(caught.value)


@pytest.mark.parametrize(("content", "name"), UNREAD)
def test_formats_that_are_not_read_are_named_as_in_training(content, name):
    with pytest.raises(ImageError, match=f"the format is {name}.*convert it"):
        prepare_image(content)
    assert formats.unknown(content) == training_formats.unknown(content)


def test_limits_are_those_of_training_and_of_models():
    assert images.MAX_PIXELS == training_images.MAX_PIXELS >= 2**28
    assert images.MODEL_PIXELS == model_images.MAX_PIXELS
    assert images._MAX_FILE_BYTES == MAX_FILE_BYTES


@pytest.mark.slow
@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_images_of_2_to_the_28_pixels_are_shrunk_to_what_models_take(file_format):
    limit = Image.MAX_IMAGE_PIXELS
    result = opened(prepare_image(large(2**15, 2**13, file_format)))
    assert (result.size, result.format) == ((2**14, 2**12), file_format)
    assert Image.MAX_IMAGE_PIXELS == limit  # that of the program around the client


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "RGBA"])
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("size", [(64, 64), (65, 63), (4, 1021), (1, 5000)])
def test_images_of_any_kind_are_shrunk(file_format, mode, size, monkeypatch):
    monkeypatch.setattr(images, "MODEL_PIXELS", 1024)
    image = Image.new("RGB", size, (200, 200, 200)).convert(mode)
    buffer = io.BytesIO()
    stored = image if (file_format, mode) not in NOT_STORED else image.convert("RGB")
    stored.save(buffer, file_format)
    result = opened(prepare_image(buffer.getvalue()))
    assert 128 <= result.width * result.height <= 1024
    if mode != "1":
        assert np.allclose(np.asarray(result.convert("RGB"), int).mean(axis=(0, 1)), 200, atol=4)


def test_bombs_are_refused():
    content = bytearray(make_image("BMP"))
    content[18:26] = (20_000).to_bytes(4, "little") * 2
    with pytest.raises(ImageError, match="absurdly large"):
        prepare_image(bytes(content))


def test_images_in_many_threads_leave_the_warnings_of_an_app_alone():
    filters = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(prepare_image, [make_image("BMP")] * 40))
    assert warnings.filters == filters


def test_files_that_cannot_be_read(tmp_path):
    for path in (tmp_path / "missing.jpg", tmp_path):
        with pytest.raises(ImageError, match="cannot be used .*(No such file|directory)"):
            load_image(path)
    path = tmp_path / "a.png"
    path.write_bytes(make_image())
    assert load_image(os.fspath(path)) == make_image()
    film = tmp_path / "film.mp4"
    with film.open("wb") as file:
        file.truncate(2**30 + 1)  # takes no room
    with pytest.raises(ImageError, match="film.mp4 cannot be used .absurdly large: a file of 1073"):
        load_image(film)


def test_answers_in_another_format():
    png, jpeg = make_image("PNG"), make_image("JPEG")
    assert (format_of(png), format_of(jpeg)) == ("PNG", "JPEG")
    assert reencode(png, "PNG") is png and reencode(jpeg, "JPEG") is jpeg
    assert opened(reencode(png, "JPEG")).format == "JPEG"
    assert opened(reencode(jpeg, "PNG")).format == "PNG"
    with pytest.raises(ImageError, match="no image"):
        reencode(b"nothing", "JPEG")
    assert opened(encode(Image.new("RGB", (3, 3)), "PNG")).size == (3, 3)
