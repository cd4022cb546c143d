"""Residual blocks, pre-activation, as in Choi et al. 2020, appendix A."""

import math

import tensorflow as tf

from stargan_tf.compat import keras
from stargan_tf.models.convolutions import Conv2D, DownsamplingConv2D, UpsamplingConv2D
from stargan_tf.models.layers import average_pool, leaky_relu, upsample_nearest
from stargan_tf.models.normalization import AdaIN, InstanceNormalization
from stargan_tf.models.own_gradients import recomputed_on_request
from stargan_tf.models.saving import KeepsArguments, serializable
from stargan_tf.shapes import check_shapes, floats


@serializable
class ResBlk(KeepsArguments, keras.layers.Layer):
    """Residual block: [norm] lrelu conv [pool] [norm] lrelu conv, beside a shortcut."""

    def __init__(
        self, dim_in: int, dim_out: int, *, normalize: bool, downsample: bool, **kwargs
    ) -> None:
        """Makes the block.

        Args:
          dim_in: channels of the input.
          dim_out: channels of the output.
          normalize: whether instance normalisation precedes the activations.
          downsample: whether the output is half as wide and high.
          **kwargs: for `keras.layers.Layer`.
        """
        super().__init__(**kwargs)
        self.dim_in = dim_in
        self.dim_out = dim_out
        self.normalize = normalize
        self.downsample = downsample
        self.norm1 = InstanceNormalization() if normalize else None
        self.norm2 = InstanceNormalization() if normalize else None
        self.conv1 = DownsamplingConv2D(dim_in) if downsample else Conv2D(dim_in)
        self.conv2 = Conv2D(dim_out)
        self.conv1x1 = Conv2D(dim_out, 1, use_bias=False) if dim_in != dim_out else None

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Runs the block.

        Args:
          x: [N, H, W, dim_in] float; H and W are even when downsampling.

        Returns:
          [N, H, W, dim_out], H and W halved when downsampling, in the dtype of the Keras policy.

        Raises:
          ShapeError: `x` are not feature maps of dim_in channels.
        """
        check_shapes(
            f"{self.name} takes feature maps of {self.dim_in} channels",
            x=floats(x, "N", "H", "W", self.dim_in),
        )
        return self._map(x)

    @recomputed_on_request
    def _map(self, x: tf.Tensor) -> tf.Tensor:
        return (self._residual(x) + self._shortcut(x)) * math.sqrt(0.5)  # keeps the variance

    def _residual(self, x: tf.Tensor) -> tf.Tensor:
        x = self.norm1(x) if self.norm1 else x
        x = self.conv1(leaky_relu(x))
        x = self.norm2(x) if self.norm2 else x
        return self.conv2(leaky_relu(x))

    def _shortcut(self, x: tf.Tensor) -> tf.Tensor:
        # The paper pools last; a 1x1 convolution commutes with it and costs a
        # quarter at the smaller size.
        x = average_pool(x) if self.downsample else x
        return self.conv1x1(x) if self.conv1x1 else x


@serializable
class AdaINResBlk(KeepsArguments, keras.layers.Layer):
    """Residual block of the decoder: AdaIN lrelu [upsample] conv AdaIN lrelu conv."""

    def __init__(
        self, dim_in: int, dim_out: int, *, upsample: bool, shortcut: bool = True, **kwargs
    ) -> None:
        """Makes the block.

        Args:
          dim_in: channels of the input.
          dim_out: channels of the output.
          upsample: whether the output is twice as wide and high.
          shortcut: whether the input is added to the result; the generator with
            high-pass skip connections does without.
          **kwargs: for `keras.layers.Layer`.
        """
        super().__init__(**kwargs)
        self.dim_in = dim_in
        self.dim_out = dim_out
        self.upsample = upsample
        self.shortcut = shortcut
        self.norm1 = AdaIN(dim_in)
        self.norm2 = AdaIN(dim_out)
        self.conv1 = UpsamplingConv2D(dim_out) if upsample else Conv2D(dim_out)
        self.conv2 = Conv2D(dim_out)
        self.conv1x1 = Conv2D(dim_out, 1, use_bias=False) if dim_in != dim_out else None
        if self.conv1x1 and not shortcut:
            # Unused, yet part of the published checkpoints of this variant.
            self.conv1x1.trainable = False
            self.conv1x1.build([None, None, None, dim_in])

    def call(self, x: tf.Tensor, s: tf.Tensor) -> tf.Tensor:
        """Runs the block.

        Args:
          x: [N, H, W, dim_in] float.
          s: style codes, [N, style_dim] float.

        Returns:
          [N, H, W, dim_out], H and W doubled when upsampling, in the dtype of the Keras policy.

        Raises:
          ShapeError: `x` or `s` has another shape; see `AdaIN.call`, which comes first.
        """
        return self._map(x, s)

    @recomputed_on_request
    def _map(self, x: tf.Tensor, s: tf.Tensor) -> tf.Tensor:
        residual = self.conv1(leaky_relu(self.norm1(x, s)))
        residual = self.conv2(leaky_relu(self.norm2(residual, s)))
        if not self.shortcut:
            return residual
        return (residual + self._shortcut(x)) * math.sqrt(0.5)  # keeps the variance

    def _shortcut(self, x: tf.Tensor) -> tf.Tensor:
        # The 1x1 convolution commutes with upsampling: run it at the smaller size.
        x = self.conv1x1(x) if self.conv1x1 else x
        return upsample_nearest(x) if self.upsample else x
