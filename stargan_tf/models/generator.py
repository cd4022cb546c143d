"""The generator G(x, s): an image, drawn again in a style."""

from typing import NamedTuple

import tensorflow as tf

from stargan_tf.models.blocks import AdaINResBlk, ResBlk
from stargan_tf.models.layers import Conv2D, leaky_relu
from stargan_tf.models.normalization import InstanceNormalization

# Heights at which the high-pass skip connections cross from encoder to decoder.
SKIP_HEIGHTS = (32, 64, 128)


class EncodedImage(NamedTuple):
    """What the generator's encoder makes of an image, whatever the style."""

    features: tf.Tensor  # [N, h, w, C]
    skips: dict[int, tf.Tensor]  # by height; empty without high-pass connections


class Generator(tf.keras.Model):
    """Encoder with instance normalisation, decoder with AdaIN.

    Source: Choi et al. 2020, section 2 and table 5 (generator).
    """

    def __init__(
        self,
        img_size: int,
        base_channels: int,
        max_conv_dim: int,
        w_hpf: float = 0.0,
        name: str = "generator",
    ) -> None:
        """Makes the layers.

        Args:
          img_size: side R of the images, a power of two from 32.
          base_channels: width of the first layer, doubled at every smaller size.
          max_conv_dim: where the doubling stops.
          w_hpf: weight of the high-pass skip connections; 0 for none.
          name: of the model.
        """
        super().__init__(name=name)
        self.img_size = img_size
        self.w_hpf = w_hpf
        shortcut = w_hpf == 0
        num_resamplings = img_size.bit_length() - 1 - 4 + (w_hpf > 0)
        widths = [min(base_channels * 2**i, max_conv_dim) for i in range(num_resamplings + 1)]
        width = widths[-1]  # at the bottom
        pairs = list(zip(widths[:-1], widths[1:], strict=True))

        self.from_rgb = Conv2D(widths[0])
        self.encoder = [ResBlk(i, o, normalize=True, downsample=True) for i, o in pairs]
        self.encoder += [ResBlk(width, width, normalize=True, downsample=False) for _ in range(2)]
        self.decoder = [
            AdaINResBlk(width, width, upsample=False, shortcut=shortcut) for _ in range(2)
        ]
        self.decoder += [
            AdaINResBlk(o, i, upsample=True, shortcut=shortcut) for i, o in reversed(pairs)
        ]
        self.to_rgb_norm = InstanceNormalization()
        self.to_rgb = Conv2D(3, 1)

    def call(
        self, x: tf.Tensor, s: tf.Tensor, masks: tuple[tf.Tensor, tf.Tensor] | None = None
    ) -> tf.Tensor:
        """Translates images.

        Args:
          x: [N, R, R, 3] in [-1, 1].
          s: style codes, [N, style_dim].
          masks: with w_hpf > 0, where to keep the source's details, both [N, H, W, 1]
            in [0, 1]: the first for features 32 high, the second for 64 and 128.

        Returns:
          [N, R, R, 3] float32, about [-1, 1] but not bounded.
        """
        return self.decode(self.encode(x), s, masks)

    def encode(self, x: tf.Tensor) -> EncodedImage:
        """Runs the part that does not depend on the style; see `call` for the shapes."""
        x = self.from_rgb(tf.cast(x, self.compute_dtype))
        skips = {}
        for block in self.encoder:
            if self.w_hpf > 0 and x.shape[1] in SKIP_HEIGHTS:
                skips[x.shape[1]] = x  # a later block of the same height replaces it
            x = block(x)
        return EncodedImage(x, skips)

    def decode(
        self,
        encoded: EncodedImage,
        s: tf.Tensor,
        masks: tuple[tf.Tensor, tf.Tensor] | None = None,
    ) -> tf.Tensor:
        """Draws an encoded image in a style; see `call` for the shapes."""
        x = encoded.features
        for block in self.decoder:
            x = block(x, s)
            height = x.shape[1]
            if masks is not None and height in encoded.skips:
                mask = tf.image.resize(masks[0] if height == 32 else masks[1], [height, height])
                details = tf.cast(mask, x.dtype) * encoded.skips[height]
                x += high_pass(details, self.w_hpf)
        x = self.to_rgb(leaky_relu(self.to_rgb_norm(x)))
        return tf.cast(x, tf.float32)


def high_pass(x: tf.Tensor, w_hpf: float) -> tf.Tensor:
    """Keeps what differs from the neighbourhood: a 3x3 Laplacian over w_hpf, channel by channel.

    Source: Choi et al. 2020, appendix B. A depthwise convolution: TFLite has no
    grouped one.

    Args:
      x: [N, H, W, C].
      w_hpf: what the kernel is divided by.

    Returns:
      [N, H, W, C].
    """
    channels = x.shape[-1]
    kernel = tf.constant([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], x.dtype) / w_hpf
    kernel = tf.tile(kernel[:, :, tf.newaxis, tf.newaxis], [1, 1, channels, 1])  # [3, 3, C, 1]
    return tf.nn.depthwise_conv2d(x, kernel, strides=[1, 1, 1, 1], padding="SAME")
