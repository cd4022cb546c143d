"""Encoded images in and out of the graph."""

import tensorflow as tf

from stargan_tf.data.preprocessing import preprocess
from stargan_tf.serving.saved_model.checks import checked

# A file of a few kilobytes can claim to hold gigabytes of pixels.
MAX_PIXELS = 2**26
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_JPEG_SIGNATURE = b"\xff\xd8\xff"
_PNG_HEADER = 33  # bytes up to the end of the first chunk, which has the size
JPEG_QUALITY = 95


def decode_images(name: str, contents: tf.Tensor, img_size: int) -> tf.Tensor:
    """Decodes JPEG or PNG files of any size as training sees them.

    The central square is resized; transparency is laid over white.

    Args:
      name: of the input, for errors.
      contents: [N] string.
      img_size: R.

    Returns:
      [N, R, R, 3] float32 in [-1, 1]. Raises InvalidArgumentError when run on what is
      not an image, is damaged or has more than MAX_PIXELS pixels.
    """

    def decode(row_and_content: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        row, content = row_and_content
        is_png = tf.equal(tf.strings.substr(content, 0, len(_PNG_SIGNATURE)), _PNG_SIGNATURE)
        is_png &= tf.strings.length(content) >= _PNG_HEADER
        is_jpeg = tf.equal(tf.strings.substr(content, 0, len(_JPEG_SIGNATURE)), _JPEG_SIGNATURE)
        message = ["Found no JPEG or PNG image in row ", row, f" of {name} ("]
        message += [tf.strings.length(content), " bytes): send the bytes of such a file."]
        content = checked(content, is_png | is_jpeg, message)
        pixels = tf.cond(
            is_png,
            lambda: _decode_png(name, row, content),
            lambda: _decode_jpeg(name, row, content),
        )
        return preprocess(pixels, img_size)

    rows = tf.range(tf.shape(contents)[0])
    spec = tf.TensorSpec([img_size, img_size, 3], tf.float32)
    return tf.map_fn(decode, (rows, contents), fn_output_signature=spec)


def encode_images(images: tf.Tensor, image_format: str) -> tf.Tensor:
    """Encodes images [N, R, R, 3] float32 in [-1, 1] as [N] PNG or JPEG files."""
    pixels = tf.cast(tf.round((tf.clip_by_value(images, -1.0, 1.0) + 1) * 127.5), tf.uint8)
    if image_format == "png":
        return tf.io.encode_png(pixels)

    def encode(image: tf.Tensor) -> tf.Tensor:
        return tf.io.encode_jpeg(
            image, quality=JPEG_QUALITY, chroma_downsampling=False, optimize_size=True
        )

    return tf.map_fn(encode, pixels, fn_output_signature=tf.TensorSpec([], tf.string))


def _decode_png(name: str, row: tf.Tensor, content: tf.Tensor) -> tf.Tensor:
    sides = tf.io.decode_raw(tf.strings.substr(content, 16, 8), tf.int32, little_endian=False)
    content = _small_enough(name, row, content, sides[0], sides[1])
    pixels = tf.io.decode_png(content, channels=4)
    alpha = pixels[..., 3:]
    # TensorFlow writes "opaque" as 1, 3 or 15 into files of so few bits.
    depth = tf.cast(tf.io.decode_raw(tf.strings.substr(content, 24, 1), tf.uint8)[0], tf.int32)
    opaque = tf.cast(tf.bitwise.left_shift(1, tf.minimum(depth, 8)) - 1, tf.uint8)
    # Most images are opaque, and floats of a large one would fill the memory.
    return tf.cond(
        tf.reduce_all(tf.equal(alpha, opaque)),
        lambda: pixels[..., :3],
        lambda: _over_white(pixels[..., :3], alpha),
    )


def _over_white(pixels: tf.Tensor, alpha: tf.Tensor) -> tf.Tensor:
    opacity = tf.cast(alpha, tf.float32) / 255
    mixed = tf.cast(pixels, tf.float32) * opacity + 255 * (1 - opacity)
    return tf.cast(tf.round(mixed), tf.uint8)


def _decode_jpeg(name: str, row: tf.Tensor, content: tf.Tensor) -> tf.Tensor:
    shape = tf.image.extract_jpeg_shape(content)
    content = _small_enough(name, row, content, shape[1], shape[0])
    # The accurate transform gives what Pillow gives, as in training.
    return tf.io.decode_jpeg(content, channels=3, dct_method="INTEGER_ACCURATE")


def _small_enough(
    name: str, row: tf.Tensor, content: tf.Tensor, width: tf.Tensor, height: tf.Tensor
) -> tf.Tensor:
    pixels = tf.cast(width, tf.int64) * tf.cast(height, tf.int64)
    fits = (width > 0) & (height > 0) & (pixels <= MAX_PIXELS)
    message = ["Found an image of ", width, " x ", height, " pixels in row ", row, f" of {name}"]
    message += [f", expected at most {MAX_PIXELS} in all: make it smaller."]
    return checked(content, fits, message)
