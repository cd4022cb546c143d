"""The image grids that show how far a training run has come."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from stargan_tf.config.train import TrainConfig
from stargan_tf.data.input_pipeline import eval_dataset
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.models.generator import EncodedImage
from stargan_tf.models.networks import TranslationNetworks
from stargan_tf.sampling.files import written_whole
from stargan_tf.sampling.grids import Grid, Group, looks_grid
from stargan_tf.sampling.styles import StyleMaker, draw_latents, truncate
from stargan_tf.sampling.translate import Translator, to_8_bit

PSIS = (0.5, 0.7, 1.0)
# About as many sources, references and random looks, spread over the domains.
NUM_SOURCES = 8
NUM_LOOKS = 8
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
        self, data_dir: Path, config: TrainConfig, domains: tuple[str, ...], samples_dir: Path
    ) -> None:
        """Picks sources, references and latent codes, once.

        Args:
          data_dir: what `prepare_data` wrote; training images stand in for a
            domain without validation images.
          config: of the run; its seed decides the latent codes.
          domains: names, in the order of their indices.
          samples_dir: where the grids are written; made when the first one is.

        Raises:
          UserError: the data set is missing or incomplete.
        """
        self._config = config
        self._samples_dir = Path(samples_dir)
        shown = domains[:MAX_DOMAINS]
        self._looks = max(1, round(NUM_LOOKS / len(shown)))
        counts = [len(part) for part in np.array_split(np.arange(NUM_SOURCES), len(shown))]
        self._domains = [
            self._pick(data_dir, index, name, max(1, count))
            for index, (name, count) in enumerate(zip(shown, counts, strict=True))
        ]
        self._sources = np.concatenate([domain.sources for domain in self._domains])
        self._latents = draw_latents(self._looks, config.latent_dim, config.seed)
        self._networks: TranslationNetworks | None = None

    def __call__(self, networks: TranslationNetworks, step: int) -> dict[str, np.ndarray]:
        """Draws all grids and writes them as samples_dir/STEP_NAME.png.

        Args:
          networks: the averaged networks.
          step: iterations done, for the file names.

        Returns:
          Grids by name, [H, W, 3] uint8 each: cycle (source, translation into the
          next domain, reconstruction), latent_psi_0.5, latent_psi_0.7,
          latent_psi_1.0 (sources by random looks of each domain), reference (sources
          by references).
        """
        if networks is not self._networks:  # compiled once, as long as they stay the same
            self._networks = networks
            self._translator = Translator(networks.generator)
            self._styles = StyleMaker(networks, self._config.latent_dim)
        encoded = self._translator.encode(self._sources)
        indices = [domain.index for domain in self._domains]
        random_styles = [self._styles.from_latents(self._latents, y) for y in indices]
        mean_styles = [self._styles.mean_style(y) for y in indices]

        grids = {"cycle": self._cycle(encoded, [styles[0] for styles in random_styles])}
        for psi in PSIS:
            styles = [truncate(*pair, psi) for pair in zip(random_styles, mean_styles, strict=True)]
            grids[f"latent_psi_{psi}"] = self._looks_grid(encoded, styles)
        styles = [self._styles.from_references(d.references, d.index) for d in self._domains]
        grids["reference"] = self._looks_grid(encoded, styles, with_references=True)

        for name, grid in grids.items():
            with written_whole(self._samples_dir / f"{step:06d}_{name}.png") as path:
                Image.fromarray(grid).save(path)
        return grids

    def _pick(self, data_dir: Path, index: int, name: str, num_sources: int) -> _Domain:
        """Reads a domain's first images; references are others than the sources, if there are."""
        has_val = DatasetInfo.load(data_dir).counts.get("val", {}).get(name, 0) > 0
        wanted = num_sources + self._looks
        dataset = eval_dataset(
            data_dir,
            "val" if has_val else "train",
            img_size=self._config.img_size,
            batch_size=wanted,
            domain=name,
        )
        images, _ = next(dataset.take(1).as_numpy_iterator())
        images = images[np.arange(wanted) % len(images)]  # again from the start when too few
        return _Domain(index, name, images[:num_sources], images[num_sources:])

    def _cycle(self, encoded: EncodedImage, styles: Sequence[np.ndarray]) -> np.ndarray:
        """Sources, translations into the next shown domain, and their way back.

        Args:
          encoded: the sources.
          styles: one of each shown domain, [style_dim].
        """
        all_sources = np.arange(len(self._sources))
        counts = [len(domain.sources) for domain in self._domains]
        to_next = np.repeat(np.roll(styles, -1, axis=0), counts, axis=0)
        x_fake = self._translator.decode_pairs(encoded, all_sources, to_next)
        back = [self._styles.from_references(d.sources, d.index) for d in self._domains]
        x_rec = self._translator.decode_pairs(
            self._translator.encode(x_fake), all_sources, np.concatenate(back)
        )
        names = [domain.name for domain in self._domains]
        pairs = zip(names, np.roll(names, -1), strict=True)
        grid = Grid(
            self._config.img_size,
            [
                Group(f"{name} to {next_name}", count)
                for (name, next_name), count in zip(pairs, counts, strict=True)
            ],
            [Group("source"), Group("translation"), Group("reconstruction")],
        )
        for row, pictures in enumerate([self._sources, x_fake, x_rec]):
            for column, picture in enumerate(to_8_bit(pictures)):
                grid.paste(column, row, picture)
        return grid.image()

    def _looks_grid(
        self, encoded: EncodedImage, styles: Sequence[np.ndarray], *, with_references: bool = False
    ) -> np.ndarray:
        """The sources, downwards, in the looks of each domain, across.

        Args:
          encoded: the sources.
          styles: of each shown domain, [looks, style_dim].
          with_references: whether the references head their columns.
        """
        pictures = self._translator.decode(encoded, np.concatenate(styles))
        return looks_grid(
            to_8_bit(self._sources),
            pictures,
            [Group(domain.name, self._looks) for domain in self._domains],
            to_8_bit(np.concatenate([d.references for d in self._domains]))
            if with_references
            else None,
        ).image()
