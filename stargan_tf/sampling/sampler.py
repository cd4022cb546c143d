"""Runs one sampling from beginning to end: takes settings and networks, writes images."""

from pathlib import Path

from stargan_tf.algorithms import drawable
from stargan_tf.algorithms.drawable import mode_of
from stargan_tf.algorithms.trained_model import TrainedModel
from stargan_tf.config.sample import SampleConfig
from stargan_tf.config.settings import check
from stargan_tf.data.attributes import exclusive_groups
from stargan_tf.labels import LabelSet
from stargan_tf.sampling.codes import CodeMaker
from stargan_tf.sampling.drawing import BatchDrawer
from stargan_tf.sampling.images import (
    Prepare,
    find_references,
    find_sources,
    spread,
    spread_references,
)
from stargan_tf.sampling.interpolation import write_interpolation
from stargan_tf.sampling.label_changes import (
    change_to,
    check_mask,
    read_changes,
    with_wrong_mask,
)
from stargan_tf.sampling.label_stills import LabelDrawer, write_label_grid, write_label_images
from stargan_tf.sampling.stills import Sources, write_grid, write_images
from stargan_tf.sampling.styles import Style, domain_styles, random_styles, reference_styles
from stargan_tf.sampling.targets import target_index


def sample(config: SampleConfig, model: TrainedModel, prepare: Prepare | None = None) -> str:
    """Translates the source images and writes what `config.out` asks for.

    Args:
      config: what to draw; already validated.
      model: what draws.
      prepare: is given sources and references first; see `read_images`.

    Returns:
      What was written and where, in words.

    Raises:
      UserError: an image, folder or domain is not as expected, or the result would be
        too large.
    """
    domains = model.domains
    target = target_index(config.target_domain, domains)
    out = Path(config.out)
    paths = find_sources(Path(config.src))
    drawn = paths if config.images_only else spread(paths, config.max_sources)
    sources = Sources(Path(config.src), drawn, model.drawable.img_size, prepare)
    if config.set or config.mask:
        wrote = _draw_labels(config, model, target, sources)
        return _summary(config, wrote, len(drawn), len(paths))
    styles = _make_styles(config, model, target, prepare)
    drawer = BatchDrawer(model.drawable, batch_size=config.batch_size)
    if config.images_only:
        result = write_images(out, drawer, sources, styles, domains, config.batch_size)
    elif config.is_video:
        result = write_interpolation(
            out,
            drawer,
            sources,
            styles,
            domains,
            frames=config.frames,
            fps=config.fps,
            batch_size=config.batch_size,
        )
    else:
        result = write_grid(out, drawer, sources, styles, domains)
    used = ", ".join(domains[index] for index in sorted({style.domain for style in styles}))
    wrote = f"{result}, into {used}{_origin(config, model)}"
    return _summary(config, wrote, len(drawn), len(paths))


def _summary(config: SampleConfig, wrote: str, drawn: int, found: int) -> str:
    lines = [f"Wrote {wrote}:", f"  {Path(config.out).resolve()}"]
    if drawn < found:
        lines.append(
            f"It shows {drawn} of the {found} images in {config.src}; --max_sources=0 shows "
            "all, --images_only writes each into a file of its own."
        )
    return "\n".join(lines)


def _draw_labels(
    config: SampleConfig, model: TrainedModel, target: int | None, sources: Sources
) -> str:
    """Draws what --set and --mask ask for; returns what was written, in words."""
    model = model._replace(label_sets=_label_sets(model))
    check_mask(config.mask, model.label_sets)
    if config.set:
        changes = read_changes(config.set, model.label_sets)
    else:
        names = model.domains if target is None else [model.domains[target]]
        changes = [change_to(name, model.label_sets) for name in names]
    if config.mask:
        changes = with_wrong_mask(changes, config.mask)
    drawer = LabelDrawer(model, changes, config.batch_size, keep=config.keep)
    write = write_label_images if config.images_only else write_label_grid
    if config.keep:
        print("Read off the sources, with how likely each attribute is (from 0.5 on it is kept):")
    result = write(Path(config.out), drawer, sources)
    return f"{result}, with {'; '.join(change.heading for change in changes)}"


def _label_sets(model: TrainedModel) -> tuple[LabelSet, ...]:
    """What the labels are; of models that do not say, as of imported ones, what they may be."""
    if model.label_sets:
        return model.label_sets
    by_label = mode_of(model.drawable.modes, drawable.NOTHING) is not None
    needs_domains = model.trained is not None and model.trained.algorithm.needs_domains
    names = tuple(model.domains)
    if not by_label or needs_domains:
        return (LabelSet(names, attributes=False),)
    return (LabelSet(names, attributes=True, exclusive=exclusive_groups((), names)),)


def _origin(config: SampleConfig, model: TrainedModel) -> str:
    if config.ref:
        return " by references"
    if mode_of(model.drawable.modes, drawable.LATENT):
        return f" by random styles (seed {config.seed})"
    return ""


def _make_styles(
    config: SampleConfig, model: TrainedModel, target: int | None, prepare: Prepare | None
) -> list[Style]:
    modes, domains = model.drawable.modes, model.domains
    codes = CodeMaker(model.drawable, batch_size=config.batch_size)
    if config.ref:
        mode = mode_of(modes, drawable.IMAGE)
        check(
            mode is not None,
            "Found --ref, expected none for this model, which takes no style from images: leave "
            "it out.",
        )
        ref = Path(config.ref)
        references = find_references(ref, domains, target)
        if not config.images_only:
            references = spread_references(references, config.max_refs)
        img_size = model.drawable.img_size
        return reference_styles(mode, codes, ref, references, img_size, config.psi, prepare)
    indices = range(len(domains)) if target is None else [target]
    if mode := mode_of(modes, drawable.LATENT):
        return random_styles(
            model.drawable,
            mode,
            codes,
            indices,
            num=config.num_outputs,
            seed=config.seed,
            psi=config.psi,
        )
    return domain_styles(modes[0], codes, indices)
