"""The image grids of a training run whose images have attributes: one is changed at a time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from stargan_tf.algorithms.algorithm import Algorithm, Networks
from stargan_tf.algorithms.drawable import NOTHING, mode_of
from stargan_tf.data.input_pipeline import eval_dataset
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.sampling.attributes import with_attribute_changed
from stargan_tf.sampling.drawing import BatchDrawer, to_8_bit
from stargan_tf.sampling.grids import Group, styles_grid
from stargan_tf.sampling.training_samples import NUM_SOURCES, cycle_grid, write_grids

# With many attributes the grids change the first of them only.
MAX_ATTRIBUTES = 12


class AttributeSamples:
    """Draws the same validation images with the same changes at every call."""

    def __init__(
        self,
        algorithm: Algorithm,
        data_dir: Path,
        attributes: Sequence[str],
        exclusive: Sequence[Sequence[str]],
        samples_dir: Path,
    ) -> None:
        """Picks sources, once.

        Args:
          algorithm: of the run; one of its modes makes codes of labels alone.
          data_dir: what `prepare_data` wrote; training images stand in for validation images
            where there are none.
          attributes: names, in the order of the labels.
          exclusive: groups of attributes; see `with_attribute_changed`.
          samples_dir: where the grids are written; made when the first one is.

        Raises:
          UserError: the data set is missing or incomplete.
        """
        self._algorithm = algorithm
        self._samples_dir = Path(samples_dir)
        split = "val" if DatasetInfo.load(data_dir).has_split("val") else "train"
        size = algorithm.settings.img_size
        dataset = eval_dataset(data_dir, split, img_size=size, batch_size=NUM_SOURCES)
        self._sources, self._labels = next(dataset.take(1).as_numpy_iterator())
        self._columns, self._targets = ["unchanged"], [self._labels]
        for name in attributes[:MAX_ATTRIBUTES]:
            grouped = any(name in group for group in exclusive)
            self._columns.append(name if grouped else f"flip {name}")
            self._targets.append(with_attribute_changed(self._labels, attributes, exclusive, name))
        self._networks: Networks | None = None

    def __call__(self, networks: Networks, step: int) -> dict[str, np.ndarray]:
        """Draws all grids and writes them as samples_dir/STEP_NAME.png.

        Args:
          networks: the averaged networks.
          step: iterations done, for the file names.

        Returns:
          Grids by name, [H, W, 3] uint8 each: cycle (source, translation to the attributes of
          the next source, reconstruction), and, by the name of the mode, the sources with their
          own attributes and with each attribute changed.
        """
        if networks is not self._networks:  # compiled once, as long as they stay the same
            self._networks = networks
            self._model = self._algorithm.drawable(networks)
            self._mode = mode_of(self._model.modes, NOTHING)
            self._drawer = BatchDrawer(self._model)
        encoded = self._drawer.encode(self._sources)
        grids = {"cycle": self._cycle(encoded), self._mode.name: self._changes(encoded)}
        write_grids(grids, self._samples_dir, step)
        return grids

    def _drawn(self, encoded: Any, labels: np.ndarray) -> np.ndarray:
        """The sources, each with labels of its own: [N, R, R, 3] float32."""
        codes = self._model.make_codes(self._mode, None, tf.constant(labels)).numpy()
        return self._drawer.draw_pairs(encoded, np.arange(len(labels)), codes)

    def _changes(self, encoded: Any) -> np.ndarray:
        drawn = [to_8_bit(self._drawn(encoded, labels)) for labels in self._targets]
        columns = [Group(name) for name in self._columns]
        return styles_grid(to_8_bit(self._sources), np.stack(drawn, axis=1), columns).image()

    def _cycle(self, encoded: Any) -> np.ndarray:
        x_fake = self._drawn(encoded, np.roll(self._labels, -1, axis=0))
        x_rec = self._drawn(self._drawer.encode(x_fake), self._labels)
        return cycle_grid([Group("", len(self._sources))], self._sources, x_fake, x_rec)
