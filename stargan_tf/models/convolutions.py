"""Convolutions that the networks share.

Images and feature maps are [N, H, W, C]. Layers compute in the dtype of their Keras policy; their
weights are float32. A kernel that is made of the weights, cast to another dtype for one, is made
again for the backward pass: kernels of all layers together take more memory than the weights.
"""

import numpy as np
import tensorflow as tf

from stargan_tf.compat import keras
from stargan_tf.models.layers import he_normal
from stargan_tf.models.own_gradients import not_before, recomputed
from stargan_tf.models.saving import serializable


@serializable
class Conv2D(keras.layers.Conv2D):
    """3x3 (by default) convolution padded with zeros, He normal weights."""

    # Whether kernels are more than weights of another dtype.
    makes_kernels = False

    def __init__(self, filters: int, kernel_size: int = 3, **kwargs) -> None:
        """See `keras.layers.Conv2D` for the arguments."""
        kwargs = {"padding": "same", "kernel_initializer": he_normal()} | kwargs
        super().__init__(filters, kernel_size, **kwargs)

    def add_weight(self, *args, **kwargs) -> tf.Variable:
        """See `keras.layers.Layer`. Keras does not cast them: `call` does."""
        return super().add_weight(*args, **({"experimental_autocast": False} | kwargs))

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Maps [N, H, W, C] to [N, H, W, filters]; to fewer pixels with strides, or no padding."""
        # Read whenever it suits: TensorFlow reads all variables of a graph, and would compute `x`
        # for a read that waits, even where nobody needs the result.
        weights = tf.convert_to_tensor(self.kernel)
        bias = tf.cast(self.bias, x.dtype) if self.use_bias else None
        made = self.makes_kernels or weights.dtype != x.dtype
        y = (recomputed(self._convolve_by) if made else self._convolve_by)(x, weights)
        return tf.nn.bias_add(y, bias) if self.use_bias else y

    def make_kernel(self, weights: tf.Tensor) -> tf.Tensor:
        """What `convolve` takes, of weights [kernel_size, kernel_size, C, filters]."""
        return weights

    def convolve(self, x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """The convolution without its bias."""
        return self.convolution_op(x, kernel)

    def _convolve_by(self, x: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        with not_before(x):
            kernel = self.make_kernel(tf.cast(weights, x.dtype))
        return self.convolve(x, kernel)


@serializable
class WholeMapConv2D(Conv2D):
    """Convolution by a kernel as large as the map, computed as one matrix product.

    That takes a third of the time on CPUs. Folded it is a convolution again, whose
    weights converters to 8 bits scale by the channel, not all alike.
    """

    folded: bool = False

    def __init__(self, filters: int, kernel_size: int, **kwargs) -> None:
        """See `keras.layers.Conv2D` for the arguments; there is no padding."""
        super().__init__(filters, kernel_size, **({"padding": "valid"} | kwargs))

    def convolve(self, x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """Maps [N, kernel_size, kernel_size, C] to [N, 1, 1, filters]."""
        if self.folded:
            return super().convolve(x, kernel)
        kernel = tf.reshape(kernel, [-1, self.filters])
        y = tf.matmul(tf.reshape(x, [-1, kernel.shape[0]]), kernel)
        return tf.reshape(y, [-1, 1, 1, self.filters])

    def fold(self) -> None:
        """Makes it a convolution, for a layer that is trained no more."""
        self.folded = True


@serializable
class TransposedConv2D(keras.layers.Conv2DTranspose):
    """4x4 (by default) transposed convolution that doubles the size."""

    def __init__(self, filters: int, kernel_size: int = 4, **kwargs) -> None:
        """See `keras.layers.Conv2DTranspose` for the arguments."""
        super().__init__(filters, kernel_size, **({"padding": "same", "strides": 2} | kwargs))


class ResamplingConv2D(Conv2D):
    """A 3x3 convolution beside a resampling, both computed as one 4x4 convolution of stride 2.

    The weights are those of the 3x3 convolution; the 4x4 kernel is made of them in
    every call, so that gradients reach them, until `fold` makes it for good.
    """

    makes_kernels = True
    folded_kernel: tf.Variable | None = None

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Maps [N, H, W, C] to [N, H/2, W/2, filters], or to [N, 2H, 2W, filters]."""
        if self.folded_kernel is None:
            return super().call(x)
        y = self.convolve(x, tf.cast(self.folded_kernel, x.dtype))
        return tf.nn.bias_add(y, tf.cast(self.bias, x.dtype)) if self.use_bias else y

    def fold(self) -> None:
        """Makes the 4x4 kernel once and for all, for a layer that is trained no more.

        Graph optimisers and phone accelerators take a convolution whose kernel is a
        weight, but not one whose kernel is computed.
        """
        kernel = self.make_kernel(tf.convert_to_tensor(self.kernel))
        name = f"{self.name}/folded_kernel"
        self.folded_kernel = tf.Variable(kernel, trainable=False, name=name)


@serializable
class DownsamplingConv2D(ResamplingConv2D):
    """3x3 convolution, then 2x2 average pooling, computed as one 4x4 convolution of stride 2.

    Averaging four neighbouring outputs of a 3x3 kernel weighs the 4x4 inputs
    below them with the mean of the kernel at the four offsets: the same function
    at half the time, since the full-size result never exists.
    """

    def make_kernel(self, weights: tf.Tensor) -> tf.Tensor:
        """See `Conv2D`: [4, 4, C, filters]."""
        return _sum_over_offsets(weights, _offset_sums() / 4)

    def convolve(self, x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """Maps [N, H, W, C], H and W even, to [N, H/2, W/2, filters]."""
        return tf.nn.conv2d(x, kernel, strides=2, padding="SAME")


@serializable
class UpsamplingConv2D(ResamplingConv2D):
    """Nearest x2 upsampling, then 3x3 convolution, as one 4x4 transposed convolution of stride 2.

    Every input pixel stands for 2x2 equal ones, so the taps of the 3x3 kernel that
    fall on the same pixel can be summed beforehand: the same function at less than
    half the time.
    """

    def make_kernel(self, weights: tf.Tensor) -> tf.Tensor:
        """See `Conv2D`: [4, 4, filters, C]."""
        # A transposed convolution runs its kernel backwards, channels included.
        kernel = _sum_over_offsets(weights, _offset_sums()[:, ::-1])
        return tf.transpose(kernel, [0, 1, 3, 2])

    def convolve(self, x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """Maps [N, H, W, C] to [N, 2H, 2W, filters]."""
        _, height, width, _ = x.shape
        shape = tf.stack([tf.shape(x)[0], 2 * height, 2 * width, self.filters])
        return tf.nn.conv2d_transpose(x, kernel, shape, strides=2, padding="SAME")


def _offset_sums() -> np.ndarray:
    """The matrix [16, 9] that sums a kernel of 3x3 taps at the four offsets within 4x4."""
    sums = np.zeros([4, 4, 3, 3], np.float32)
    for row, column in np.ndindex(3, 3):
        sums[row : row + 2, column : column + 2, row, column] = 1
    return sums.reshape(16, 9)


def _sum_over_offsets(kernel: tf.Tensor, sums: np.ndarray) -> tf.Tensor:
    """Makes a [4, 4, I, O] kernel of one of [3, 3, I, O], by such a matrix.

    As a product: so it is one pass over the kernel, and one backwards.
    """
    taps = tf.matmul(tf.constant(sums, kernel.dtype), tf.reshape(kernel, [9, -1]))
    return tf.reshape(taps, [4, 4, *kernel.shape[2:]])
