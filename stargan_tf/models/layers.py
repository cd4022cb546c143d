"""Layers that the networks share.

Images and feature maps are [N, H, W, C]. Layers compute in the dtype of their
Keras policy; normalisation statistics are float32 under every policy.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from stargan_tf.compat import keras
from stargan_tf.models.own_gradients import own_gradient
from stargan_tf.models.saving import KeepsArguments, serializable
from stargan_tf.shapes import check_shapes, floats, integers

LEAKY_RELU_SLOPE = 0.2


def he_normal() -> keras.initializers.Initializer:
    """Untruncated He normal initialisation by fan-in (Keras's own `he_normal` truncates)."""
    return keras.initializers.VarianceScaling(2.0, "fan_in", "untruncated_normal")


def fan_in_uniform() -> keras.initializers.Initializer:
    """Uniform between -1 and 1 over the root of the fan-in, what PyTorch's layers begin with."""
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")


def leaky_relu(x: tf.Tensor, slope: float = LEAKY_RELU_SLOPE) -> tf.Tensor:
    """LeakyReLU.

    Its gradient looks at the output, which has the sign of the input: the convolution behind
    keeps that for its own gradient, and the input need not be kept as well.
    """

    @own_gradient
    def activate(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        y = tf.nn.leaky_relu(x, slope)
        side = tf.stop_gradient(y)  # no second gradient comes this way

        def gradient(dy: tf.Tensor) -> tf.Tensor:
            if dy.dtype == tf.float32:
                return tf.raw_ops.LeakyReluGrad(gradients=dy, features=side, alpha=slope)
            # On CPUs that operation takes several times as long in bfloat16.
            return dy * tf.maximum(tf.sign(side), tf.cast(slope, dy.dtype))

        return y, gradient

    return activate(x)


@serializable
class Conv2D(keras.layers.Conv2D):
    """3x3 (by default) convolution padded with zeros, He normal weights."""

    def __init__(self, filters: int, kernel_size: int = 3, **kwargs) -> None:
        """See `keras.layers.Conv2D` for the arguments."""
        kwargs = {"padding": "same", "kernel_initializer": he_normal()} | kwargs
        super().__init__(filters, kernel_size, **kwargs)


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

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Maps [N, kernel_size, kernel_size, C] to [N, 1, 1, filters]."""
        if self.folded:
            return super().call(x)
        kernel = tf.reshape(tf.convert_to_tensor(self.kernel), [-1, self.filters])
        y = tf.matmul(tf.reshape(x, [-1, kernel.shape[0]]), kernel)
        y = tf.nn.bias_add(y, self.bias) if self.use_bias else y
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

    folded_kernel: tf.Variable | None = None

    def fold(self) -> None:
        """Makes the 4x4 kernel once and for all, for a layer that is trained no more.

        Graph optimisers and phone accelerators take a convolution whose kernel is a
        weight, but not one whose kernel is computed.
        """
        self.folded_kernel = tf.Variable(
            self._make_kernel(), trainable=False, name=f"{self.name}/folded_kernel"
        )

    def _resampling_kernel(self) -> tf.Tensor:
        if self.folded_kernel is not None:
            return tf.cast(self.folded_kernel, self.compute_dtype)
        return self._make_kernel()

    def _make_kernel(self) -> tf.Tensor:
        raise NotImplementedError

    def _add_bias(self, x: tf.Tensor) -> tf.Tensor:
        return tf.nn.bias_add(x, self.bias) if self.use_bias else x


@serializable
class DownsamplingConv2D(ResamplingConv2D):
    """3x3 convolution, then 2x2 average pooling, computed as one 4x4 convolution of stride 2.

    Averaging four neighbouring outputs of a 3x3 kernel weighs the 4x4 inputs
    below them with the mean of the kernel at the four offsets: the same function
    at half the time, since the full-size result never exists.
    """

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Maps [N, H, W, C], H and W even, to [N, H/2, W/2, filters]."""
        x = tf.nn.conv2d(x, self._resampling_kernel(), strides=2, padding="SAME")
        return self._add_bias(x)

    def _make_kernel(self) -> tf.Tensor:
        return _sum_over_offsets(self.kernel, _offset_sums() / 4)


@serializable
class UpsamplingConv2D(ResamplingConv2D):
    """Nearest x2 upsampling, then 3x3 convolution, as one 4x4 transposed convolution of stride 2.

    Every input pixel stands for 2x2 equal ones, so the taps of the 3x3 kernel that
    fall on the same pixel can be summed beforehand: the same function at less than
    half the time.
    """

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Maps [N, H, W, C] to [N, 2H, 2W, filters]."""
        _, height, width, _ = x.shape
        shape = tf.stack([tf.shape(x)[0], 2 * height, 2 * width, self.filters])
        kernel = self._resampling_kernel()
        return self._add_bias(tf.nn.conv2d_transpose(x, kernel, shape, strides=2, padding="SAME"))

    def _make_kernel(self) -> tf.Tensor:
        # A transposed convolution runs its kernel backwards, channels included.
        kernel = _sum_over_offsets(self.kernel, _offset_sums()[:, ::-1])
        return tf.transpose(kernel, [0, 1, 3, 2])


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
    kernel = tf.convert_to_tensor(kernel)  # of a variable, cast as the Keras policy says
    taps = tf.matmul(tf.constant(sums, kernel.dtype), tf.reshape(kernel, [9, -1]))
    return tf.reshape(taps, [4, 4, *kernel.shape[2:]])


def input_width(layer: keras.layers.Dense) -> int | None:
    """Returns the width of a dense layer's input, None before its first call."""
    return layer.kernel.shape[0] if layer.built else None


def average_pool(x: tf.Tensor) -> tf.Tensor:
    """2x2 average pooling: [N, H, W, C] to [N, H/2, W/2, C]."""
    return tf.nn.avg_pool2d(x, 2, 2, "VALID")


@own_gradient
def upsample_nearest(x: tf.Tensor) -> tf.Tensor:
    """Repeats every pixel twice in both directions: [N, H, W, C] to [N, 2H, 2W, C].

    Its gradient sums the four copies of a pixel by the pooling above: XLA has none of resizing.
    """
    y = tf.image.resize(x, [2 * x.shape[1], 2 * x.shape[2]], method="nearest")
    return y, lambda dy: 4 * average_pool(dy)


@serializable
class PerDomainDense(KeepsArguments, keras.layers.Layer):
    """One dense layer for each domain, all computed at once.

    The heads' weights are one tensor, so that domains absent from a batch get a
    gradient of zeros, and with it weight decay, like all others. `fold` parts them,
    for a layer that is trained no more: phones have fast code for plain matrix
    products, and little for stacks of them.
    """

    folded_heads: list[tuple[tf.Variable, tf.Variable]] | None = None

    def __init__(self, num_domains: int, units: int, **kwargs) -> None:
        """Makes `num_domains` layers of `units` outputs each."""
        super().__init__(**kwargs)
        self.num_domains = num_domains
        self.units = units

    def build(self, input_shape: tf.TensorShape) -> None:
        """Creates kernel [K, in, units] and bias [K, units]."""
        fan_in = int(input_shape[-1])
        self.kernel = self.add_weight(
            "kernel",
            [self.num_domains, fan_in, self.units],
            # He normal by hand: an initializer would take K for part of the fan-in.
            initializer=keras.initializers.RandomNormal(stddev=(2 / fan_in) ** 0.5),
        )
        self.bias = self.add_weight("bias", [self.num_domains, self.units], initializer="zeros")
        super().build(input_shape)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Applies each domain's layer.

        Args:
          x: [N, in] float, the same input for all domains, or [N, K, in], one for each.

        Returns:
          [N, K, units] in the dtype of the Keras policy.

        Raises:
          ShapeError: `x` is neither of them.
        """
        domains = (self.num_domains,) if x.shape.rank == 3 else ()
        check_shapes(
            f"{self.name} takes one vector for all its {self.num_domains} domains, or one for each",
            x=floats(x, "N", *domains, self.kernel.shape[1]),
        )
        if self.folded_heads:
            return self._call_folded(x)
        # Domains first, as in the kernel, which is far larger than x.
        by_domain = x[tf.newaxis] if x.shape.rank == 2 else tf.transpose(x, [1, 0, 2])
        return tf.transpose(tf.matmul(by_domain, self.kernel), [1, 0, 2]) + self.bias

    def fold(self) -> None:
        """Parts the heads' weights once and for all."""
        heads = range(self.num_domains)
        self.folded_heads = [
            (
                tf.Variable(self.kernel[k], trainable=False, name=f"{self.name}/kernel_{k}"),
                tf.Variable(self.bias[k], trainable=False, name=f"{self.name}/bias_{k}"),
            )
            for k in heads
        ]

    def _call_folded(self, x: tf.Tensor) -> tf.Tensor:
        width = x.shape[-1]
        if x.shape.rank == 2:
            inputs = [x] * self.num_domains
        else:
            inputs = tf.split(tf.reshape(x, [-1, self.num_domains * width]), self.num_domains, -1)
        dtype = self.compute_dtype
        heads = zip(inputs, self.folded_heads, strict=True)
        outputs = [tf.matmul(h, tf.cast(w, dtype)) + tf.cast(b, dtype) for h, (w, b) in heads]
        return tf.reshape(tf.concat(outputs, -1), [-1, self.num_domains, self.units])


def select_domain(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Takes the row of each example's domain.

    Args:
      x: a row for each domain, [N, K, D] float.
      y: domains, [N] integer in [0, K).

    Returns:
      [N, D] in the dtype of `x`.

    Raises:
      ShapeError: `x` or `y` has another shape or kind of dtype.
    """
    check_shapes(
        "select_domain takes a row for each domain and one domain for each example",
        x=floats(x, "N", "K", "D"),
        y=integers(y, "N"),
    )
    num_domains = x.shape[1]

    @own_gradient
    def take(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        def gradient(dy: tf.Tensor) -> tf.Tensor:
            # TensorFlow's own takes fifty operations to find each row's place in `x`.
            there = tf.one_hot(y, num_domains, dtype=dy.dtype)
            return tf.expand_dims(dy, 1) * tf.expand_dims(there, 2)

        return tf.gather(x, y, axis=1, batch_dims=1), gradient

    return take(x)
