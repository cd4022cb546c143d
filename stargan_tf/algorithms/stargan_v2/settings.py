"""Settings of StarGAN v2."""

import dataclasses
from pathlib import Path
from typing import Any, ClassVar

from stargan_tf.algorithms.stargan_v2.sizes import SizeSettings
from stargan_tf.config.settings import check, setting


@dataclasses.dataclass(frozen=True)
class StarGANv2Settings(SizeSettings):
    """Everything that decides a training run of StarGAN v2.

    Names and defaults are those of Choi et al. 2020, section B of the appendix.
    """

    WIDTHS: ClassVar[tuple[str, ...]] = (
        *SizeSettings.WIDTHS,
        "latent_dim",
        "style_dim",
        "mapping_hidden_dim",
    )

    lr: float = setting(
        1e-4,
        "Learning rate of generator, style encoder and discriminator; may change on resume.",
        least=0,
        fixed=False,
        hyperparameter=True,
    )

    # Networks.
    latent_dim: int = setting(16, "Length of the latent code z.", least=1)
    style_dim: int = setting(64, "Length of the style code s.", least=1)
    mapping_hidden_dim: int = setting(512, "Width of the mapping network's hidden layers.", least=1)
    mapping_shared_layers: int = setting(
        4,
        "Layers of the mapping network that all domains share (published: 4; first preprint: 6).",
        least=1,
        most=64,
    )
    mapping_unshared_layers: int = setting(
        3,
        "Layers of the mapping network that each domain has for itself, before its last, linear "
        "one (published: 3; first preprint: 0).",
        least=0,
        most=64,
    )
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
    r1_every: int = setting(
        1,
        "R1 is computed at every so many iterations, and counts as many times then (published: 1).",
        least=1,
    )
    fused_passes: bool = setting(
        False,
        "One update of D and one of the others in place of two: each takes the mean over styles "
        "from latent codes and styles of references. The style encoder learns from both.",
    )
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
        names = ("mapping_shared_layers", "mapping_unshared_layers", "w_hpf")
        return super().shapes() | {name: getattr(self, name) for name in names}
