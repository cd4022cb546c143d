"""Networks that need no weights, for tests of the protocol."""

from collections.abc import Callable, Iterable

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from stargan_tf.algorithms.drawable import LATENT, Mode
from stargan_tf.algorithms.stargan_v2.codes import MODES
from stargan_tf.evaluation.features.base import FeatureNetwork
from stargan_tf.evaluation.measuring import MeasuringNetworks
from stargan_tf.evaluation.perceptual.base import PerceptualDistance, Stage
from stargan_tf.evaluation.statistics import FeatureStatistics, RunningStatistics


class MeanColours(FeatureNetwork):
    """Features are the mean colours of the four quarters of an image."""

    name = "mean_colours"
    dim = 12
    protocol = "as they are"

    def __init__(self) -> None:
        super().__init__({"none": np.zeros(1, np.float32)})
        self.seen = 0

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        self.seen += len(images)
        return super().__call__(images)

    def prepare(self, images: tf.Tensor) -> tf.Tensor:
        return images

    def features(self, inputs: tf.Tensor) -> tf.Tensor:
        side = inputs.shape[1] // 2
        quarters = tf.nn.avg_pool2d(inputs, side, side, "VALID")
        return tf.reshape(quarters, [-1, 12])


class PixelDistance(PerceptualDistance):
    """Squared differences of pixels."""

    name = "pixels"

    def __init__(self) -> None:
        super().__init__("pixels")

    def stages(self, images: tf.Tensor) -> list[Stage]:
        return [Stage(images, 1.0)]


def fake_networks() -> MeasuringNetworks:
    return MeasuringNetworks(MeanColours(), PixelDistance())


def distances(perceptual: PerceptualDistance, x: ArrayLike, y: ArrayLike) -> np.ndarray:
    """The distance of every image [N, H, W, 3] to its partner: [N]."""
    return perceptual.mean_over_pairs(np.stack([x, y], axis=1)).numpy()


def statistics_of(batches: Iterable[ArrayLike], *, of: str = "the images") -> FeatureStatistics:
    """The statistics of activations [n, dim] that come in batches."""
    running = None
    for batch in batches:
        running = running or RunningStatistics(np.shape(batch)[-1])
        running.update(batch, of=of)
    return (running or RunningStatistics(0)).result(of=of)


class Painter:
    """Draws one-coloured images: a code is a colour, whatever the source.

    A perfect translator would draw from the colours of the target domain.
    """

    modes = MODES
    img_size = 8
    latent_dim = 4
    code_dim = 3

    def __init__(self, colours: dict[int, np.ndarray], spread: float = 0.3) -> None:
        self.colours = tf.Variable(np.zeros([max(colours) + 1, 3], np.float32))
        self.calls: list[tuple[str, int, int]] = []  # mode, domain, number of codes
        self.paint(colours)
        self._spread = spread

    def paint(self, colours: dict[int, np.ndarray]) -> None:
        """Takes other colours of domains."""
        for domain, colour in colours.items():
            self.colours[domain].assign(colour.astype(np.float32))

    def make_codes(self, mode: Mode, source: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        with tf.control_dependencies([tf.py_function(self._note(mode), [y], [])]):
            y = tf.identity(y)
        if mode.source == LATENT:
            return tf.gather(self.colours, y) + self._spread * source[:, :3]
        return tf.reduce_mean(source, axis=[1, 2])

    def _note(self, mode: Mode) -> Callable[[tf.Tensor], None]:
        return lambda y: self.calls.append((mode.name, int(y[0]), len(y)))

    def encode(self, x: tf.Tensor) -> tf.Tensor:
        return x

    def draw(self, encoded: tf.Tensor, codes: tf.Tensor) -> tf.Tensor:
        return tf.zeros_like(encoded) + codes[:, tf.newaxis, tf.newaxis, :]
