"""Distances in the features of EfficientNet-Lite0: no download is needed."""

from collections.abc import Sequence

import tensorflow as tf

from stargan_tf.evaluation.features.base import CompiledPerSize, FeatureNetwork
from stargan_tf.evaluation.features.efficientnet_lite0 import EfficientNetLite0
from stargan_tf.evaluation.perceptual.base import PerceptualDistance, Stage, mean_of_stages


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
        self._both = CompiledPerSize(self._features_and_distances)

    @classmethod
    def load(cls) -> "EfficientNetLite0Distance":
        """Reads the weights of the package."""
        return cls(EfficientNetLite0.load())

    def stages(self, images: tf.Tensor) -> Sequence[Stage]:
        """See base class; images are prepared as for the network's feature vectors."""
        return _stages(self._network.stages(self._network.prepare(images)))

    def with_features(
        self, network: FeatureNetwork, outputs: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """See base class; one pass where `network` is the one that distances are measured in."""
        if (network.name, network.fingerprint) != (self._network.name, self.fingerprint):
            return super().with_features(network, outputs)
        return self._both(outputs)

    def _features_and_distances(self, outputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        _, count, *image = outputs.shape
        inputs = self._network.prepare(tf.reshape(outputs, [-1, *image]))
        maps = self._network.stages(inputs)
        return self._network.pooled(maps), mean_of_stages(_stages(maps), count)


def _stages(maps: Sequence[tf.Tensor]) -> list[Stage]:
    """Feature maps that count the same, each and each of their channels."""
    return [Stage(features, 1 / len(maps)) for features in maps]
