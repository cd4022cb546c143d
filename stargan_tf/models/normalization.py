"""Instance normalisation, plain and adaptive."""

from collections.abc import Callable

import tensorflow as tf

from stargan_tf.compat import keras
from stargan_tf.models.layers import he_normal, input_width
from stargan_tf.models.own_gradients import own_gradient
from stargan_tf.models.saving import KeepsArguments, serializable
from stargan_tf.shapes import check_shapes, floats

EPSILON = 1e-5


def instance_normalize(x: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor) -> tf.Tensor:
    """Normalises each channel of each image over its pixels, then scales and shifts it.

    Statistics are float32 whatever the input: in bfloat16 the variance of a
    feature map loses so much that training fails, in float16 it overflows.

    Args:
      x: [N, H, W, C] of any float dtype.
      scale: [N, C] or [C] float32.
      shift: [N, C] or [C] float32.

    Returns:
      [N, H, W, C] in the dtype of `x`.
    """
    # Reshaped, not indexed with new axes: phones' GPUs take no such slices.
    scale, shift = (tf.reshape(v, [-1, 1, 1, x.shape[-1]]) for v in (scale, shift))
    return tf.cast(_normalize(tf.cast(x, tf.float32), scale, shift), x.dtype)


@own_gradient
def _normalize(
    x: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor
) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, ...]]]:
    """Normalises [N, H, W, C] float32, with scale and shift [N or 1, 1, 1, C].

    Its gradient, written out, passes over the maps fewer times than the one that TensorFlow
    would make of these operations.
    """
    centred = x - tf.reduce_mean(x, axis=[1, 2], keepdims=True)
    variance = tf.reduce_mean(tf.square(centred), axis=[1, 2], keepdims=True)
    inverse = tf.math.rsqrt(variance + EPSILON)
    slope = scale * inverse

    def gradient(dy: tf.Tensor) -> tuple[tf.Tensor, ...]:
        mean = tf.reduce_mean(dy, axis=[1, 2], keepdims=True)
        along = tf.reduce_mean(dy * centred, axis=[1, 2], keepdims=True)
        # Less what the mean and the variance of x answer.
        dx = slope * dy - (centred * (slope * tf.square(inverse) * along) + slope * mean)
        pixels = _pixels(x)
        d_scale, d_shift = along * inverse * pixels, mean * pixels
        if scale.shape[0] == 1:
            d_scale, d_shift = (tf.reduce_sum(d, axis=0, keepdims=True) for d in (d_scale, d_shift))
        return dx, d_scale, d_shift

    return centred * slope + shift, gradient


def _pixels(x: tf.Tensor) -> tf.Tensor | float:
    """Of a map: a number where the size is known, which saves the graph ten operations."""
    height, width = x.shape[1:3]
    if height and width:
        return float(height * width)
    return tf.cast(tf.shape(x)[1] * tf.shape(x)[2], tf.float32)


@serializable
class InstanceNormalization(KeepsArguments, keras.layers.Layer):
    """Instance normalisation with a learned scale and shift per channel.

    Source: Ulyanov et al. 2016, arXiv:1607.08022; epsilon 1e-5, biased variance.
    """

    def __init__(self, **kwargs) -> None:
        """Makes the layer; its weights stay float32, its output has the input's dtype."""
        super().__init__(dtype="float32", autocast=False, **kwargs)

    def build(self, input_shape: tf.TensorShape) -> None:
        """Creates scale and shift, [C] each."""
        channels = int(input_shape[-1])
        self.scale = self.add_weight("scale", [channels], initializer="ones")
        self.shift = self.add_weight("shift", [channels], initializer="zeros")
        super().build(input_shape)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Normalises feature maps.

        Args:
          x: [N, H, W, C] of any float dtype.

        Returns:
          The same shape and dtype.

        Raises:
          ShapeError: `x` are not feature maps of the C channels that the layer was built for.
        """
        channels = self.scale.shape[0]
        check_shapes(
            f"{self.name} takes feature maps of {channels} channels",
            x=floats(x, "N", "H", "W", channels),
        )
        return instance_normalize(x, self.scale, self.shift)


@serializable
class AdaIN(KeepsArguments, keras.layers.Layer):
    """Instance normalisation whose scale and shift come from a style code.

    Source: Choi et al. 2020, section 3 and table 5, after Huang and Belongie 2017.
    One linear layer maps the style code to gamma and beta; the result is
    (1 + gamma) * normalised x + beta, so that a zero style leaves the scale at one.
    """

    def __init__(self, channels: int, **kwargs) -> None:
        """Makes the layer for feature maps of `channels` channels.

        Its weights stay float32, its output has the input's dtype.
        """
        super().__init__(dtype="float32", autocast=False, **kwargs)
        self.channels = channels
        self.style_to_affine = keras.layers.Dense(
            2 * channels, kernel_initializer=he_normal(), dtype="float32"
        )

    @property
    def style_dim(self) -> int | None:
        """Length of the style codes, None before the first call."""
        return input_width(self.style_to_affine)

    def call(self, x: tf.Tensor, s: tf.Tensor) -> tf.Tensor:
        """Normalises feature maps, then scales and shifts them as their styles say.

        Args:
          x: [N, H, W, C] of any float dtype.
          s: style codes, [N, style_dim] float.

        Returns:
          The shape and dtype of `x`.

        Raises:
          ShapeError: `x` are not feature maps of C channels, or `s` not one style code for
            each of them, as long as the first call's.
        """
        check_shapes(
            f"{self.name} takes feature maps of {self.channels} channels and a style code for each",
            x=floats(x, "N", "H", "W", self.channels),
            s=floats(s, "N", self.style_dim),
        )
        gamma, beta = tf.split(self.style_to_affine(s), 2, axis=-1)  # [N, C] each
        return instance_normalize(x, 1 + gamma, beta)
