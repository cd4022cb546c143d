"""The image grids of a training run on two data sets: images of both, in the labels of both."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from stargan_tf.algorithms.algorithm import Algorithm, Networks
from stargan_tf.algorithms.drawable import NOTHING, mode_of
from stargan_tf.data.input_pipeline import eval_dataset
from stargan_tf.data.training_data import DataSet
from stargan_tf.labels import LabelLayout, LabelSet, layout_of
from stargan_tf.sampling.attributes import with_attribute_changed
from stargan_tf.sampling.drawing import BatchDrawer, to_8_bit
from stargan_tf.sampling.grids import Group, styles_grid
from stargan_tf.sampling.training_samples import NUM_SOURCES, cycle_grid, write_grids

# With many labels the grids show the first of each data set only.
MAX_LABELS = 6


class JointSamples:
    """Draws the same validation images of both data sets in the same labels at every call."""

    def __init__(self, algorithm: Algorithm, sets: Sequence[DataSet], samples_dir: Path) -> None:
        """Picks sources, once.

        Args:
          algorithm: of the run; one of its modes makes codes of labels alone.
          sets: the two data sets; training images stand in for validation images where there
            are none.
          samples_dir: where the grids are written; made when the first one is.

        Raises:
          UserError: a data set is missing or incomplete.
        """
        self._algorithm = algorithm
        self._samples_dir = Path(samples_dir)
        self._layout = layout_of([info.label_set for _, info in sets])
        self._sources, self._own, self._next = _sources(sets, self._layout, algorithm)
        self._columns, self._targets = [], []
        for which, (_, info) in enumerate(sets):
            for name in info.labels[:MAX_LABELS]:
                self._columns.append(name)
                # Labels that are not known of a source begin at 0.
                known = self._own[:, self._layout.part(which)]
                target = tf.constant(_with(known, info.label_set, name))
                self._targets.append(self._layout.vectors_of_set(target, which).numpy())
        self._networks: Networks | None = None

    def __call__(self, networks: Networks, step: int) -> dict[str, np.ndarray]:
        """Draws all grids and writes them as samples_dir/STEP_NAME.png.

        Args:
          networks: the averaged networks.
          step: iterations done, for the file names.

        Returns:
          Grids by name, [H, W, 3] uint8 each: cycle (source, translation to the labels of the
          next source of its data set, reconstruction), and, by the name of the mode, the sources
          with each attribute changed and in each domain, of both data sets.
        """
        if networks is not self._networks:  # compiled once, as long as they stay the same
            self._networks = networks
            self._model = self._algorithm.drawable(networks)
            self._mode = mode_of(self._model.modes, NOTHING)
            self._drawer = BatchDrawer(self._model)
        encoded = self._drawer.encode(self._sources)
        drawn = [to_8_bit(self._drawn(encoded, labels)) for labels in self._targets]
        shown = styles_grid(
            to_8_bit(self._sources), np.stack(drawn, axis=1), [Group(n) for n in self._columns]
        )
        x_fake = self._drawn(encoded, self._next)
        x_rec = self._drawn(self._drawer.encode(x_fake), self._own)
        cycle = cycle_grid([Group("", len(self._sources))], self._sources, x_fake, x_rec)
        grids = {"cycle": cycle, self._mode.name: shown.image()}
        write_grids(grids, self._samples_dir, step)
        return grids

    def _drawn(self, encoded: Any, labels: np.ndarray) -> np.ndarray:
        """The sources, each with labels of its own: [N, R, R, 3] float32."""
        codes = self._model.make_codes(self._mode, None, tf.constant(labels)).numpy()
        return self._drawer.draw_pairs(encoded, np.arange(len(labels)), codes)


def _sources(
    sets: Sequence[DataSet], layout: LabelLayout, algorithm: Algorithm
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images of both sets, their labels, and those of the next image of the same set."""
    images, own, following = [], [], []
    for which, (data_dir, info) in enumerate(sets):
        split = "val" if info.has_split("val") else "train"
        size, num = algorithm.settings.img_size, NUM_SOURCES // len(sets)
        groups = info.domains[:num] or (None,)  # images with attributes are one group
        labels = []
        for domain in groups:
            each = -(-num // len(groups))
            dataset = eval_dataset(data_dir, split, img_size=size, batch_size=each, domain=domain)
            x, y = next(iter(dataset.take(1)))
            images.append(x.numpy())
            labels.append(layout.vectors_of_set(y, which).numpy())
        own += labels
        # To the next domain, or to the attributes of the next image.
        shift = len(labels[0]) if info.domains else 1
        following.append(np.roll(np.concatenate(labels), -shift, axis=0))
    return np.concatenate(images), np.concatenate(own), np.concatenate(following)


def _with(labels: np.ndarray, label_set: LabelSet, name: str) -> np.ndarray:
    """The labels of one set, [N, its labels], with an attribute changed or in a domain."""
    if label_set.attributes:
        return with_attribute_changed(labels, label_set.names, label_set.exclusive, name)
    domain = np.zeros_like(labels)
    domain[:, label_set.names.index(name)] = 1
    return domain
