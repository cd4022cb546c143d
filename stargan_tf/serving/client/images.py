"""Makes any image file the upright JPEG or PNG that a model takes."""

import io
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ImageError
from .formats import unknown

if TYPE_CHECKING:  # imported when the first image is prepared: callers may have other means
    from PIL.Image import Image

# More pixels are taken for a decompression bomb: a few kilobytes that fill the memory.
MAX_PIXELS = 2**28
# Models take no more; larger images are shrunk.
MODEL_PIXELS = 2**26
# Larger files, such as films, are not even read.
_MAX_FILE_BYTES = 2**30
JPEG_QUALITY = 95
# Only formats that Pillow decodes by itself; others would start other programs.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
_LOSSLESS = ("PNG", "BMP", "GIF", "TIFF", "PPM")
# JPEG files of telephones may hold further images, which decoders ignore.
_SENT_AS_THEY_ARE = ("JPEG", "MPO", "PNG")
_ORIENTATION = 0x0112  # EXIF tag
# What sets an image upright, by its orientation.
_UPRIGHT = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}


def load_image(path: str | os.PathLike[str]) -> bytes:
    """Reads an image file as a model takes it, see `prepare_image`.

    Raises:
      ImageError: there is no such file, or it is no image that can be used.
    """
    try:
        # Reading a pipe or a device might never end.
        if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
            raise ImageError("not a file: a pipe or a device")
        if os.path.isfile(path) and (size := os.path.getsize(path)) > _MAX_FILE_BYTES:
            raise ImageError(f"absurdly large: a file of {size} bytes")
        return prepare_image(Path(path).read_bytes())
    except (OSError, ImageError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ImageError(
            f"{os.fspath(path)} cannot be used ({reason}): give a JPEG, PNG, WebP or other common "
            "image."
        ) from error


def prepare_image(content: bytes) -> bytes:
    """Makes an image file into one that a model takes.

    Upright JPEG and PNG files without transparency are returned as they are. Others are turned
    upright, laid over white and encoded again: as PNG, or as JPEG where the file's format had
    lost something already. So are images of more than MODEL_PIXELS pixels, halved until they
    have no more.

    Args:
      content: an image file of any common format.

    Returns:
      An upright JPEG or PNG file in grey or RGB, 8 bits each.

    Raises:
      ImageError: the bytes are no image, are damaged, or far too large.
    """
    if not content:
        raise ImageError("empty file")
    import PIL.Image

    try:
        return _prepare(content)
    except ImageError:
        raise
    except PIL.Image.UnidentifiedImageError as error:
        raise ImageError(unknown(content)) from error
    except PIL.Image.DecompressionBombError as error:
        raise ImageError(f"absurdly large: over {MAX_PIXELS} pixels") from error
    except Exception as error:  # Pillow's decoders raise nearly any type on damaged data
        raise ImageError(f"truncated or damaged: {error}") from error


def _prepare(content: bytes) -> bytes:
    import PIL.Image

    PIL.Image.init()  # registers every format: Pillow would otherwise know only the commonest
    with _opened(content) as image:
        if image.width * image.height > MAX_PIXELS:
            raise ImageError(
                f"absurdly large: {image.width}x{image.height}, over {MAX_PIXELS} pixels"
            )
        fits = _fits(image)
        if not fits:  # JPEG: decodes no more than this
            image.draft(None, (max(1, image.width // 2), max(1, image.height // 2)))
        image.load()
        orientation = _orientation(image)
        plain = (
            fits
            and image.format in _SENT_AS_THEY_ARE
            and image.mode in ("RGB", "L")
            and "transparency" not in image.info
            and orientation == 1
            and not _is_16_bit_png(content)
        )
        if plain:
            return content
        turn = PIL.Image.Transpose.__members__.get(_UPRIGHT.get(orientation, ""))
        upright = _to_rgb(image if turn is None else image.transpose(turn))
        while not _fits(upright):
            upright = upright.reduce(2)
        return encode(upright, "PNG" if image.format in _LOSSLESS else "JPEG")


def _orientation(image: "Image") -> int:
    """The EXIF orientation; damaged metadata, of which Pillow raises nearly anything, say none."""
    try:
        return image.getexif().get(_ORIENTATION, 1)
    except Exception:
        return 1


def _fits(image: "Image") -> bool:
    return image.width * image.height <= MODEL_PIXELS


def _opened(content: bytes) -> "Image":
    """Does what PIL.Image.open does, without its limit on pixels.

    That limit is lower than MAX_PIXELS, and belongs to the program that uses this package.
    """
    import PIL.Image

    for name in FORMATS:
        factory, accept = PIL.Image.OPEN[name]
        try:
            accepted = accept is None or accept(content[:16])
            if accepted and not isinstance(accepted, str):  # a text says what Pillow lacks
                return factory(io.BytesIO(content), "")
        except (SyntaxError, IndexError, TypeError, struct.error):
            continue
    raise PIL.Image.UnidentifiedImageError


def encode(image: "Image", file_format: str) -> bytes:
    """Encodes an RGB image as PNG or JPEG, without the original's metadata."""
    import PIL.Image

    buffer = io.BytesIO()
    plain = PIL.Image.frombytes("RGB", image.size, image.tobytes())
    if file_format == "PNG":
        plain.save(buffer, "PNG")
    else:
        plain.save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return buffer.getvalue()


def reencode(content: bytes, file_format: str) -> bytes:
    """Returns the image in another format, or as it is when it has that format.

    Args:
      content: a PNG or JPEG file, as a server answers.
      file_format: PNG or JPEG.

    Raises:
      ImageError: the bytes are no image.
    """
    if format_of(content) == file_format:
        return content
    import PIL.Image

    try:
        with PIL.Image.open(io.BytesIO(content), formats=FORMATS) as image:
            return encode(image.convert("RGB"), file_format)
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageError("the server's answer is no image") from error


def format_of(content: bytes) -> str:
    """Returns JPEG for a JPEG file, else PNG: a server answers nothing else."""
    return "JPEG" if content.startswith(b"\xff\xd8") else "PNG"


def _to_rgb(image: "Image") -> "Image":
    import PIL.Image

    if image.mode.startswith("I"):
        # 16 bits of grey, which Pillow opens as I;16 or as 32-bit I.
        grey = image.convert("I")
        low, high = grey.getextrema()
        if low < 0 or high > 65535:
            raise ImageError("unsupported pixels: 32-bit integers")
        return grey.point(lambda value: value * (1 / 257) + 0.5).convert("L").convert("RGB")
    if image.mode == "F":
        raise ImageError("unsupported pixels: floating point")
    if "A" in image.mode or "a" in image.mode or "transparency" in image.info:
        image = image.convert("RGBA")
        white = PIL.Image.new("RGBA", image.size, "white")
        return PIL.Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")  # palette, grey, black-and-white, CMYK, YCbCr


def _is_16_bit_png(content: bytes) -> bool:
    # Byte 24 of a PNG is the bit depth; Pillow shows the upper halves as plain RGB.
    return content.startswith(b"\x89PNG") and content[24] == 16
