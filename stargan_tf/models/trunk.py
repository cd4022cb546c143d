"""The convolutional trunk of the style encoder and of the discriminator."""

import tensorflow as tf

from stargan_tf.compat import keras
from stargan_tf.models.blocks import ResBlk
from stargan_tf.models.convolutions import Conv2D, WholeMapConv2D
from stargan_tf.models.layers import leaky_relu
from stargan_tf.models.saving import KeepsArguments, serializable
from stargan_tf.shapes import check_shapes, floats


@serializable
class Trunk(KeepsArguments, keras.layers.Layer):
    """Residual blocks down to 4x4 pixels, then one convolution over all of them.

    Source: Choi et al. 2020, table 7. The two networks that use it each have
    their own weights.
    """

    def __init__(self, img_size: int, base_channels: int, max_conv_dim: int, **kwargs) -> None:
        """Makes the layers; see `Generator` for the arguments."""
        super().__init__(**kwargs)
        self.img_size = img_size
        self.base_channels = base_channels
        self.max_conv_dim = max_conv_dim
        num_halvings = img_size.bit_length() - 1 - 2
        widths = [min(base_channels * 2**i, max_conv_dim) for i in range(num_halvings + 1)]
        self.from_rgb = Conv2D(widths[0])
        self.blocks = [
            ResBlk(i, o, normalize=False, downsample=True)
            for i, o in zip(widths[:-1], widths[1:], strict=True)
        ]
        self.to_vector = WholeMapConv2D(widths[-1], 4)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Maps images to vectors.

        Args:
          x: [N, R, R, 3] float in [-1, 1].

        Returns:
          [N, width] in the dtype of the Keras policy; width is that of the smallest size.

        Raises:
          ShapeError: `x` are not float images of side R.
        """
        side = self.img_size
        check_shapes(
            f"{self.name} takes images of img_size {side}", x=floats(x, "N", side, side, 3)
        )
        x = self.from_rgb(x)
        for block in self.blocks:
            x = block(x)
        x = leaky_relu(self.to_vector(leaky_relu(x)))  # [N, 1, 1, width]
        return tf.reshape(x, [-1, x.shape[-1]])
