"""Inception-v3 with torchvision's weights: the network of the published metrics.

Source: Szegedy et al. 2016, arXiv:1512.00567; Choi et al. 2020, arXiv:1912.01865,
evaluation protocol. The FID of Heusel et al. 2017, arXiv:1706.08500, has other weights
and resizes otherwise: its distances are not comparable.
"""

import numpy as np
import tensorflow as tf

from stargan_tf.evaluation.features.base import FeatureNetwork
from stargan_tf.evaluation.features.images import pixel_values, resize
from stargan_tf.evaluation.features.layers import Conv, fold_batch_norm
from stargan_tf.evaluation.features.names import FEATURES
from stargan_tf.evaluation.features.weights import Weights, read_weights

INPUT_SIZE = 299
_EPSILON = 1e-3  # of batch normalisation
# Of ImageNet, for values from 0 to 1.
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)

# The branches of the mixed blocks, each the convolutions in a row by name. A pair in
# their place is two convolutions of the same input, side by side.
_POOL = ("branch_pool",)
_DOUBLE_3X3 = ("branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3")
_BLOCK_35 = (("branch1x1",), ("branch5x5_1", "branch5x5_2"), _DOUBLE_3X3, _POOL)
_BLOCK_17 = (
    ("branch1x1",),
    tuple(f"branch7x7_{i}" for i in (1, 2, 3)),
    tuple(f"branch7x7dbl_{i}" for i in (1, 2, 3, 4, 5)),
    _POOL,
)
_BLOCK_8 = (
    ("branch1x1",),
    ("branch3x3_1", ("branch3x3_2a", "branch3x3_2b")),
    ("branch3x3dbl_1", "branch3x3dbl_2", ("branch3x3dbl_3a", "branch3x3dbl_3b")),
    _POOL,
)
# These halve the size: the last convolution of each branch and the pooling have stride 2.
_TO_17 = (("branch3x3",), _DOUBLE_3X3)
_TO_8 = (("branch3x3_1", "branch3x3_2"), tuple(f"branch7x7x3_{i}" for i in (1, 2, 3, 4)))
_MIXED = {
    "Mixed_5b": _BLOCK_35,
    "Mixed_5c": _BLOCK_35,
    "Mixed_5d": _BLOCK_35,
    "Mixed_6a": _TO_17,
    "Mixed_6b": _BLOCK_17,
    "Mixed_6c": _BLOCK_17,
    "Mixed_6d": _BLOCK_17,
    "Mixed_6e": _BLOCK_17,
    "Mixed_7a": _TO_8,
    "Mixed_7b": _BLOCK_8,
    "Mixed_7c": _BLOCK_8,
}
_STEM = ("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "Conv2d_3b_1x1", "Conv2d_4a_3x3")


class Inception(FeatureNetwork):
    """Features of torchvision's Inception-v3, pooled after the last mixed block."""

    name = "inception"
    dim = 2048
    protocol = "8-bit, bilinear to 299 px in 8 bits, mean and deviation of ImageNet"

    def __init__(self, weights: Weights) -> None:
        """Makes the network of the published weights.

        Raises:
          UserError: the weights are not those of this network.
        """
        super().__init__(weights)
        # Other trainings of this network have the same names, but more classes.
        weights.check_shape("fc.weight", 1000, self.dim)
        names = [*_STEM, *(f"{block}.{conv}" for block in _MIXED for conv in _convs(block))]
        self._convs = {
            name: fold_batch_norm(weights, f"{name}.conv", f"{name}.bn", _EPSILON) for name in names
        }

    @classmethod
    def load(cls, path: str) -> "Inception":
        """Reads torchvision's weights file.

        Raises:
          UserError: the file is missing or not of this network.
        """
        return cls(read_weights(path, str(FEATURES[cls.name].weights[0])))

    def prepare(self, images: tf.Tensor) -> tf.Tensor:
        """Normalises images [N, H, W, 3] in [-1, 1] to [N, 299, 299, 3].

        Published metrics come of images resized by Pillow, in 8 bits before and after.
        """
        x = resize(pixel_values(images), INPUT_SIZE, round_to_integers=True)
        return (x / 255 - _MEAN) / _DEVIATION

    def features(self, inputs: tf.Tensor) -> tf.Tensor:
        """Pooled features [N, 2048] of inputs [N, 299, 299, 3]."""
        x = self._conv(inputs, "Conv2d_1a_3x3", 2, "VALID")
        x = self._conv(x, "Conv2d_2a_3x3", 1, "VALID")
        x = self._conv(x, "Conv2d_2b_3x3")  # [N, 147, 147, 64]
        x = self._conv(_max_pool(x), "Conv2d_3b_1x1")
        x = self._conv(x, "Conv2d_4a_3x3", 1, "VALID")  # [N, 71, 71, 192]
        x = _max_pool(x)
        for block, branches in _MIXED.items():
            x = self._halving(x, block) if branches in (_TO_17, _TO_8) else self._mixed(x, block)
        return tf.reduce_mean(x, [1, 2])  # of [N, 8, 8, 2048]

    def _mixed(self, x: tf.Tensor, block: str) -> tf.Tensor:
        outputs = []
        for branch in _MIXED[block]:
            y = [_average_pool(x) if branch is _POOL else x]
            for step in branch:
                names = [step] if isinstance(step, str) else step
                y = [self._conv(y[0], f"{block}.{name}") for name in names]
            outputs += y
        return tf.concat(outputs, -1)

    def _halving(self, x: tf.Tensor, block: str) -> tf.Tensor:
        outputs = []
        for *first, last in _MIXED[block]:
            y = x
            for name in first:
                y = self._conv(y, f"{block}.{name}")
            outputs.append(self._conv(y, f"{block}.{last}", 2, "VALID"))
        return tf.concat([*outputs, _max_pool(x)], -1)

    def _conv(self, x: tf.Tensor, name: str, stride: int = 1, padding: str = "SAME") -> tf.Tensor:
        conv: Conv = self._convs[name]
        return tf.nn.relu(conv(x, stride, padding))


def _convs(block: str) -> list[str]:
    """The names of all convolutions of a block."""
    steps = [step for branch in _MIXED[block] for step in branch]
    return [name for step in steps for name in ([step] if isinstance(step, str) else step)]


def _max_pool(x: tf.Tensor) -> tf.Tensor:
    return tf.nn.max_pool2d(x, 3, 2, "VALID")


def _average_pool(x: tf.Tensor) -> tf.Tensor:
    # torchvision counts the zeros around the image; TensorFlow's padding would not.
    x = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
    return tf.nn.avg_pool2d(x, 3, 1, "VALID")
