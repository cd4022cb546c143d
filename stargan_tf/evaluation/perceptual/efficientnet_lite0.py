"""Distances in the features of EfficientNet-Lite0: no download is needed."""

from collections.abc import Sequence

import tensorflow as tf

from stargan_tf.evaluation.features.efficientnet_lite0 import EfficientNetLite0
from stargan_tf.evaluation.perceptual.base import PerceptualDistance, Stage


class EfficientNetLite0Distance(PerceptualDistance):
    """A perceptual distance for where there are no weights of AlexNet.

    NOT comparable with LPIPS, nor with any published metric: another network, and all
    channels weighted equally where LPIPS fits weights to human judgements. It compares
    models of this project with each other. The features are the last ones of each of
    the network's five sizes, averaged over the sizes; a distance lies between 0 and 4.
    """

    name = "efficientnet_lite0"

    def __init__(self, network: EfficientNetLite0) -> None:
        """Measures in the features of `network`."""
        super().__init__(network.fingerprint)
        self._network = network

    @classmethod
    def load(cls) -> "EfficientNetLite0Distance":
        """Reads the weights of the package."""
        return cls(EfficientNetLite0.load())

    def stages(self, images: tf.Tensor) -> Sequence[Stage]:
        """See base class; images are prepared as for the network's feature vectors."""
        features = self._network.stages(self._network.prepare(images))
        return [Stage(f, 1 / len(features)) for f in features]
