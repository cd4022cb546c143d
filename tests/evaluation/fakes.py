"""Networks that need no weights, for tests of the protocol."""

from collections.abc import Iterable

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from stargan_tf.evaluation.features.base import FeatureNetwork
from stargan_tf.evaluation.measuring import MeasuringNetworks
from stargan_tf.evaluation.perceptual.base import PerceptualDistance, Stage
from stargan_tf.evaluation.statistics import FeatureStatistics, RunningStatistics

STYLE_DIM = 3


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
    """Draws one-coloured images: a style is a colour, plus what the source adds.

    A perfect translator would draw from the colours of the target domain.
    """

    def __init__(self, colours: dict[int, np.ndarray], spread: float = 0.3) -> None:
        self.colours, self.spread = colours, spread
        self.calls: list[tuple[str, int, int]] = []

    def random_styles(self, latents: np.ndarray, domain: int) -> np.ndarray:
        self.calls.append(("random", domain, len(latents)))
        return self.colours[domain] + self.spread * latents[:, :STYLE_DIM]

    def reference_styles(self, images: np.ndarray, domain: int) -> np.ndarray:
        self.calls.append(("reference", domain, len(images)))
        return images.mean(axis=(1, 2))

    def draw(self, images: np.ndarray, styles: np.ndarray) -> np.ndarray:
        flat = np.broadcast_to(styles[:, :, None, None, :], (*styles.shape[:2], 8, 8, 3))
        return flat.astype(np.float32)
