"""Convolutions with the weights of PyTorch files, batch normalisation folded into them."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from stargan_tf.evaluation.features.weights import Weights


class Conv(NamedTuple):
    """A convolution with all that is linear around it."""

    kernel: np.ndarray  # [H, W, in, out], or [H, W, channels, 1] if depthwise
    bias: np.ndarray  # [out]
    depthwise: bool = False

    def __call__(self, x: tf.Tensor, stride: int = 1, padding: str | int = "SAME") -> tf.Tensor:
        """Convolves x [N, H, W, C].

        Args:
          x: the input.
          stride: in both directions.
          padding: as TensorFlow names it, or the rows and columns of zeros at each border.
        """
        if isinstance(padding, int):
            padding = [[0, 0], [padding, padding], [padding, padding], [0, 0]]
        strides = [1, stride, stride, 1]
        convolve = tf.nn.depthwise_conv2d if self.depthwise else tf.nn.conv2d
        # Constants of the graph, which TensorFlow prepares once for all calls: more memory,
        # but half as fast again as the same arrays passed in.
        x = convolve(x, tf.constant(self.kernel), strides, padding)
        return tf.nn.bias_add(x, tf.constant(self.bias))


def read_conv(weights: Weights, name: str) -> Conv:
    """A convolution with a bias, `name`.weight and `name`.bias."""
    return Conv(_kernel(weights[f"{name}.weight"]), weights[f"{name}.bias"])


def fold_batch_norm(weights: Weights, conv: str, norm: str, epsilon: float) -> Conv:
    """A convolution without bias and the batch normalisation after it, as one convolution.

    Source: Ioffe & Szegedy 2015, arXiv:1502.03167, algorithm 2: with fixed statistics
    the normalisation is linear, scale (x - mean) / sqrt(var + epsilon) + shift.

    Args:
      weights: by the names of PyTorch.
      conv: name of the convolution; depthwise if its kernel has one input channel.
      norm: name of the normalisation.
      epsilon: added to the variance.
    """
    scale, shift, mean, var = (
        weights[f"{norm}.{kind}"].astype(np.float64)
        for kind in ("weight", "bias", "running_mean", "running_var")
    )
    gain = scale / np.sqrt(var + epsilon)
    published = weights[f"{conv}.weight"]
    depthwise = published.shape[1] == 1
    kernel = _kernel(published * gain[:, None, None, None])
    if depthwise:
        kernel = np.ascontiguousarray(kernel.transpose(0, 1, 3, 2))
    return Conv(kernel, (shift - mean * gain).astype(np.float32), depthwise)


def _kernel(published: np.ndarray) -> np.ndarray:
    """[out, in, H, W], as PyTorch keeps it, as [H, W, in, out] float32."""
    return np.ascontiguousarray(published.transpose(2, 3, 1, 0), np.float32)
