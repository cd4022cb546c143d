"""LPIPS with AlexNet: the diversity of the published metrics.

Source: Zhang et al. 2018, arXiv:1801.03924, variant "lin", version 0.1; AlexNet as
in Krizhevsky 2014, arXiv:1404.5997.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from stargan_tf.evaluation.features.layers import read_conv
from stargan_tf.evaluation.features.weights import Weights, fingerprint, read_weights
from stargan_tf.evaluation.perceptual.base import PerceptualDistance, Stage
from stargan_tf.evaluation.perceptual.names import PERCEPTUAL

# Of the channels' values in [-1, 1], as the published heads were trained.
_SHIFT = np.array([-0.030, -0.088, -0.188], np.float32)
_SCALE = np.array([0.458, 0.448, 0.450], np.float32)
# The heads' names in the package lpips, and in the reference implementation of StarGAN v2.
_HEAD_NAMES = ("lin{}.model.1.weight", "lpips_weights.{}.main.1.weight")


class _Layer(NamedTuple):
    """One convolution of AlexNet; a ReLU follows, and is what is compared."""

    name: str
    channels: int
    stride: int
    padding: int
    pool: bool  # whether a max-pooling precedes


_LAYERS = (
    _Layer("features.0", 64, 4, 2, False),
    _Layer("features.3", 192, 1, 2, True),
    _Layer("features.6", 384, 1, 1, True),
    _Layer("features.8", 256, 1, 1, False),
    _Layer("features.10", 256, 1, 1, False),
)


class LPIPS(PerceptualDistance):
    """LPIPS with AlexNet and the published linear heads.

    Images are taken at their own size and as they are, neither clipped nor rounded, as
    in the published evaluation.
    """

    name = "lpips"

    def __init__(self, alexnet: Weights, heads: Weights) -> None:
        """Makes the distance of the published weights.

        Args:
          alexnet: of torchvision's AlexNet; its classifier is not used.
          heads: five tensors [1, C, 1, 1], one for each convolution.

        Raises:
          UserError: the weights are not those of these networks.
        """
        # Other networks have layers of the same names.
        alexnet.check_shape("features.0.weight", 64, 3, 11, 11)
        alexnet = alexnet.starting_with("features.")
        super().__init__(fingerprint({**alexnet, **heads}))
        self._convs = [read_conv(alexnet, layer.name) for layer in _LAYERS]
        template = next((t for t in _HEAD_NAMES if t.format(0) in heads), _HEAD_NAMES[0])
        self._heads = []
        for index, layer in enumerate(_LAYERS):
            name = template.format(index)
            heads.check_shape(name, 1, layer.channels, 1, 1)
            self._heads.append(heads[name].reshape(-1))

    @classmethod
    def load(cls, alexnet_path: str, heads_path: str) -> "LPIPS":
        """Reads both weights files.

        Raises:
          UserError: a file is missing or not of these networks.
        """
        paths, files = (alexnet_path, heads_path), PERCEPTUAL[cls.name].weights
        alexnet, heads = (read_weights(p, str(f)) for p, f in zip(paths, files, strict=True))
        return cls(alexnet, heads)

    def stages(self, images: tf.Tensor) -> Sequence[Stage]:
        """See base class."""
        x = (images - _SHIFT) / _SCALE
        stages = []
        for layer, conv, head in zip(_LAYERS, self._convs, self._heads, strict=True):
            x = tf.nn.max_pool2d(x, 3, 2, "VALID") if layer.pool else x
            x = tf.nn.relu(conv(x, layer.stride, layer.padding))
            stages.append(Stage(x, head))
        return stages
