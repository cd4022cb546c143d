"""Settings of StarGAN v2."""

import dataclasses
from pathlib import Path
from typing import Any

from stargan_tf.config.settings import check, setting
from stargan_tf.config.train import TrainConfig

# Settings that decide how large the weights are, and more than any of them can be in earnest.
_WIDTHS = ("base_channels", "max_conv_dim", "latent_dim", "style_dim", "mapping_hidden_dim")
_MOST = 2**16


@dataclasses.dataclass(frozen=True)
class StarGANv2Settings(TrainConfig):
    """Everything that decides a training run of StarGAN v2.

    Names and defaults are those of Choi et al. 2020, section B of the appendix.
    """

    img_size: int = setting(256, "Side of the square training images, a power of two from 32.")
    lr: float = setting(
        1e-4,
        "Learning rate of generator, style encoder and discriminator; may change on resume.",
        least=0,
        fixed=False,
        hyperparameter=True,
    )

    # Networks.
    base_channels: int = setting(
        0,
        "Width of the first layer, doubled at each smaller size; 0 means 2^14 / img_size.",
        least=0,
    )
    max_conv_dim: int = setting(512, "Width at which the doubling stops.", least=1)
    latent_dim: int = setting(16, "Length of the latent code z.", least=1)
    style_dim: int = setting(64, "Length of the style code s.", least=1)
    mapping_hidden_dim: int = setting(512, "Width of the mapping network's hidden layers.", least=1)
    w_hpf: float = setting(
        0.0,
        "What the high-pass skip connections, which keep the parts of a face in place, are divided "
        "by; 0 for none (published: 1 for CelebA-HQ, 0 for AFHQ). Above 0, --wing_path is needed.",
        least=0,
    )
    wing_path: str = setting(
        "",
        "Weights of the landmark network, the published wing.ckpt. Read when a run with --w_hpf "
        "above 0 begins; from then on they are in its checkpoints.",
        fixed=False,
        path=True,
    )

    # Objectives.
    lambda_reg: float = setting(1.0, "Weight of the R1 gradient penalty.", least=0)
    lambda_sty: float = setting(1.0, "Weight of the style reconstruction loss.", least=0)
    lambda_ds: float = setting(
        1.0,
        "Weight of the diversity sensitive loss at the start; it falls linearly to 0 over "
        "ds_iter iterations (published: 1 for CelebA-HQ, 2 for AFHQ).",
        least=0,
    )
    lambda_cyc: float = setting(1.0, "Weight of the cycle consistency loss.", least=0)
    ds_iter: int = setting(100_000, "Iterations over which lambda_ds falls to 0.", least=1)
    f_lr: float = setting(
        1e-6,
        "Learning rate of the mapping network; may change on resume.",
        least=0,
        fixed=False,
        hyperparameter=True,
    )

    def validate(self) -> None:
        """See `TrainConfig.validate`."""
        super().validate()
        size = self.img_size
        check(
            32 <= size <= _MOST and size & (size - 1) == 0,
            f"Found --img_size={size}, expected a power of two from 32 up: try 64, 128 or 256.",
        )
        for name in _WIDTHS:
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

    def check_files(self) -> None:
        """See `TrainConfig.check_files`."""
        if self.w_hpf > 0:
            check(
                bool(self.wing_path),
                f"Found --w_hpf={self.w_hpf:g} and no --wing_path, expected the weights of the "
                "landmark network that its masks come from: pass the published wing.ckpt, or "
                "--w_hpf=0.",
            )
            check(
                Path(self.wing_path).is_file(),
                f"Found no file at --wing_path={self.wing_path}, expected the published wing.ckpt: "
                "correct it.",
            )

    def shapes(self) -> dict[str, Any]:
        """See `TrainConfig.shapes`."""
        names = ("max_conv_dim", "latent_dim", "style_dim", "mapping_hidden_dim", "w_hpf")
        return {
            **super().shapes(),
            "base_channels": self.first_layer_channels,
            **{name: getattr(self, name) for name in names},
        }

    @property
    def first_layer_channels(self) -> int:
        """Width of the first layer: `base_channels`, or the published 2^14 / img_size."""
        return self.base_channels or 2**14 // self.img_size
