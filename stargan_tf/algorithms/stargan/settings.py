"""Settings of StarGAN (2018) and of its rectified form."""

import dataclasses
from typing import Any

from stargan_tf.config.settings import check, setting
from stargan_tf.config.train import TrainConfig

# Values of same_domain: which networks see images drawn with their own labels.
OFF = "off"
GENERATOR = "generator"
BOTH = "both"

# Settings that decide how large the weights are, and more than any of them can be in earnest.
_WIDTHS = ("g_conv_dim", "d_conv_dim", "g_repeat_num", "d_repeat_num")
_MOST = 2**16


@dataclasses.dataclass(frozen=True)
class CriticSettings(TrainConfig):
    """What StarGAN shares with its ablation that has no classifier.

    Names and defaults are those of Choi et al. 2018, sections 4 and 5 and the appendix.
    """

    img_size: int = setting(
        128, "Side of the square training images, a multiple of 4 and of 2^d_repeat_num.", least=4
    )
    batch_size: int = setting(
        16, "Images per iteration, over all replicas together.", least=1, most=2**20
    )
    total_iters: int = setting(
        200_000, "Iterations of the whole run; may be raised on resume.", least=0, fixed=False
    )
    lr: float = setting(
        1e-4,
        "Learning rate of generator and discriminator; may change on resume.",
        least=0,
        fixed=False,
        hyperparameter=True,
    )
    num_iters_decay: int = setting(
        100_000,
        "Iterations at the end of the run over which the learning rates fall linearly to 0; 0 for "
        "constant ones.",
        least=0,
        fixed=False,
        hyperparameter=True,
    )
    beta1: float = setting(0.5, "Adam's decay rate of the first moment.", least=0, below=1)
    beta2: float = setting(0.999, "Adam's decay rate of the second moment.", least=0, below=1)
    weight_decay: float = setting(
        0.0, "L2 penalty, added to the gradient of every weight.", least=0
    )
    ema_decay: float = setting(
        0.0,
        "Decay of the moving averages of the weights, which are what sampling uses; 0 for the "
        "weights themselves, as published.",
        least=0,
        below=1,
    )
    randcrop_prob: float = setting(0.0, "Probability of the random resized crop.", least=0, most=1)

    # Networks.
    g_conv_dim: int = setting(64, "Width of the generator's first layer.", least=1)
    d_conv_dim: int = setting(64, "Width of the discriminator's first layer.", least=1)
    g_repeat_num: int = setting(6, "Residual blocks of the generator.", least=0)
    d_repeat_num: int = setting(6, "Layers of the discriminator, each of which halves.", least=1)
    residual_output: bool = setting(
        False,
        "Let the generator draw what is added to the image, tanh(x + G(x, c)) in place of "
        "tanh(G(x, c)); a part of the rectified form.",
    )

    # Objectives.
    n_critic: int = setting(5, "Updates of the discriminator for each of the generator.", least=1)
    lambda_rec: float = setting(10.0, "Weight of the reconstruction loss.", least=0)
    lambda_gp: float = setting(10.0, "Weight of the gradient penalty.", least=0)

    def validate(self) -> None:
        """See `TrainConfig.validate`."""
        super().validate()
        for name in _WIDTHS:
            check(
                getattr(self, name) <= _MOST,
                f"Found --{name}={getattr(self, name)}, expected at most {_MOST}: lower it.",
            )
        multiple = max(4, 2**self.d_repeat_num)
        check(
            self.img_size <= _MOST and self.img_size % multiple == 0,
            f"Found --img_size={self.img_size}, expected a multiple of {multiple}, which "
            f"--d_repeat_num={self.d_repeat_num} halvings and the generator's two take: try "
            f"{max(1, self.img_size // multiple) * multiple:.5g}, or lower --d_repeat_num.",
        )

    def shapes(self) -> dict[str, Any]:
        """See `TrainConfig.shapes`."""
        return {**super().shapes(), **{name: getattr(self, name) for name in _WIDTHS}}


@dataclasses.dataclass(frozen=True)
class StarGANSettings(CriticSettings):
    """Everything that decides a training run of StarGAN."""

    lambda_cls: float = setting(1.0, "Weight of the classification losses.", least=0)
    same_domain: str = setting(
        OFF,
        "Who learns from images that are drawn with their own labels, the other part of the "
        "rectified form: off (nobody), generator (as its published code) or both (the "
        "discriminator, too, as its equations are written).",
        choices=(OFF, GENERATOR, BOTH),
    )
    lambda_id: float = setting(
        10.0, "Weight of the identity loss; counts unless same_domain is off.", least=0
    )
