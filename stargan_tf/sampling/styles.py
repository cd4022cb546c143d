"""Styles: the codes that images are to be drawn in, with what is known about them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from stargan_tf.algorithms.drawable import Drawable, Mode
from stargan_tf.algorithms.latents import draw_latents
from stargan_tf.sampling.codes import CodeMaker, truncate
from stargan_tf.sampling.drawing import to_8_bit
from stargan_tf.sampling.files import distinct_names
from stargan_tf.sampling.images import Prepare, ReferenceFile, read_images


class Style(NamedTuple):
    """One style."""

    domain: int
    name: str  # tells it from the domain's others, in file names
    code: np.ndarray  # [D] float32
    reference: np.ndarray | None = None  # [R, R, 3] uint8: the image it was taken from


def random_styles(
    model: Drawable,
    mode: Mode,
    codes: CodeMaker,
    domains: Sequence[int],
    *,
    num: int,
    seed: int,
    psi: float,
) -> list[Style]:
    """Draws `num` styles for each domain, from the same latent codes.

    They are those that a server draws for the seeds `seed`, `seed` + 1 and so on.

    Args:
      model: for the size of latent codes.
      mode: the one that takes latent codes.
      codes: makes the codes.
      domains: indices of the domains.
      num: styles per domain.
      seed: of the first latent code.
      psi: truncation, see `CodeMaker.make`.
    """
    latents = latents_from(seed, num, model.latent_dim)
    return [
        Style(domain, f"seed{seed}_{index}", code)
        for domain in domains
        for index, code in enumerate(codes.make(mode, latents, domain, psi))
    ]


def latents_from(seed: int, num: int, latent_dim: int) -> np.ndarray:
    """Draws the latent codes of the seeds from `seed` on, [num, latent_dim] float32."""
    return draw_latents(tf.range(seed, seed + num, dtype=tf.int64), latent_dim).numpy()


def domain_styles(mode: Mode, codes: CodeMaker, domains: Sequence[int]) -> list[Style]:
    """Makes the one style of each domain, of models whose domain decides alone.

    Args:
      mode: the one that takes nothing else.
      codes: makes the codes.
      domains: indices of the domains.
    """
    return [Style(domain, "style", codes.make(mode, None, domain)[0]) for domain in domains]


def reference_styles(
    mode: Mode,
    codes: CodeMaker,
    root: Path,
    references: Sequence[ReferenceFile],
    img_size: int,
    psi: float = 1.0,
    prepare: Prepare | None = None,
) -> list[Style]:
    """Takes the styles of reference images, sorted by domain.

    Args:
      mode: the one that takes images.
      codes: makes the codes.
      root: the file or folder that the references were found in.
      references: image files and their domains.
      img_size: R.
      psi: truncation towards the mean code of the reference's domain.
      prepare: see `read_images`.

    Raises:
      UserError: no reference is an image that can be used.
    """
    domain_of = {reference.path: reference.domain for reference in references}
    name_of: dict[Path, str] = {}
    for domain in set(domain_of.values()):  # file names hold the domain's name as well
        paths = [path for path in domain_of if domain_of[path] == domain]
        name_of.update(zip(paths, distinct_names(paths), strict=True))
    mean_of = {domain: codes.mean_code(domain) for domain in set(domain_of.values()) if psi < 1}
    styles = []
    for path, pixels in read_images(root, list(domain_of), img_size, prepare):
        domain = domain_of[path]
        code = codes.make(mode, pixels[np.newaxis], domain)[0]
        code = truncate(code, mean_of[domain], psi) if psi < 1 else code
        styles.append(Style(domain, f"ref_{name_of[path]}", code, to_8_bit(pixels)))
    return sorted(styles, key=lambda style: style.domain)
