"""Writes stills: one grid, or single images."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path

import numpy as np
from PIL import Image

from stargan_tf.bars import bar
from stargan_tf.config.settings import check
from stargan_tf.files import written_whole
from stargan_tf.sampling.drawing import BatchDrawer, to_8_bit
from stargan_tf.sampling.files import distinct_names, translation_name
from stargan_tf.sampling.grids import Grid, Group, sources_grid, styles_grid
from stargan_tf.sampling.images import LoadedImage, Prepare, read_images
from stargan_tf.sampling.styles import Style

# Fewer translations than this are done before a bar could be read.
BAR_FROM = 32
JPEG_QUALITY = 95
_JPEG_SIDE = 65_500


class Sources:
    """The images to translate, listed but not yet read."""

    def __init__(
        self, root: Path, paths: Sequence[Path], img_size: int, prepare: Prepare | None = None
    ) -> None:
        """Notes what is to be read.

        Args:
          root: the file or folder that `paths` were found in.
          paths: image files.
          img_size: R, the side that the images are read at.
          prepare: see `read_images`.
        """
        self.root = root
        self.paths = list(paths)
        self.img_size = img_size
        self._prepare = prepare

    def each(self) -> Iterator[LoadedImage]:
        """Reads them one by one; see `read_images`."""
        return read_images(self.root, self.paths, self.img_size, self._prepare)

    def read(self) -> np.ndarray:
        """Reads all that are not rejected.

        Returns:
          [N, R, R, 3] float32 in [-1, 1].

        Raises:
          UserError: no source is an image that can be used.
        """
        return np.stack([image.pixels for image in self.each()])


def write_grid(
    out: Path, drawer: BatchDrawer, sources: Sources, styles: Sequence[Style], names: Sequence[str]
) -> str:
    """Writes one grid: sources down the side, styles across.

    Args:
      out: .png or .jpg to write.
      drawer: draws the images.
      sources: the images.
      styles: the styles, sorted by domain.
      names: of all domains.

    Returns:
      What was written, in words.

    Raises:
      UserError: the grid would be too large, or all sources are rejected.
    """
    columns = _columns(styles, names)
    has_references = styles[0].reference is not None
    # Made for its check alone: a grid that is too large should not cost the translations.
    shape = len(sources.paths), sources.img_size, columns
    check_file(out, sources_grid(*shape, with_references=has_references))
    images = sources.read()
    with progress(len(images) * len(styles)) as advance:
        translations = drawer.draw(drawer.encode(images), _codes(styles), advance)
    references = np.stack([style.reference for style in styles]) if has_references else None
    grid = styles_grid(to_8_bit(images), translations, columns, references).image()
    with written_whole(out) as path:
        Image.fromarray(grid).save(path, quality=JPEG_QUALITY)
    return f"a grid of {grid.shape[1]} x {grid.shape[0]} pixels"


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
      UserError: all sources are rejected.
    """
    name_of = dict(zip(sources.paths, distinct_names(sources.paths), strict=True))
    images = sources.each()
    written = 0
    with progress(len(sources.paths) * len(styles)) as advance:
        while batch := list(islice(images, batch_size)):
            encoded = drawer.encode(np.stack([image.pixels for image in batch]))
            for start in range(0, len(styles), batch_size):
                part = styles[start : start + batch_size]
                translations = drawer.draw(encoded, _codes(part), advance)
                for image, row in zip(batch, translations, strict=True):
                    for style, translation in zip(part, row, strict=True):
                        name = translation_name(
                            name_of[image.path], names[style.domain], style.name, ".png"
                        )
                        with written_whole(folder / name) as path:
                            Image.fromarray(translation).save(path)
                        written += 1
    return f"{written} images"


def check_file(out: Path, grid: Grid) -> None:
    """Raises UserError if the kind of file cannot hold a grid."""
    check(
        out.suffix.lower() == ".png" or max(grid.width, grid.height) <= _JPEG_SIDE,
        f"Found a grid of {grid.width} x {grid.height} pixels for {out}, expected at most "
        f"{_JPEG_SIDE} a side in a JPEG file: name a .png file.",
    )


def _columns(styles: Sequence[Style], names: Sequence[str]) -> list[Group]:
    """Makes one group of columns for each domain."""
    groups = groupby(styles, key=lambda style: style.domain)
    return [Group(names[domain], len(list(group))) for domain, group in groups]


def _codes(styles: Sequence[Style]) -> np.ndarray:
    return np.stack([style.code for style in styles])


@contextlib.contextmanager
def progress(total: int) -> Iterator[Callable[[int], object]]:
    """Gives a function that advances a bar by a number of images."""
    with bar(total=total, unit="image", dynamic_ncols=True, disable=total < BAR_FROM) as shown:
        yield shown.update
