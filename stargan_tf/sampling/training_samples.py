"""The image grids that show how far a training run has come."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from stargan_tf.algorithms import drawable
from stargan_tf.algorithms.algorithm import Algorithm, Networks
from stargan_tf.algorithms.drawable import Mode, mode_of
from stargan_tf.data.input_pipeline import eval_dataset
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.files import written_whole
from stargan_tf.sampling.codes import CodeMaker, truncate
from stargan_tf.sampling.drawing import BatchDrawer, to_8_bit
from stargan_tf.sampling.grids import Grid, Group, styles_grid
from stargan_tf.sampling.styles import latents_from

PSIS = (0.5, 0.7, 1.0)
# About as many sources, references and random styles, spread over the domains.
NUM_SOURCES = 8
NUM_STYLES = 8
# With many domains the grids show the first of them only.
MAX_DOMAINS = 8


class _Domain(NamedTuple):
    """What the grids show of one domain."""

    index: int
    name: str
    sources: np.ndarray  # [N, R, R, 3] float32 in [-1, 1]
    references: np.ndarray  # [M, R, R, 3] float32 in [-1, 1]


class TrainingSamples:
    """Draws the same validation images in the same styles at every call.

    So the grids of one run differ by what was learned in between alone.
    """

    def __init__(
        self, algorithm: Algorithm, data_dir: Path, domains: tuple[str, ...], samples_dir: Path
    ) -> None:
        """Picks sources, references and latent codes, once.

        Args:
          algorithm: of the run; the seed of its settings decides the latent codes.
          data_dir: what `prepare_data` wrote; training images stand in for a
            domain without validation images.
          domains: names, in the order of their indices.
          samples_dir: where the grids are written; made when the first one is.

        Raises:
          UserError: the data set is missing or incomplete.
        """
        self._algorithm = algorithm
        self._img_size = algorithm.settings.img_size
        self._samples_dir = Path(samples_dir)
        shown = domains[:MAX_DOMAINS]
        self._styles_each = max(1, round(NUM_STYLES / len(shown)))
        counts = [len(part) for part in np.array_split(np.arange(NUM_SOURCES), len(shown))]
        self._domains = [
            self._pick(data_dir, index, name, max(1, count))
            for index, (name, count) in enumerate(zip(shown, counts, strict=True))
        ]
        self._sources = np.concatenate([domain.sources for domain in self._domains])
        self._networks: Networks | None = None

    def __call__(self, networks: Networks, step: int) -> dict[str, np.ndarray]:
        """Draws all grids and writes them as samples_dir/STEP_NAME.png.

        Args:
          networks: the averaged networks.
          step: iterations done, for the file names.

        Returns:
          Grids by name, [H, W, 3] uint8 each: cycle (source, translation into the
          next domain, reconstruction), and one for each mode of the algorithm, such as
          latent_psi_0.5, latent_psi_0.7, latent_psi_1.0 (sources by random styles of each
          domain, truncated) and reference (sources by references).
        """
        if networks is not self._networks:  # compiled once, as long as they stay the same
            self._networks = networks
            model = self._algorithm.drawable(networks)
            self._modes = model.modes
            self._drawer = BatchDrawer(model)
            self._codes = CodeMaker(model)
            self._latents = latents_from(
                self._algorithm.settings.seed, self._styles_each, model.latent_dim
            )
        encoded = self._drawer.encode(self._sources)
        codes = {mode: self._codes_of(mode) for mode in self._modes}
        grids = {"cycle": self._cycle(encoded, [own[0] for own in codes[self._modes[0]]])}
        for mode, of_domains in codes.items():
            grids |= self._mode_grids(encoded, mode, of_domains)
        write_grids(grids, self._samples_dir, step)
        return grids

    def _codes_of(self, mode: Mode) -> list[np.ndarray]:
        """The codes that a mode's grids show of each domain, [styles, D] each."""
        sources = {
            drawable.LATENT: lambda domain: self._latents,
            drawable.IMAGE: lambda domain: domain.references,
            drawable.NOTHING: lambda domain: None,
        }
        source_of = sources[mode.source]
        return [self._codes.make(mode, source_of(d), d.index) for d in self._domains]

    def _mode_grids(
        self, encoded: Any, mode: Mode, codes: Sequence[np.ndarray]
    ) -> dict[str, np.ndarray]:
        if mode.source != drawable.LATENT:
            with_references = mode.source == drawable.IMAGE
            return {mode.name: self._styles_grid(encoded, codes, with_references=with_references)}
        means = [self._codes.mean_code(domain.index) for domain in self._domains]
        return {
            f"{mode.name}_psi_{psi}": self._styles_grid(
                encoded, [truncate(*pair, psi) for pair in zip(codes, means, strict=True)]
            )
            for psi in PSIS
        }

    def _pick(self, data_dir: Path, index: int, name: str, num_sources: int) -> _Domain:
        """Reads a domain's first images; references are others than the sources, if there are."""
        has_val = DatasetInfo.load(data_dir).counts.get("val", {}).get(name, 0) > 0
        wanted = num_sources + self._styles_each
        dataset = eval_dataset(
            data_dir,
            "val" if has_val else "train",
            img_size=self._img_size,
            batch_size=wanted,
            domain=name,
        )
        images, _ = next(dataset.take(1).as_numpy_iterator())
        images = images[np.arange(wanted) % len(images)]  # again from the start when too few
        return _Domain(index, name, images[:num_sources], images[num_sources:])

    def _cycle(self, encoded: Any, codes: Sequence[np.ndarray]) -> np.ndarray:
        """Draws sources, translations into the next shown domain, and their way back.

        Args:
          encoded: the sources.
          codes: one of each shown domain, [D].
        """
        all_sources = np.arange(len(self._sources))
        counts = [len(domain.sources) for domain in self._domains]
        to_next = np.repeat(np.roll(codes, -1, axis=0), counts, axis=0)
        x_fake = self._drawer.draw_pairs(encoded, all_sources, to_next)
        if mode := mode_of(self._modes, drawable.IMAGE):  # each image's own style
            back = [self._codes.make(mode, d.sources, d.index) for d in self._domains]
        else:
            own = zip(codes, counts, strict=True)
            back = [np.repeat(code[np.newaxis], count, axis=0) for code, count in own]
        x_rec = self._drawer.draw_pairs(
            self._drawer.encode(x_fake), all_sources, np.concatenate(back)
        )
        names = [domain.name for domain in self._domains]
        pairs = zip(names, np.roll(names, -1), strict=True)
        columns = [
            Group(f"{name} to {next_name}", count)
            for (name, next_name), count in zip(pairs, counts, strict=True)
        ]
        return cycle_grid(columns, self._sources, x_fake, x_rec)

    def _styles_grid(
        self, encoded: Any, codes: Sequence[np.ndarray], *, with_references: bool = False
    ) -> np.ndarray:
        """Draws the sources, downwards, in the styles of each domain, across.

        Args:
          encoded: the sources.
          codes: of each shown domain, [styles, D].
          with_references: whether the references head their columns.
        """
        translations = self._drawer.draw(encoded, np.concatenate(codes))
        columns = [
            Group(domain.name, len(own)) for domain, own in zip(self._domains, codes, strict=True)
        ]
        references = None
        if with_references:
            references = to_8_bit(np.concatenate([d.references for d in self._domains]))
        return styles_grid(to_8_bit(self._sources), translations, columns, references).image()


def cycle_grid(
    columns: Sequence[Group], sources: np.ndarray, x_fake: np.ndarray, x_rec: np.ndarray
) -> np.ndarray:
    """Shows images, [N, R, R, 3] float32 each, under one another; returns [H, W, 3] uint8."""
    rows = {"source": sources, "translation": x_fake, "reconstruction": x_rec}
    grid = Grid(sources.shape[1], columns, [Group(name) for name in rows])
    for row, images in enumerate(rows.values()):
        for column, image in enumerate(to_8_bit(images)):
            grid.paste(column, row, image)
    return grid.image()


def write_grids(grids: Mapping[str, np.ndarray], samples_dir: Path, step: int) -> None:
    """Writes grids, [H, W, 3] uint8 by name, as samples_dir/STEP_NAME.png."""
    for name, grid in grids.items():
        with written_whole(samples_dir / f"{step:06d}_{name}.png") as path:
            Image.fromarray(grid).save(path)
