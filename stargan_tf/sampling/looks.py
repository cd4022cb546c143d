"""Looks: the styles that images are to be drawn in, with what is known about them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stargan_tf.sampling.files import distinct_names
from stargan_tf.sampling.photos import ReferenceFile, read_photos
from stargan_tf.sampling.styles import StyleMaker, draw_latents, truncate
from stargan_tf.sampling.translate import to_8_bit


class Look(NamedTuple):
    """One style."""

    domain: int
    name: str  # tells it from the domain's others, in file names
    style: np.ndarray  # [style_dim] float32
    reference: np.ndarray | None = None  # [R, R, 3] uint8: the image it was taken from


def random_looks(
    styles: StyleMaker, domains: Sequence[int], *, num: int, latent_dim: int, seed: int, psi: float
) -> list[Look]:
    """Draws `num` looks for each domain, from the same latent codes.

    Args:
      styles: makes the style codes.
      domains: indices of the domains.
      num: looks per domain.
      latent_dim: length of the latent code.
      seed: decides the latent codes.
      psi: truncation, see `StyleMaker.from_latents`.
    """
    latents = draw_latents(num, latent_dim, seed)
    return [
        Look(domain, f"seed{seed}_{index}", style)
        for domain in domains
        for index, style in enumerate(styles.from_latents(latents, domain, psi))
    ]


def reference_looks(
    styles: StyleMaker,
    root: Path,
    references: Sequence[ReferenceFile],
    img_size: int,
    psi: float = 1.0,
) -> list[Look]:
    """Takes the looks of reference images, sorted by domain.

    Args:
      styles: makes the style codes.
      root: the file or folder that the references were found in.
      references: image files and their domains.
      img_size: R.
      psi: truncation towards the mean style of the reference's domain.

    Raises:
      UserError: no reference is a usable image.
    """
    domain_of = {reference.path: reference.domain for reference in references}
    name_of: dict[Path, str] = {}
    for domain in set(domain_of.values()):  # file names hold the domain's name as well
        paths = [path for path in domain_of if domain_of[path] == domain]
        name_of.update(zip(paths, distinct_names(paths), strict=True))
    mean_of = {domain: styles.mean_style(domain) for domain in set(domain_of.values()) if psi < 1}
    looks = []
    for path, pixels in read_photos(root, list(domain_of), img_size):
        domain = domain_of[path]
        style = styles.from_references(pixels[np.newaxis], domain)[0]
        style = truncate(style, mean_of[domain], psi) if psi < 1 else style
        look = Look(domain, f"ref_{name_of[path]}", style, to_8_bit(pixels))
        looks.append(look)
    return sorted(looks, key=lambda look: look.domain)
