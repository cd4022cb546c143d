"""Still pictures: one grid, or single images."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from stargan_tf.sampling.files import distinct_names, written_whole
from stargan_tf.sampling.grids import Group, looks_grid, sources_grid
from stargan_tf.sampling.looks import Look
from stargan_tf.sampling.photos import read_photos
from stargan_tf.sampling.translate import Translator, to_8_bit

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
    with progress(len(images) * len(looks)) as advance:
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
    with progress(len(sources.paths) * len(looks)) as advance:
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


def _columns(looks: Sequence[Look], names: Sequence[str]) -> list[Group]:
    """One group of columns for each domain."""
    groups = groupby(looks, key=lambda look: look.domain)
    return [Group(names[domain], len(list(group))) for domain, group in groups]


def _styles(looks: Sequence[Look]) -> np.ndarray:
    return np.stack([look.style for look in looks])


@contextlib.contextmanager
def progress(total: int) -> Iterator[Callable[[int], object]]:
    """Gives a function that advances a bar by a number of images."""
    with tqdm(total=total, unit="image", dynamic_ncols=True, disable=total < BAR_FROM) as bar:
        yield bar.update
