"""Sampling from beginning to end: settings and trained networks in, pictures out."""

from collections.abc import Sequence
from pathlib import Path

from stargan_tf.config.sample import SampleConfig
from stargan_tf.config.settings import check
from stargan_tf.models.networks import TranslationNetworks
from stargan_tf.sampling.interpolation import write_interpolation
from stargan_tf.sampling.looks import Look, random_looks, reference_looks
from stargan_tf.sampling.photos import (
    find_references,
    find_sources,
    spread,
    spread_references,
)
from stargan_tf.sampling.pictures import Sources, write_grid, write_images
from stargan_tf.sampling.styles import StyleMaker
from stargan_tf.sampling.translate import Translator
from stargan_tf.types import Sizes

ALL_DOMAINS = "all"


def sample(
    config: SampleConfig,
    sizes: Sizes,
    domains: Sequence[str],
    networks: TranslationNetworks,
) -> str:
    """Translates the source images and writes what `config.out` asks for.

    Args:
      config: what to draw; already validated.
      sizes: of the images and latent codes that the networks take.
      domains: names, in the order of their indices.
      networks: the averaged networks.

    Returns:
      What was written and where, in words.

    Raises:
      UserError: an image, folder or domain is not as expected, or the result would be
        too large.
    """
    target = target_index(config.target_domain, domains)
    src, out = Path(config.src), Path(config.out)
    paths = find_sources(src)
    drawn = paths if config.images_only else spread(paths, config.max_sources)
    sources = Sources(src, drawn, sizes.img_size)
    looks = _make_looks(config, sizes, domains, networks, target)
    translator = Translator(networks.generator, batch_size=config.batch_size)
    if config.images_only:
        result = write_images(out, translator, sources, looks, domains, config.batch_size)
    elif config.is_video:
        result = write_interpolation(
            out,
            translator,
            sources,
            looks,
            domains,
            frames=config.frames,
            fps=config.fps,
            batch_size=config.batch_size,
        )
    else:
        result = write_grid(out, translator, sources, looks, domains)
    used = ", ".join(domains[index] for index in sorted({look.domain for look in looks}))
    origin = "references" if config.ref else f"random looks (seed {config.seed})"
    lines = [f"Wrote {result}, into {used} by {origin}:", f"  {out.resolve()}"]
    if len(drawn) < len(paths):
        lines.append(
            f"It shows {len(drawn)} of the {len(paths)} images in {src}; --max_sources=0 shows "
            "all, --images_only writes each into a file of its own."
        )
    return "\n".join(lines)


def target_index(name: str, domains: Sequence[str]) -> int | None:
    """Index of the domain that --target_domain names; None for all of them.

    Raises:
      UserError: there is no such domain.
    """
    if name in domains:
        return list(domains).index(name)
    check(
        name in ("", ALL_DOMAINS),
        f"Found --target_domain={name}, expected a domain of this run ({', '.join(domains)}) or "
        f"{ALL_DOMAINS}: choose one of them.",
    )
    return None


def _make_looks(
    config: SampleConfig,
    sizes: Sizes,
    domains: Sequence[str],
    networks: TranslationNetworks,
    target: int | None,
) -> list[Look]:
    styles = StyleMaker(networks, sizes.latent_dim, batch_size=config.batch_size)
    if config.ref:
        ref = Path(config.ref)
        references = find_references(ref, domains, target)
        if not config.images_only:
            references = spread_references(references, config.max_refs)
        return reference_looks(styles, ref, references, sizes.img_size, config.psi)
    return random_looks(
        styles,
        range(len(domains)) if target is None else [target],
        num=config.num_outputs,
        latent_dim=sizes.latent_dim,
        seed=config.seed,
        psi=config.psi,
    )
