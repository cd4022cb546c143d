"""Still pictures: one grid, or single images."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from stargan_tf.files import written_whole
from stargan_tf.sampling.drawing import BatchDrawer, to_8_bit
from stargan_tf.sampling.files import distinct_names
from stargan_tf.sampling.grids import Group, sources_grid, styles_grid
from stargan_tf.sampling.photos import read_photos
from stargan_tf.sampling.styles import Style

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
    out: Path, drawer: BatchDrawer, sources: Sources, styles: Sequence[Style], names: Sequence[str]
) -> str:
    """Writes one picture: sources down the side, styles across.

    Args:
      out: .png or .jpg to write.
      drawer: draws the images.
      sources: the images.
      styles: the styles, sorted by domain.
      names: of all domains.

    Returns:
      What was written, in words.

    Raises:
      UserError: the picture would be too large, or no source is usable.
    """
    columns = _columns(styles, names)
    has_references = styles[0].reference is not None
    # Made for its check alone: a picture that is too large should not cost the translations.
    sources_grid(len(sources.paths), sources.img_size, columns, with_references=has_references)
    images = sources.read()
    with progress(len(images) * len(styles)) as advance:
        pictures = drawer.draw(drawer.encode(images), _codes(styles), advance)
    references = np.stack([style.reference for style in styles]) if has_references else None
    picture = styles_grid(to_8_bit(images), pictures, columns, references).image()
    with written_whole(out) as path:
        Image.fromarray(picture).save(path, quality=JPEG_QUALITY)
    return f"a grid of {picture.shape[1]} x {picture.shape[0]} pixels"


def write_images(
    folder: Path,
    drawer: BatchDrawer,
    sources: Sources,
    styles: Sequence[Style],
    names: Sequence[str],
    batch_size: int,
) -> str:
    """Writes each translation as folder/SOURCE__to_DOMAIN__STYLE.png.

    Any number of sources will do: they are read and written batch by batch.

    Args:
      folder: where to write; made when missing.
      drawer: draws the images.
      sources: the images.
      styles: the styles.
      names: of all domains.
      batch_size: sources, and styles, held in memory at once.

    Returns:
      What was written, in words.

    Raises:
      UserError: no source is usable.
    """
    name_of = dict(zip(sources.paths, distinct_names(sources.paths), strict=True))
    photos = read_photos(sources.root, sources.paths, sources.img_size)
    written = 0
    with progress(len(sources.paths) * len(styles)) as advance:
        while batch := list(islice(photos, batch_size)):
            encoded = drawer.encode(np.stack([photo.pixels for photo in batch]))
            for start in range(0, len(styles), batch_size):
                part = styles[start : start + batch_size]
                pictures = drawer.draw(encoded, _codes(part), advance)
                for photo, row in zip(batch, pictures, strict=True):
                    for style, picture in zip(part, row, strict=True):
                        name = f"{name_of[photo.path]}__to_{names[style.domain]}__{style.name}.png"
                        with written_whole(folder / name) as path:
                            Image.fromarray(picture).save(path)
                        written += 1
    return f"{written} images"


def _columns(styles: Sequence[Style], names: Sequence[str]) -> list[Group]:
    """One group of columns for each domain."""
    groups = groupby(styles, key=lambda style: style.domain)
    return [Group(names[domain], len(list(group))) for domain, group in groups]


def _codes(styles: Sequence[Style]) -> np.ndarray:
    return np.stack([style.code for style in styles])


@contextlib.contextmanager
def progress(total: int) -> Iterator[Callable[[int], object]]:
    """Gives a function that advances a bar by a number of images."""
    with tqdm(total=total, unit="image", dynamic_ncols=True, disable=total < BAR_FROM) as bar:
        yield bar.update
