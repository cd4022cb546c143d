"""The landmark network: where the parts of a face are, as one heatmap for each of 98 points."""

import tensorflow as tf

from stargan_tf.compat import keras
from stargan_tf.models.convolutions import Conv2D
from stargan_tf.models.face_masks import Masks, face_masks
from stargan_tf.models.landmarks import IMAGE_SIDE, LANDMARKS
from stargan_tf.models.layers import average_pool, upsample_nearest
from stargan_tf.models.saving import (
    KeepsArguments,
    SavedNetwork,
    dtype_policy,
    serializable,
)
from stargan_tf.shapes import check_shapes, floats

_WIDTH = 256
_DEPTH = 4
_EPSILON = 1e-5


@serializable
class FrozenBatchNormalization(KeepsArguments, keras.layers.Layer):
    """Batch normalisation by statistics that no longer change: a scale and a shift a channel."""

    def __init__(self, **kwargs) -> None:
        """Makes the layer."""
        super().__init__(**kwargs)

    def build(self, input_shape: tf.TensorShape) -> None:
        """Creates scale, shift, mean and variance, [C] each."""
        channels = [int(input_shape[-1])]
        ones = ("scale", "variance")
        for name in ("scale", "shift", "mean", "variance"):
            weight = self.add_weight(
                name, channels, initializer="ones" if name in ones else "zeros", trainable=False
            )
            setattr(self, name, weight)
        super().build(input_shape)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Maps [N, H, W, C] to the same shape and dtype."""
        scale = self.scale * tf.math.rsqrt(self.variance + _EPSILON)
        return x * scale + (self.shift - self.mean * scale)


@serializable
class AddCoordinates(KeepsArguments, keras.layers.Layer):
    """Appends to each pixel its row, its column and its distance from the centre.

    Source: Liu et al. 2018, arXiv:1807.03247, as Wang et al. 2019 use it.
    """

    def __init__(self, **kwargs) -> None:
        """Makes the layer."""
        super().__init__(**kwargs)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Maps [N, H, W, C] to [N, H, W, C + 3]: rows and columns run from -1 to 1."""
        height, width = x.shape[1:3]
        rows = tf.linspace(-1.0, 1.0, height)[:, tf.newaxis] * tf.ones([1, width])
        columns = tf.linspace(-1.0, 1.0, width)[tf.newaxis] * tf.ones([height, 1])
        distances = tf.sqrt(rows**2 + columns**2)
        distances /= tf.reduce_max(distances)
        coordinates = tf.cast(tf.stack([rows, columns, distances], -1), x.dtype)[tf.newaxis]
        return tf.concat([x, tf.tile(coordinates, [tf.shape(x)[0], 1, 1, 1])], -1)


@serializable
class ConvBlock(KeepsArguments, keras.layers.Layer):
    """Three convolutions of falling width, their outputs side by side, and a shortcut.

    Source: Bulat and Tzimiropoulos 2017, arXiv:1703.07332, figure 2c.
    """

    def __init__(self, dim_in: int, dim_out: int, **kwargs) -> None:
        """Makes a block from `dim_in` to `dim_out` channels."""
        super().__init__(**kwargs)
        self.dim_in = dim_in
        self.dim_out = dim_out
        widths = (dim_out // 2, dim_out // 4, dim_out // 4)
        self.norms = [FrozenBatchNormalization() for _ in widths]
        self.convs = [Conv2D(width, use_bias=False) for width in widths]
        self.shortcut_norm = self.shortcut = None
        if dim_in != dim_out:
            self.shortcut_norm = FrozenBatchNormalization()
            self.shortcut = Conv2D(dim_out, 1, use_bias=False)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Maps [N, H, W, dim_in] to [N, H, W, dim_out]."""
        outputs, h = [], x
        for norm, conv in zip(self.norms, self.convs, strict=True):
            h = conv(tf.nn.relu(norm(h)))
            outputs.append(h)
        if self.shortcut is not None:
            x = self.shortcut(tf.nn.relu(self.shortcut_norm(x)))
        return tf.concat(outputs, -1) + x


@serializable
class Hourglass(KeepsArguments, keras.layers.Layer):
    """Sees an image at ever smaller sizes and comes back to its own, blocks at each on both ways.

    Source: Newell et al. 2016, arXiv:1603.06937.
    """

    def __init__(self, **kwargs) -> None:
        """Makes the blocks; lists run from the full size to the smallest."""
        super().__init__(**kwargs)
        self.add_coordinates = AddCoordinates()
        self.coordinates_conv = Conv2D(_WIDTH, 1)
        self.skips = [ConvBlock(_WIDTH, _WIDTH) for _ in range(_DEPTH)]
        self.downs = [ConvBlock(_WIDTH, _WIDTH) for _ in range(_DEPTH)]
        self.bottom = ConvBlock(_WIDTH, _WIDTH)
        self.ups = [ConvBlock(_WIDTH, _WIDTH) for _ in range(_DEPTH)]

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Maps [N, H, W, 256], H and W multiples of 16, to the same shape."""
        x = self.coordinates_conv(self.add_coordinates(x))
        skipped = []
        for skip, down in zip(self.skips, self.downs, strict=True):
            skipped.append(skip(x))
            x = down(average_pool(x))
        x = self.bottom(x)
        for h, up in zip(reversed(skipped), reversed(self.ups), strict=True):
            x = h + upsample_nearest(up(x))
        return x


@serializable
class LandmarkNetwork(SavedNetwork, keras.Model):
    """FAN with coordinates, which is not trained here: its weights are the published ones.

    Source: Wang et al. 2019, arXiv:1904.07399 (AWing), on the network of Bulat and
    Tzimiropoulos 2017; Choi et al. 2020, section B of the appendix, use it for masks. It computes
    in float32 under every policy, or the argmax of a heatmap would move.
    """

    def __init__(self, name: str = "landmark_network") -> None:
        """Makes the layers, none of them trainable."""
        super().__init__(name=name, dtype="float32")
        with dtype_policy("float32"):
            self.add_coordinates = AddCoordinates()
            self.stem = Conv2D(64, 7, strides=2, padding="valid")
            self.stem_norm = FrozenBatchNormalization()
            self.blocks = [ConvBlock(64, 128), ConvBlock(128, 128), ConvBlock(128, _WIDTH)]
            self.hourglass = Hourglass()
            self.top = ConvBlock(_WIDTH, _WIDTH)
            self.head = Conv2D(_WIDTH, 1)
            self.head_norm = FrozenBatchNormalization()
            self.to_heatmaps = Conv2D(LANDMARKS + 1, 1)  # the last one is of the face's outline
        self.trainable = False

    def make_weights(self) -> None:
        """Creates the weights."""
        self(tf.zeros([1, IMAGE_SIDE, IMAGE_SIDE, 3]))

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Finds landmarks.

        Args:
          x: [N, R, R, 3] float in [-1, 1], of any R: faces as in CelebA-HQ.

        Returns:
          Heatmaps, [N, 64, 64, 98] float32, about [0, 1].

        Raises:
          ShapeError: `x` are no square colour images.
        """
        check_shapes(f"{self.name} takes square images", x=floats(x, "N", "R", "R", 3))
        x = (tf.cast(x, tf.float32) + 1) / 2
        if x.shape[1] != IMAGE_SIDE:
            x = tf.image.resize(x, [IMAGE_SIDE, IMAGE_SIDE])
        x = self.add_coordinates(x)
        x = self.stem(tf.pad(x, [[0, 0], [3, 3], [3, 3], [0, 0]]))
        x = tf.nn.relu(self.stem_norm(x))
        x = average_pool(self.blocks[0](x))
        for block in self.blocks[1:]:
            x = block(x)
        x = self.top(self.hourglass(x))
        x = tf.nn.relu(self.head_norm(self.head(x)))
        return self.to_heatmaps(x)[..., :LANDMARKS]

    def masks(self, x: tf.Tensor) -> Masks:
        """The masks of images, for the generator's high-pass skip connections.

        Args:
          x: as for `call`.

        Returns:
          See `face_masks`.

        Raises:
          ShapeError: `x` are no square colour images.
        """
        return face_masks(self(x))
