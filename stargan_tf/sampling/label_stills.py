"""Draws sources with labels that --set changes, each source in labels of its own."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image
from tqdm import tqdm

from stargan_tf.algorithms.drawable import NOTHING, mode_of
from stargan_tf.algorithms.trained_model import TrainedModel
from stargan_tf.config.settings import check
from stargan_tf.files import written_whole
from stargan_tf.labels import layout_of
from stargan_tf.sampling.drawing import BatchDrawer, to_8_bit
from stargan_tf.sampling.files import distinct_names, translation_name
from stargan_tf.sampling.grids import Group, sources_grid, styles_grid
from stargan_tf.sampling.images import LoadedImage
from stargan_tf.sampling.label_changes import LabelChange, changed, read_off, said_of
from stargan_tf.sampling.stills import JPEG_QUALITY, Sources, check_file, progress

# Columns are at least so wide, that what stands above them can be read: small images are shown
# larger, by whole factors.
MIN_CELL = 96
# [N, R, R, 3] float32 in [-1, 1] to the probabilities of all labels, [N, labels].
Classifier = Callable[[np.ndarray], np.ndarray]


class LabelDrawer:
    """Draws images with changed labels, from their own or from none."""

    def __init__(
        self,
        model: TrainedModel,
        changes: Sequence[LabelChange],
        batch_size: int,
        *,
        keep: bool,
    ) -> None:
        """Compiles the networks.

        Args:
          model: what draws; its labels are known.
          changes: of its labels, a column each.
          batch_size: images that go through the networks at once.
          keep: whether labels that a change does not name are read off the images, by the
            model's classifier; else they are 0.

        Raises:
          UserError: the model makes no codes of labels alone.
        """
        self._mode = mode_of(model.drawable.modes, NOTHING)
        check(
            self._mode is not None,
            "Found --set or --mask for a model that takes more than labels, expected one whose "
            "labels decide alone, such as those of --algorithm=stargan: leave it out.",
        )
        self._model = model
        self.changes = list(changes)
        self.batch_size = batch_size
        self._drawer = BatchDrawer(model.drawable, batch_size=batch_size)
        self._layout = layout_of(model.label_sets)
        self._classify = _classifier(model, batch_size) if keep else None

    def draw(
        self, images: Sequence[LoadedImage], advance: Callable[[int], object], width: int = 0
    ) -> np.ndarray:
        """Draws every image with every change.

        Args:
          images: N of them.
          advance: is told how many images were drawn.
          width: characters of the longest name, for the lines about what was read off.

        Returns:
          [N, number of changes, R, R, 3] uint8.
        """
        pixels = np.stack([image.pixels for image in images])
        bases = self._read_off(images, pixels, width)
        encoded = self._drawer.encode(pixels)
        columns = []
        for change in self.changes:
            codes = self._codes(bases[change.which], change)
            drawn = self._drawer.draw_pairs(encoded, np.arange(len(pixels)), codes)
            columns.append(to_8_bit(drawn))
            advance(len(pixels))
        return np.stack(columns, axis=1)

    def _read_off(
        self, images: Sequence[LoadedImage], pixels: np.ndarray, width: int
    ) -> dict[int, np.ndarray]:
        """The labels to begin with, [N, A] by the number of the set, and a line on each image."""
        bases = {}
        probabilities = self._classify(pixels) if self._classify else None
        for which in sorted({change.which for change in self.changes}):
            label_set = self._model.label_sets[which]
            if probabilities is None:
                bases[which] = np.zeros([len(pixels), len(label_set.names)], np.float32)
                continue
            own = probabilities[:, self._layout.part(which)]
            bases[which] = read_off(own, label_set)
            for image, labels, row in zip(images, bases[which], own, strict=True):
                said = said_of(labels, row, label_set.names)
                tqdm.write(f"  {image.path.name:<{width}}  {said}")
        return bases

    def _codes(self, base: np.ndarray, change: LabelChange) -> np.ndarray:
        own = changed(base, self._model.label_sets[change.which], change)
        labels = self._layout.vectors_of_set(tf.constant(own), change.which, change.mask)
        return self._model.drawable.make_codes(self._mode, None, labels).numpy()


def write_label_grid(out: Path, drawer: LabelDrawer, sources: Sources) -> str:
    """Writes one grid: sources down the side, changes across; see `stills.write_grid`."""
    columns = [Group(change.heading) for change in drawer.changes]
    # Made for its check alone: a grid that is too large should not cost the translations.
    factor = -(-MIN_CELL // sources.img_size)
    check_file(out, sources_grid(len(sources.paths), factor * sources.img_size, columns))
    images = list(sources.each())
    with progress(len(images) * len(columns)) as advance:
        drawn = drawer.draw(images, advance, _width(sources))
    pixels = to_8_bit(np.stack([image.pixels for image in images]))
    shown = (part.repeat(factor, -3).repeat(factor, -2) for part in (pixels, drawn))
    grid = styles_grid(*shown, columns).image()
    with written_whole(out) as path:
        Image.fromarray(grid).save(path, quality=JPEG_QUALITY)
    return f"a grid of {grid.shape[1]} x {grid.shape[0]} pixels"


def write_label_images(folder: Path, drawer: LabelDrawer, sources: Sources) -> str:
    """Writes each translation as folder/SOURCE__to_LABELS__label.png, batch by batch."""
    name_of = dict(zip(sources.paths, distinct_names(sources.paths), strict=True))
    typed = [(_in_file_name(change.title), change.style) for change in drawer.changes]
    check(
        len(set(typed)) == len(typed),
        f"Found changes of one name ({', '.join(change.heading for change in drawer.changes)}), "
        "expected a file for each with --images_only: give each --set once.",
    )
    written = 0
    with progress(len(sources.paths) * len(drawer.changes)) as advance:
        for batch in _batches(sources.each(), drawer.batch_size):
            drawn = drawer.draw(batch, advance, _width(sources))
            for image, row in zip(batch, drawn, strict=True):
                for change, translation in zip(drawer.changes, row, strict=True):
                    name = translation_name(
                        name_of[image.path], _in_file_name(change.title), change.style, ".png"
                    )
                    with written_whole(folder / name) as path:
                        Image.fromarray(translation).save(path)
                    written += 1
    return f"{written} images"


def _classifier(model: TrainedModel, batch_size: int) -> Classifier:
    algorithm, networks = model.trained
    side = model.drawable.img_size

    @tf.function(input_signature=[tf.TensorSpec([None, side, side, 3])], autograph=False)
    def probabilities(x: tf.Tensor) -> tf.Tensor:
        return tf.sigmoid(algorithm.classify(networks, x))

    def classify(images: np.ndarray) -> np.ndarray:
        starts = range(0, len(images), batch_size)
        return np.concatenate([probabilities(images[s : s + batch_size]).numpy() for s in starts])

    return classify


def _batches(images: Iterator[LoadedImage], size: int) -> Iterator[list[LoadedImage]]:
    while batch := list(islice(images, size)):
        yield batch


def _width(sources: Sources) -> int:
    return max(len(path.name) for path in sources.paths)


def _in_file_name(title: str) -> str:
    """What was typed, as part of a file's name."""
    return title.replace("/", "_").replace(" ", "")
