"""Networks whose pictures are known in advance, and images to feed them."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf
from PIL import Image

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.models.generator import EncodedImage
from stargan_tf.sampling.looks import Look

SIZE = 32
DOMAINS = ("cat", "dog", "wild")
CONFIG = StarGANv2Settings(
    img_size=SIZE,
    base_channels=4,
    max_conv_dim=8,
    latent_dim=3,
    style_dim=3,
    mapping_hidden_dim=8,
)


class FakeGenerator:
    """Averages the image with the style, taken for a colour."""

    img_size = SIZE

    def encode(self, x):
        return EncodedImage(x, {})

    def decode(self, encoded, s):
        return (encoded.features + s[:, tf.newaxis, tf.newaxis, :]) / 2


class FakeNetworks(NamedTuple):
    """A style is a colour: a squashed latent, or the reference's mean; blue tells the domain."""

    generator: FakeGenerator = FakeGenerator()

    @staticmethod
    def mapping_network(z, y):
        return _with_domain(tf.tanh(z), y)

    @staticmethod
    def style_encoder(x, y):
        return _with_domain(tf.reduce_mean(x, axis=[1, 2]), y)


def _with_domain(colour, y):
    blue = tf.cast(y, tf.float32)[:, tf.newaxis] / 2 - 0.5
    return tf.concat([colour[:, :2], blue], axis=1)


def flat(*colour):
    """An image of one colour, [SIZE, SIZE, 3] float32 in [-1, 1]."""
    return np.full([SIZE, SIZE, 3], colour, np.float32)


def save_image(path, colour, size=(SIZE, SIZE)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


def random_look(domain, index, *style):
    return Look(domain, f"seed7_{index}", np.array(style, np.float32))


SOURCES = {"a.png": (0, 51, 102), "b.png": (153, 204, 255)}
LOOKS = [
    random_look(0, 0, -1, -1, -1),
    random_look(0, 1, 1, 1, 1),
    random_look(2, 0, 1, -1, 1),
    random_look(2, 1, -1, 1, -1),
]


def colour_of(source, style):
    """What the fake generator makes of them, in 8 bits."""
    return np.round((np.array(source) + (np.array(style) + 1) * 127.5) / 2)


def with_reference(look, value):
    return Look(look.domain, f"ref_{value}", look.style, np.full([SIZE, SIZE, 3], value, np.uint8))


def assert_cell(image, grid, column, row, colour, tolerance=1.0):
    x, y = grid.corner(column, row)
    margin = 0 if tolerance == 1 else 6  # video encoders blur the edges
    inside = slice(margin, SIZE - margin)
    cell = np.asarray(image)[y : y + SIZE, x : x + SIZE][inside, inside].astype(int)
    assert np.abs(cell - np.array(colour)).max() <= tolerance, (column, row)
