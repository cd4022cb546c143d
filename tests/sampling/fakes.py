"""Networks whose images are known in advance, and images to feed them."""

import numpy as np
import tensorflow as tf
from PIL import Image

from stargan_tf.algorithms.drawable import LATENT
from stargan_tf.algorithms.stargan_v2.codes import MODES
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.algorithms.trained_model import TrainedModel
from stargan_tf.sampling.styles import Style

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


class FakeDrawable:
    """Averages the image with the code, taken for a colour.

    A code is a squashed latent code, or the mean of a reference; blue tells the domain.
    """

    modes = MODES
    img_size = SIZE
    latent_dim = CONFIG.latent_dim
    code_dim = 3

    def make_codes(self, mode, source, y):
        if mode.source == LATENT:
            return self.of_latents(source, y)
        return _with_domain(tf.reduce_mean(source, axis=[1, 2]), y)

    def of_latents(self, z, y):
        return _with_domain(tf.tanh(z), y)

    def encode(self, x):
        return x

    def draw(self, encoded, codes):
        return (encoded + codes[:, tf.newaxis, tf.newaxis, :]) / 2


class FakeAlgorithm:
    """Its networks are what draws."""

    needs_domains = True

    def __init__(self, settings=CONFIG):
        self.settings = settings

    def drawable(self, networks):
        return networks


def fake_model(model=None):
    return TrainedModel("here", DOMAINS, model or FakeDrawable(), 7, "abc")


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


def random_style(domain, index, *code):
    return Style(domain, f"seed7_{index}", np.array(code, np.float32))


SOURCES = {"a.png": (0, 51, 102), "b.png": (153, 204, 255)}
STYLES = [
    random_style(0, 0, -1, -1, -1),
    random_style(0, 1, 1, 1, 1),
    random_style(2, 0, 1, -1, 1),
    random_style(2, 1, -1, 1, -1),
]


def colour_of(source, code):
    """What the fake networks make of them, in 8 bits."""
    return np.round((np.array(source) + (np.array(code) + 1) * 127.5) / 2)


def with_reference(style, value):
    return Style(
        style.domain, f"ref_{value}", style.code, np.full([SIZE, SIZE, 3], value, np.uint8)
    )


def assert_cell(image, grid, column, row, colour, tolerance=1.0):
    x, y = grid.corner(column, row)
    margin = 0 if tolerance == 1 else 6  # video encoders blur the edges
    inside = slice(margin, SIZE - margin)
    cell = np.asarray(image)[y : y + SIZE, x : x + SIZE][inside, inside].astype(int)
    assert np.abs(cell - np.array(colour)).max() <= tolerance, (column, row)
