"""The rows of the ablation between StarGAN and StarGAN v2."""

from pathlib import Path
from typing import NamedTuple

import stargan_tf

LATENT_MODE = "latent"


class Row(NamedTuple):
    """One row of the table.

    Attributes:
      title: what it adds to the row before.
      mode: how the codes of its translations are made.
      fid: the paper's, with latent codes on CelebA-HQ; None where it has no such row.
      lpips: likewise; None also where an image has one translation.
    """

    title: str
    mode: str
    fid: float | None = None
    lpips: float | None = None

    @property
    def num_outs(self) -> int:
        """How many translations of an image into a domain are measured."""
        return 2 if self.mode == LATENT_MODE else 1


# Source: Choi et al. 2020, table 1, recalled; by the names in `config.ablation.ROWS`.
ROWS = {
    "a": Row("StarGAN", "label", 98.4),
    "b": Row("a score for each domain", "label", 91.4),
    "c": Row("R1, AdaIN, a style for each domain", "domain", 80.5),
    "d": Row("a latent code for the style", LATENT_MODE, 32.3, 0.312),
    "e": Row("style codes for the latent code", LATENT_MODE, 17.1, 0.405),
    "f": Row("diversity: StarGAN v2", LATENT_MODE, 13.7, 0.453),
    "preprint": Row("F with the preprint's mapping network", LATENT_MODE),
}


def heading(name: str) -> str:
    """A row's name for people: A, or preprint."""
    return name.upper() if len(name) == 1 else name


def flagfile(name: str) -> Path:
    """The file of a row's settings."""
    return Path(stargan_tf.__file__).parent / "flagfiles" / f"ablation_{name}.flags"
