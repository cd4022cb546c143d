"""The generator G(x, s): an image, drawn again in a style."""

from typing import NamedTuple

import tensorflow as tf

from stargan_tf.compat import keras
from stargan_tf.models.blocks import AdaINResBlk, ResBlk
from stargan_tf.models.convolutions import Conv2D
from stargan_tf.models.layers import leaky_relu
from stargan_tf.models.normalization import InstanceNormalization
from stargan_tf.models.own_gradients import recomputed_on_request
from stargan_tf.models.saving import SavedNetwork, serializable
from stargan_tf.shapes import check_shapes, floats

# Heights at which the high-pass skip connections cross from encoder to decoder.
SKIP_HEIGHTS = (32, 64, 128)
# What differs from the neighbourhood.
LAPLACIAN = ((-1, -1, -1), (-1, 8, -1), (-1, -1, -1))


class EncodedImage(NamedTuple):
    """What the generator's encoder makes of an image, whatever the style."""

    features: tf.Tensor  # [N, h, w, C]
    skips: dict[int, tf.Tensor]  # by height; empty without high-pass connections


@serializable
class Generator(SavedNetwork, keras.Model):
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
        self.base_channels = base_channels
        self.max_conv_dim = max_conv_dim
        self.w_hpf = w_hpf
        shortcut = w_hpf == 0
        num_resamplings = img_size.bit_length() - 1 - 4 + (w_hpf > 0)
        self.bottleneck_size = img_size >> num_resamplings
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

    @property
    def style_dim(self) -> int | None:
        """Length of the style codes, None before the first call."""
        return self.decoder[0].norm1.style_dim

    def make_weights(self, style_dim: int) -> None:
        """Creates the weights, for style codes of this length."""
        x = tf.zeros([1, self.img_size, self.img_size, 3])
        masks = (x[..., :1], x[..., :1]) if self.w_hpf > 0 else None
        self(x, tf.zeros([1, style_dim]), masks)

    def call(
        self, x: tf.Tensor, s: tf.Tensor, masks: tuple[tf.Tensor, tf.Tensor] | None = None
    ) -> tf.Tensor:
        """Translates images.

        Args:
          x: [N, R, R, 3] float in [-1, 1].
          s: style codes, [N, style_dim] float.
          masks: with w_hpf > 0, and only then, where to keep the source's details: two of
            [N, H, W, 1] float in [0, 1], of any H and W. The first is for features 32
            high, the second for 64 and 128.

        Returns:
          [N, R, R, 3] float32, about [-1, 1] but not bounded.

        Raises:
          ShapeError: a tensor has another shape or kind of dtype.
          ValueError: w_hpf > 0 without masks, or masks with w_hpf 0.
        """
        return self.decode(self.encode(x), s, masks)

    def encode(self, x: tf.Tensor) -> EncodedImage:
        """Runs the part that does not depend on the style; see `call` for the shapes.

        Raises:
          ShapeError: `x` are not float images of side R.
        """
        side = self.img_size
        check_shapes(
            f"{self.name} takes images of img_size {side}", x=floats(x, "N", side, side, 3)
        )
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
        """Draws encoded images in styles; see `call` for the shapes.

        Raises:
          ShapeError: a tensor has another shape or kind of dtype.
          ValueError: w_hpf > 0 without masks, or masks with w_hpf 0.
        """
        self._check_decoded(encoded, s, masks)
        x = encoded.features
        for block in self.decoder:
            x = block(x, s)
            height = x.shape[1]
            if height in encoded.skips:
                mask = tf.image.resize(masks[0] if height == 32 else masks[1], [height, height])
                details = tf.cast(mask, x.dtype) * encoded.skips[height]
                x += high_pass(details, self.w_hpf)
        return tf.cast(self._to_rgb(x), tf.float32)

    @recomputed_on_request
    def _to_rgb(self, x: tf.Tensor) -> tf.Tensor:
        return self.to_rgb(leaky_relu(self.to_rgb_norm(x)))

    def _check_decoded(
        self, encoded: EncodedImage, s: tf.Tensor, masks: tuple[tf.Tensor, tf.Tensor] | None
    ) -> None:
        # Without its skip connections a generator that was trained with them draws noise.
        expected, found = 2 if self.w_hpf > 0 else 0, len(masks or ())
        if found != expected:
            raise ValueError(
                f"Found {found or 'no'} masks, expected {expected or 'none'}: {self.name} has "
                f"w_hpf {self.w_hpf}, and the high-pass skip connections of a w_hpf above 0 take "
                "two masks of the source images."
            )
        side, width = self.bottleneck_size, self.decoder[0].dim_in
        expected_masks = {
            f"masks[{i}]": floats(mask, "N", None, None, 1) for i, mask in enumerate(masks or ())
        }
        check_shapes(
            f"{self.name} takes encoded images of {side}x{side} pixels and {width} channels, "
            "a style code for each, and masks of one channel",
            features=floats(encoded.features, "N", side, side, width),
            s=floats(s, "N", self.style_dim),
            **expected_masks,
        )


def high_pass(x: tf.Tensor, w_hpf: float) -> tf.Tensor:
    """Keeps what differs from the neighbourhood: a 3x3 Laplacian over w_hpf, channel by channel.

    Source: Choi et al. 2020, appendix B. A depthwise convolution: TFLite has no
    grouped one.

    Args:
      x: feature maps, [N, H, W, C] float.
      w_hpf: what the kernel is divided by, above 0.

    Returns:
      [N, H, W, C] in the dtype of `x`.

    Raises:
      ShapeError: `x` are not float feature maps.
    """
    check_shapes("high_pass takes feature maps", x=floats(x, "N", "H", "W", "C"))
    channels = x.shape[-1]
    kernel = tf.constant(LAPLACIAN, x.dtype) / w_hpf
    kernel = tf.tile(kernel[:, :, tf.newaxis, tf.newaxis], [1, 1, channels, 1])  # [3, 3, C, 1]
    return tf.nn.depthwise_conv2d(x, kernel, strides=[1, 1, 1, 1], padding="SAME")
