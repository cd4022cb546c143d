"""Discriminators of patches: D(x) of StarGAN (2018), and D(x, y) with scores for each domain."""

from typing import Any, NamedTuple

import tensorflow as tf

from stargan_tf.compat import keras
from stargan_tf.models.convolutions import Conv2D
from stargan_tf.models.layers import fan_in_uniform, leaky_relu
from stargan_tf.models.saving import SavedNetwork, serializable
from stargan_tf.shapes import check_shapes, floats, integers

_LEAKY_RELU_SLOPE = 0.01


class Judgement(NamedTuple):
    """What D says about images, all float32."""

    src: tf.Tensor  # scores of patches, [N, h, w]: the higher, the more real
    cls: tf.Tensor  # logits of the labels, [N, num_labels]


@serializable
class PatchDiscriminator(SavedNetwork, keras.Model):
    """Convolutions that halve the size, then one for the scores of patches and one for labels.

    Source: Choi et al. 2018, arXiv:1711.09020, table 5.
    """

    def __init__(
        self,
        img_size: int,
        base_channels: int,
        num_layers: int,
        num_labels: int,
        name: str = "discriminator",
    ) -> None:
        """Makes the layers.

        Args:
          img_size: side R of the images, a multiple of 2^num_layers.
          base_channels: width of the first layer, doubled at each further one.
          num_layers: how often the size is halved.
          num_labels: c, whatever each of them means.
          name: of the model.
        """
        super().__init__(name=name)
        self.img_size = img_size
        self.base_channels = base_channels
        self.num_layers = num_layers
        self.num_labels = num_labels
        self.convs = _halving_convs(base_channels, num_layers)
        self.to_src = _conv(1, use_bias=False)
        whole = img_size >> num_layers
        self.to_cls = _conv(num_labels, whole, padding="valid", use_bias=False)

    def make_weights(self) -> None:
        """Creates the weights."""
        self(tf.zeros([1, self.img_size, self.img_size, 3]))

    def call(self, x: tf.Tensor) -> Judgement:
        """Judges images.

        Args:
          x: [N, R, R, 3] float in [-1, 1].

        Raises:
          ShapeError: `x` are not float images of side R.
        """
        side = self.img_size
        check_shapes(
            f"{self.name} takes images of img_size {side}", x=floats(x, "N", side, side, 3)
        )
        x = _halved(x, self.convs)
        src = tf.cast(self.to_src(x)[..., 0], tf.float32)  # [N, R / 2^num_layers, the same]
        cls = tf.cast(self.to_cls(x), tf.float32)  # [N, 1, 1, num_labels]
        return Judgement(src, tf.reshape(cls, [-1, self.num_labels]))


@serializable
class MultiTaskPatchDiscriminator(SavedNetwork, keras.Model):
    """The same convolutions, and scores of patches for each domain in place of the labels.

    Source: Choi et al. 2020, table 1, configuration B: an output for each domain in place of the
    classifier; our reading, for no code of it was published.
    """

    def __init__(
        self,
        img_size: int,
        base_channels: int,
        num_layers: int,
        num_domains: int,
        name: str = "discriminator",
    ) -> None:
        """Makes the layers; see `PatchDiscriminator`. num_domains is K."""
        super().__init__(name=name)
        self.img_size = img_size
        self.base_channels = base_channels
        self.num_layers = num_layers
        self.num_domains = num_domains
        self.convs = _halving_convs(base_channels, num_layers)
        self.to_src = _conv(num_domains, use_bias=False)

    def make_weights(self) -> None:
        """Creates the weights."""
        self(tf.zeros([1, self.img_size, self.img_size, 3]), tf.zeros([1], tf.int32))

    def call(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """Judges images as images of their domains.

        Args:
          x: [N, R, R, 3] float in [-1, 1].
          y: domains, [N] integer in [0, num_domains).

        Returns:
          Scores of patches, [N, R / 2^num_layers, R / 2^num_layers] float32: the higher, the more
          real.

        Raises:
          ShapeError: `x` are not float images of side R, or `y` not one integer for each.
        """
        side = self.img_size
        check_shapes(
            f"{self.name} takes images of img_size {side} and a domain for each",
            x=floats(x, "N", side, side, 3),
            y=integers(y, "N"),
        )
        scores = tf.cast(self.to_src(_halved(x, self.convs)), tf.float32)  # [N, h, w, K]
        return tf.gather(scores, y, axis=3, batch_dims=1)


def _halving_convs(base_channels: int, num_layers: int) -> list[Conv2D]:
    return [_conv(base_channels * 2**number, 4, strides=2) for number in range(num_layers)]


def _halved(x: tf.Tensor, convs: list[Conv2D]) -> tf.Tensor:
    for layer in convs:
        x = leaky_relu(layer(x), _LEAKY_RELU_SLOPE)
    return x


def _conv(filters: int, kernel_size: int = 3, **kwargs: Any) -> Conv2D:
    # Each with an initialiser of its own: one that is shared draws the same numbers again.
    return Conv2D(filters, kernel_size, kernel_initializer=fan_in_uniform(), **kwargs)
