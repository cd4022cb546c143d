"""Settings of the rows of the ablation that are no settings of a published algorithm."""

import dataclasses
from typing import ClassVar

from stargan_tf.algorithms.stargan_v2.sizes import SizeSettings
from stargan_tf.config.settings import setting


@dataclasses.dataclass(frozen=True)
class TranslationSettings(SizeSettings):
    """What C and D share: the published settings of StarGAN v2, as far as they have them."""

    lambda_reg: float = setting(1.0, "Weight of the R1 gradient penalty.", least=0)
    lambda_cyc: float = setting(1.0, "Weight of the cycle consistency loss.", least=0)


@dataclasses.dataclass(frozen=True)
class DomainStylesSettings(TranslationSettings):
    """Everything that decides a training run of C."""

    WIDTHS: ClassVar[tuple[str, ...]] = (*SizeSettings.WIDTHS, "style_dim")

    style_dim: int = setting(64, "Length of the style of a domain.", least=1)


@dataclasses.dataclass(frozen=True)
class LatentCodesSettings(TranslationSettings):
    """Everything that decides a training run of D."""

    WIDTHS: ClassVar[tuple[str, ...]] = (*SizeSettings.WIDTHS, "latent_dim")

    latent_dim: int = setting(16, "Length of the latent code z.", least=1)
    lambda_sty: float = setting(
        1.0, "Weight of the reconstruction loss of the latent code.", least=0
    )
