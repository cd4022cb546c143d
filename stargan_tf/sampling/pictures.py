"""The three things that sampling writes: a grid, a video, or single images."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from stargan_tf.config.settings import check
from stargan_tf.sampling.files import distinct_names, written_whole
from stargan_tf.sampling.grids import Grid, Group, looks_grid, sources_grid
from stargan_tf.sampling.looks import Look
from stargan_tf.sampling.photos import read_photos
from stargan_tf.sampling.styles import interpolation_loop, lerp
from stargan_tf.sampling.translate import Translator, to_8_bit
from stargan_tf.sampling.video import check_size, write_video

# Fewer translations than this are done before a bar could be read.
BAR_FROM = 32
JPEG_QUALITY = 95


class Sources:
    """The images to translate, listed but not yet read."""

    def __init__(self, root: Path, paths: Sequence[Path], img_size: int) -> None:
        """Args as for `read_photos`."""
        self.root = root
        self.paths = list(paths)
        self.img_size = img_size

    def read(self) -> np.ndarray:
        """All that are usable: [N, R, R, 3] float32 in [-1, 1]."""
        return np.stack([p.pixels for p in read_photos(self.root, self.paths, self.img_size)])


def write_grid(
    out: Path, translator: Translator, sources: Sources, looks: Sequence[Look], names: Sequence[str]
) -> str:
    """Writes one picture: sources down the side, looks across.

    Args:
      out: .png or .jpg to write.
      translator: draws the images.
      sources: the images.
      looks: the styles, sorted by domain.
      names: of all domains.

    Returns:
      What was written, in words.

    Raises:
      UserError: the picture would be too large, or no source is usable.
    """
    columns = _columns(looks, names)
    has_references = looks[0].reference is not None
    # Made for its check alone: a picture that is too large should not cost the translations.
    sources_grid(len(sources.paths), sources.img_size, columns, with_references=has_references)
    images = sources.read()
    with _progress(len(images) * len(looks)) as advance:
        pictures = translator.decode(translator.encode(images), _styles(looks), advance)
    references = np.stack([look.reference for look in looks]) if has_references else None
    picture = looks_grid(to_8_bit(images), pictures, columns, references).image()
    with written_whole(out) as path:
        Image.fromarray(picture).save(path, quality=JPEG_QUALITY)
    return f"a grid of {picture.shape[1]} x {picture.shape[0]} pixels"


def write_images(
    folder: Path,
    translator: Translator,
    sources: Sources,
    looks: Sequence[Look],
    names: Sequence[str],
    batch_size: int,
) -> str:
    """Writes each translation as folder/SOURCE__to_DOMAIN__LOOK.png.

    Any number of sources will do: they are read and written batch by batch.

    Args:
      folder: where to write; made when missing.
      translator: draws the images.
      sources: the images.
      looks: the styles.
      names: of all domains.
      batch_size: sources, and looks, held in memory at once.

    Returns:
      What was written, in words.

    Raises:
      UserError: no source is usable.
    """
    name_of = dict(zip(sources.paths, distinct_names(sources.paths), strict=True))
    photos = read_photos(sources.root, sources.paths, sources.img_size)
    written = 0
    with _progress(len(sources.paths) * len(looks)) as advance:
        while batch := list(islice(photos, batch_size)):
            encoded = translator.encode(np.stack([photo.pixels for photo in batch]))
            for start in range(0, len(looks), batch_size):
                part = looks[start : start + batch_size]
                pictures = translator.decode(encoded, _styles(part), advance)
                for photo, row in zip(batch, pictures, strict=True):
                    for look, picture in zip(part, row, strict=True):
                        name = f"{name_of[photo.path]}__to_{names[look.domain]}__{look.name}.png"
                        with written_whole(folder / name) as path:
                            Image.fromarray(picture).save(path)
                        written += 1
    return f"{written} images"


def write_interpolation(
    out: Path,
    translator: Translator,
    sources: Sources,
    looks: Sequence[Look],
    names: Sequence[str],
    *,
    frames: int,
    fps: int,
    batch_size: int,
) -> str:
    """Writes a video that moves the sources from look to look and back to the first.

    Random looks move in one column per domain, side by side. References follow each
    other in one column, from domain to domain too, with the reference itself above.

    Args:
      out: .mp4, .webp or .gif to write.
      translator: draws the images.
      sources: the images.
      looks: the styles, sorted by domain; of random ones equally many per domain.
      names: of all domains.
      frames: from one look to the next.
      fps: frames per second.
      batch_size: about how many translations to hold in memory at once.

    Returns:
      What was written, in words.

    Raises:
      UserError: there is only one reference, the frames would be too large, or no
        source is usable.
    """
    by_domain = [list(group) for _, group in groupby(looks, key=lambda look: look.domain)]
    has_references = looks[0].reference is not None
    check(
        not has_references or len(looks) >= 2,
        "Found one reference for a video, which moves from one style to the next, expected at "
        "least two: pass a folder with --ref, or --out=grid.png.",
    )
    if has_references:
        label = names[looks[0].domain] if len(by_domain) == 1 else "translation"
        tracks, columns = [list(looks)], [Group(label)]
    else:
        tracks, columns = by_domain, _columns([track[0] for track in by_domain], names)

    def make_grid(num_sources: int) -> Grid:
        return sources_grid(num_sources, sources.img_size, columns, with_references=has_references)

    grid = make_grid(len(sources.paths))
    check_size(grid.width, grid.height)  # before any work
    images = sources.read()
    grid = make_grid(len(images))
    first_row = int(has_references)
    for row, source in enumerate(to_8_bit(images), first_row):
        grid.paste(0, row, source)

    steps = interpolation_loop(len(tracks[0]), frames)
    encoded = translator.encode(images)
    chunk = max(1, batch_size // (len(images) * len(tracks)))

    def draw_frames(advance: Callable[[int], object] | None) -> Iterator[np.ndarray]:
        for start in range(0, len(steps), chunk):
            part = steps[start : start + chunk]
            styles = [
                lerp(track[a].style, track[b].style, t) for a, b, t in part for track in tracks
            ]
            pictures = translator.decode(encoded, np.stack(styles), advance)
            for number, (a, b, t) in enumerate(part):
                if has_references:
                    blend = lerp(tracks[0][a].reference, tracks[0][b].reference, t)
                    grid.paste(1, 0, np.round(blend).astype(np.uint8))
                for row in range(len(images)):
                    for column in range(len(tracks)):
                        picture = pictures[row, number * len(tracks) + column]
                        grid.paste(1 + column, first_row + row, picture)
                yield grid.image()

    total = len(steps) * len(images) * len(tracks)
    with _progress(total) as advance, written_whole(out) as path:
        write_video(path, draw_frames(advance), fps)
    seconds = len(steps) / fps
    return f"a video of {len(steps)} frames ({seconds:.1f} s), {grid.width} x {grid.height} pixels"


def _columns(looks: Sequence[Look], names: Sequence[str]) -> list[Group]:
    """One group of columns for each domain."""
    groups = groupby(looks, key=lambda look: look.domain)
    return [Group(names[domain], len(list(group))) for domain, group in groups]


def _styles(looks: Sequence[Look]) -> np.ndarray:
    return np.stack([look.style for look in looks])


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[int], object]]:
    """Gives a function that advances a bar by a number of images."""
    with tqdm(total=total, unit="image", dynamic_ncols=True, disable=total < BAR_FROM) as bar:
        yield bar.update
