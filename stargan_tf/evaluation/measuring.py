"""The networks that measure, loaded as the settings say."""

import importlib
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from stargan_tf.config.measuring import MeasuringConfig
from stargan_tf.config.settings import check
from stargan_tf.evaluation.features.base import FeatureNetwork
from stargan_tf.evaluation.features.names import FEATURES, NetworkRow
from stargan_tf.evaluation.perceptual.base import PerceptualDistance
from stargan_tf.evaluation.perceptual.names import PERCEPTUAL


class MeasuringNetworks(NamedTuple):
    """What outputs are measured with.

    Attributes:
      features: makes the features that distances and the domain classifier compare.
      perceptual: measures diversity.
    """

    features: FeatureNetwork
    perceptual: PerceptualDistance

    def measure(self, outputs: tf.Tensor) -> tuple[np.ndarray, np.ndarray | None]:
        """Measures outputs of sources.

        Args:
          outputs: [N, K, R, R, 3] float32 in [-1, 1].

        Returns:
          Their features, [N * K, dim], and how diverse those of each source are, [N]; None where
          K is 1.
        """
        if outputs.shape[1] == 1:
            return self.features(tf.squeeze(outputs, axis=1)).numpy(), None
        features, diversity = self.perceptual.with_features(self.features, outputs)
        return features.numpy(), diversity.numpy()


def load_measuring_networks(config: MeasuringConfig) -> MeasuringNetworks:
    """Makes the networks with their trained weights.

    Args:
      config: their names and weights files, already validated.

    Raises:
      UserError: weights cannot be had or are of another network.
    """
    return MeasuringNetworks(
        _load("features", config.features, FEATURES, config),
        _load("perceptual", config.perceptual, PERCEPTUAL, config),
    )


def _load(folder: str, name: str, table: dict[str, NetworkRow], config: MeasuringConfig) -> Any:
    row = table[name]
    # On demand: the file of a network may need packages that others do not.
    module = importlib.import_module(f"{__package__}.{folder}.{name}")
    paths = [getattr(config, file.flag) or None for file in row.weights]
    network_class = getattr(module, row.class_name)
    # Results and caches carry the class's name: another one would pass for that network.
    check(
        network_class.name == name,
        f"Found the name {network_class.name} of {row.class_name}, expected {name}, that of its "
        "row and file: correct it.",
    )
    return network_class.load(*paths)
