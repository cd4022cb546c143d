"""The generator G(x, c) of StarGAN (2018): an image, drawn again with other labels."""

import tensorflow as tf

from stargan_tf.compat import keras
from stargan_tf.models.convolutions import Conv2D, TransposedConv2D
from stargan_tf.models.layers import fan_in_uniform
from stargan_tf.models.normalization import InstanceNormalization
from stargan_tf.models.own_gradients import recomputed_on_request
from stargan_tf.models.saving import KeepsArguments, SavedNetwork, serializable
from stargan_tf.shapes import check_shapes, floats


def conv(filters: int, kernel_size: int = 3, strides: int = 1) -> Conv2D:
    """A convolution without bias: the normalisation behind it would take one away again."""
    return Conv2D(
        filters,
        kernel_size,
        strides=strides,
        use_bias=False,
        kernel_initializer=fan_in_uniform(),
    )


@serializable
class PlainResBlk(KeepsArguments, keras.layers.Layer):
    """Residual block of one width: conv norm relu conv norm, added to its input.

    Source: Choi et al. 2018, table 4 (appendix).
    """

    def __init__(self, channels: int, **kwargs) -> None:
        """Makes the block for feature maps of `channels` channels."""
        super().__init__(**kwargs)
        self.channels = channels
        self.conv1, self.conv2 = conv(channels), conv(channels)
        self.norm1, self.norm2 = InstanceNormalization(), InstanceNormalization()

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Maps [N, H, W, channels] to the same shape, in the dtype of the Keras policy.

        Raises:
          ShapeError: `x` are not feature maps of so many channels.
        """
        check_shapes(
            f"{self.name} takes feature maps of {self.channels} channels",
            x=floats(x, "N", "H", "W", self.channels),
        )
        return self._map(x)

    @recomputed_on_request
    def _map(self, x: tf.Tensor) -> tf.Tensor:
        residual = tf.nn.relu(self.norm1(self.conv1(x)))
        return x + self.norm2(self.conv2(residual))


@serializable
class LabelGenerator(SavedNetwork, keras.Model):
    """Labels as further channels of the image, residual blocks at a quarter of its size.

    Source: Choi et al. 2018, arXiv:1711.09020, table 4; with `residual_output` the generator of
    Siddiquee et al. 2019, arXiv:1908.06965, which draws what is to be added to the image.
    """

    def __init__(
        self,
        img_size: int,
        base_channels: int,
        num_blocks: int,
        num_labels: int,
        residual_output: bool = False,
        name: str = "generator",
    ) -> None:
        """Makes the layers.

        Args:
          img_size: side R of the images, a multiple of 4.
          base_channels: width of the first layer, four times as much at the bottom.
          num_blocks: residual blocks.
          num_labels: c, whatever each of them means.
          residual_output: whether the result is tanh(x + what was drawn), not tanh of it alone.
          name: of the model.
        """
        super().__init__(name=name)
        self.img_size = img_size
        self.base_channels = base_channels
        self.num_blocks = num_blocks
        self.num_labels = num_labels
        self.residual_output = residual_output
        width = base_channels
        self.convs = [conv(width, 7), conv(2 * width, 4, 2), conv(4 * width, 4, 2)]
        self.norms = [InstanceNormalization() for _ in self.convs]
        self.blocks = [PlainResBlk(4 * width) for _ in range(num_blocks)]
        self.up_convs = [
            TransposedConv2D(filters, use_bias=False, kernel_initializer=fan_in_uniform())
            for filters in (2 * width, width)
        ]
        self.up_norms = [InstanceNormalization() for _ in self.up_convs]
        self.to_rgb = conv(3, 7)

    def make_weights(self) -> None:
        """Creates the weights."""
        self(tf.zeros([1, self.img_size, self.img_size, 3]), tf.zeros([1, self.num_labels]))

    def call(self, x: tf.Tensor, c: tf.Tensor) -> tf.Tensor:
        """Translates images.

        Args:
          x: [N, R, R, 3] float in [-1, 1].
          c: labels of the result, [N, num_labels] float, each from 0 to 1.

        Returns:
          [N, R, R, 3] float32 in [-1, 1].

        Raises:
          ShapeError: `x` are not float images of side R, or `c` not one vector of labels for
            each.
        """
        side = self.img_size
        check_shapes(
            f"{self.name} takes images of img_size {side} and {self.num_labels} labels for each",
            x=floats(x, "N", side, side, 3),
            c=floats(c, "N", self.num_labels),
        )
        # Reshaped and tiled, not indexed with new axes: phones' GPUs take no such slices.
        planes = tf.tile(tf.reshape(c, [-1, 1, 1, self.num_labels]), [1, side, side, 1])
        h = tf.concat([tf.cast(v, self.compute_dtype) for v in (x, planes)], axis=-1)
        for layer, norm in zip(self.convs, self.norms, strict=True):
            h = self._stage(h, layer, norm)
        for block in self.blocks:  # [N, R/4, R/4, 4 * base_channels]
            h = block(h)
        for layer, norm in zip(self.up_convs, self.up_norms, strict=True):
            h = self._stage(h, layer, norm)
        drawn = tf.cast(self.to_rgb(h), tf.float32)
        return tf.tanh(tf.cast(x, tf.float32) + drawn if self.residual_output else drawn)

    def _stage(
        self, h: tf.Tensor, layer: keras.layers.Layer, norm: InstanceNormalization
    ) -> tf.Tensor:
        return recomputed_on_request(lambda h: tf.nn.relu(norm(layer(h))))(h)
