"""Settings of the sizes of images and networks that every use of StarGAN v2's networks has."""

import dataclasses
from typing import Any, ClassVar

from stargan_tf.config.settings import check, setting
from stargan_tf.config.train import TrainConfig

# More than any width can be in earnest.
_MOST = 2**16


@dataclasses.dataclass(frozen=True)
class SizeSettings(TrainConfig):
    """Side of the images, and widths of the generator and of the trunks.

    Attributes:
      WIDTHS: the settings that decide how large the weights are.
    """

    WIDTHS: ClassVar[tuple[str, ...]] = ("base_channels", "max_conv_dim")

    img_size: int = setting(256, "Side of the square training images, a power of two from 32.")
    base_channels: int = setting(
        0,
        "Width of the first layer, doubled at each smaller size; 0 means 2^14 / img_size.",
        least=0,
    )
    max_conv_dim: int = setting(512, "Width at which the doubling stops.", least=1)

    def validate(self) -> None:
        """See `TrainConfig.validate`."""
        super().validate()
        size = self.img_size
        check(
            32 <= size <= _MOST and size & (size - 1) == 0,
            f"Found --img_size={size}, expected a power of two from 32 up: try 64, 128 or 256.",
        )
        for name in self.WIDTHS:
            check(
                getattr(self, name) <= _MOST,
                f"Found --{name}={getattr(self, name)}, expected at most {_MOST}: lower it.",
            )
        width = self.first_layer_channels
        check(
            width >= 1,
            f"Found --base_channels=0 at --img_size={size}, whose published width 2^14 / img_size "
            "is below 1: pass --base_channels.",
        )
        check(
            width <= self.max_conv_dim,
            f"Found a first layer of {width} channels above --max_conv_dim={self.max_conv_dim}: "
            "lower --base_channels or raise --max_conv_dim.",
        )

    def shapes(self) -> dict[str, Any]:
        """See `TrainConfig.shapes`."""
        widths = {name: getattr(self, name) for name in self.WIDTHS}
        return super().shapes() | widths | {"base_channels": self.first_layer_channels}

    @property
    def first_layer_channels(self) -> int:
        """Width of the first layer: `base_channels`, or the published 2^14 / img_size."""
        return self.base_channels or 2**14 // self.img_size
