"""From the bytes of any image file to an upright 8-bit RGB image, or a reason why not."""

import functools
import io
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from stargan_tf.data import formats, schema
from stargan_tf.errors import UserError

# An image with more pixels is taken for a decompression bomb: a few kilobytes
# that fill the memory once they are decoded. Telephones make images of 200 million.
MAX_PIXELS = 2**28
# Larger images are halved where nothing is lost by it, so that they take no more memory.
WHOLE_PIXELS = 2**27
# The shorter side that `load_image` keeps: networks are given less.
_KEPT_SIDE = 2048
JPEG_QUALITY = 95
# Only formats that Pillow decodes by itself; others would start other programs.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
LOSSLESS = ("PNG", "BMP", "GIF", "TIFF", "PPM")
_ALPHA_MODES = ("RGBA", "RGBa", "LA", "La", "PA")
_ORIENTATION = 0x0112  # EXIF tag
# What sets an image upright, by its orientation.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


# Registers every format: Pillow would otherwise know only the commonest.
Image.init()
Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # Pillow's own limit is lower


class RejectedError(Exception):
    """An image is rejected; the text is the reason, for rejected.jsonl."""


def load_image(path: Path) -> np.ndarray:
    """Reads an image file as training sees images.

    Returns:
      [H, W, 3] uint8 RGB, upright, transparency over white.

    Raises:
      UserError: the file cannot be read or is rejected.
    """
    try:
        # Reading a pipe or a device might never end.
        if path.exists() and not path.is_file() and not path.is_dir():
            raise RejectedError("not a file: a pipe or a device")
        return np.asarray(decode(path.read_bytes(), halve_above=_KEPT_SIDE)[0])
    except (OSError, RejectedError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UserError(
            f"{path} cannot be used ({reason}): give a JPEG, PNG, WebP or other common image."
        ) from error


def prepare(content: bytes, img_size: int, needed_size: int) -> bytes:
    """Makes the encoded image that a record stores.

    Bytes that already are what training reads are kept as they are; anything else
    is encoded again, as PNG if nothing was lost so far and as JPEG otherwise.

    Args:
      content: an image file.
      img_size: side of the square to make, or 0 to keep the image's own size.
      needed_size: pixels that the shorter side must have.

    Returns:
      A JPEG or PNG file with three 8-bit channels, upright.

    Raises:
      RejectedError: for the reason in its text.
    """
    kept = max(img_size, needed_size) if img_size else None
    image, file_format, changed = decode(content, halve_above=kept)
    shorter = min(image.size)
    if shorter < needed_size:
        raise RejectedError(
            f"too few pixels: {image.width}x{image.height}, needed {needed_size} on each side"
        )
    if img_size and image.size != (img_size, img_size):
        image = _central_square(image).resize((img_size, img_size), Image.Resampling.LANCZOS)
        changed = True
    if not changed and file_format in ("JPEG", "PNG") and _is_read_alike(content, image):
        return content
    return _encode(image, lossless=file_format in LOSSLESS)


def shorter_side(content: bytes) -> int:
    """The pixels of the shorter side of what `prepare` returned; reads its header only."""
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        return min(image.size)


def decode(content: bytes, *, halve_above: int | None = None) -> tuple[Image.Image, str, bool]:
    """Decodes an image file and normalises it to upright RGB.

    Args:
      content: an image file.
      halve_above: an image of more than WHOLE_PIXELS is halved, if its shorter side then
        has this many pixels; None for never.

    Returns:
      The image, the file's format, and whether the pixels differ from what a plain
      JPEG or PNG decoder would read from the file.

    Raises:
      RejectedError: the bytes are not an image, are damaged, or too large.
    """
    if not content:
        raise RejectedError("empty file")
    try:
        with warnings.catch_warnings():
            # Oddities of metadata, and Pillow's own bomb warning: MAX_PIXELS decides here.
            warnings.simplefilter("ignore")
            return _decode(content, halve_above)
    except RejectedError:
        raise
    except Image.UnidentifiedImageError as error:
        raise RejectedError(formats.unknown(content)) from error
    except Image.DecompressionBombError as error:
        raise RejectedError(f"absurdly large: over {MAX_PIXELS} pixels") from error
    except Exception as error:  # Pillow's decoders raise nearly any type on damaged data
        raise RejectedError(f"truncated or damaged: {error}") from error


def _decode(content: bytes, halve_above: int | None) -> tuple[Image.Image, str, bool]:
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        if image.width * image.height > MAX_PIXELS:
            raise RejectedError(
                f"absurdly large: {image.width}x{image.height}, over {MAX_PIXELS} pixels"
            )
        file_format = image.format or ""
        if file_format == "PNG":  # Pillow decodes pixels without a look at their checksums
            with Image.open(io.BytesIO(content), formats=("PNG",)) as unread:
                unread.verify()
        size = image.size
        large = image.width * image.height > WHOLE_PIXELS
        if halve := large and halve_above is not None and min(size) >= 2 * halve_above:
            image.draft(None, (size[0] // 2, size[1] // 2))  # JPEG: decodes no more than that
        image.load()
        orientation = _orientation(image)
        plain = (
            not halve
            and image.mode == "RGB"
            and "transparency" not in image.info
            and orientation == 1
            and not _is_16_bit_png(content)
        )
        turn = _UPRIGHT.get(orientation)
        rgb = _to_rgb(image if turn is None else image.transpose(turn))
        if halve and sorted(rgb.size) == sorted(size):
            rgb = rgb.reduce(2)
        return rgb, file_format, not plain


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation; damaged metadata, of which Pillow raises nearly anything, say none."""
    try:
        return image.getexif().get(_ORIENTATION, 1)
    except Exception:
        return 1


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # 16 bits of grey, which Pillow opens as I;16 or as 32-bit I.
        grey = np.asarray(image).astype(np.float64)
        if grey.min() < 0 or grey.max() > 65535:
            raise RejectedError("unsupported pixels: 32-bit integers")
        return Image.fromarray(np.round(grey / 257).astype(np.uint8)).convert("RGB")
    if image.mode == "F":
        raise RejectedError("unsupported pixels: floating point")
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")  # palette, grey, black-and-white, CMYK, YCbCr


def _is_read_alike(content: bytes, image: Image.Image) -> bool:
    """Whether training, whose decoder is stricter than Pillow, reads the file as well."""
    import tensorflow as tf

    try:
        height, width, _ = _training_decoder()(content)
    except (tf.errors.OpError, UnicodeDecodeError):
        return False
    return (width, height) == image.size


@functools.cache
def _training_decoder() -> Callable[[bytes], np.ndarray]:
    """Gives the shape of what training reads.

    It is in a session, which unlike eager TensorFlow takes no GPU: there may be many processes.
    """
    import tensorflow as tf  # slow to import, and not all images need it

    with tf.Graph().as_default() as graph:
        content = tf.compat.v1.placeholder(tf.string, [])
        shape = tf.shape(schema.decode_image(content))
    config = tf.compat.v1.ConfigProto(device_count={"GPU": 0})
    return tf.compat.v1.Session(graph=graph, config=config).make_callable(shape, [content])


def _central_square(image: Image.Image) -> Image.Image:
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


def _is_16_bit_png(content: bytes) -> bool:
    # Byte 24 of a PNG is the bit depth; Pillow shows the upper halves as plain RGB.
    return content.startswith(b"\x89PNG") and content[24] == 16


def _encode(image: Image.Image, *, lossless: bool) -> bytes:
    buffer = io.BytesIO()
    # A fresh image: profiles, comments and EXIF of the original must not follow.
    plain = Image.frombytes("RGB", image.size, image.tobytes())
    if lossless:
        plain.save(buffer, "PNG")
    else:
        plain.save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return buffer.getvalue()
