"""Layers that the networks share.

Images and feature maps are [N, H, W, C]. Layers compute in the dtype of their
Keras policy; normalisation statistics are float32 under every policy.
"""

from collections.abc import Callable

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
