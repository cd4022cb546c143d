"""The grid of a comparison: the same images, translated by each run."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stargan_tf.algorithms import drawable
from stargan_tf.algorithms.drawable import Drawable, mode_of
from stargan_tf.comparison.rows import ROWS, heading
from stargan_tf.comparison.runs import ComparedRun
from stargan_tf.data.input_pipeline import eval_dataset
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.loading import load_run
from stargan_tf.sampling.codes import CodeMaker
from stargan_tf.sampling.drawing import BatchDrawer, to_8_bit
from stargan_tf.sampling.grids import Grid, Group
from stargan_tf.sampling.styles import Style, domain_styles, random_styles

NUM_SOURCES = 2  # of each domain
_SEED = 7  # of the latent codes


def picture(data_dir: Path, runs: Sequence[ComparedRun]) -> np.ndarray:
    """Draws validation images in the domain after their own, by the first run of each row.

    Args:
      data_dir: what `prepare_data` wrote.
      runs: complete ones.

    Returns:
      [height, width, 3] uint8.
    """
    first = {run.row: run for run in reversed(runs)}
    shown = [first[name] for name in ROWS if name in first]
    models = [load_run(run.run_dir).drawable for run in shown]
    domains, size = DatasetInfo.load(data_dir).domains, models[0].img_size
    columns = [Group("source")] + [Group(heading(r.row), ROWS[r.row].num_outs) for r in shown]
    nexts = [(index + 1) % len(domains) for index in range(len(domains))]
    labels = [f"{name} to {domains[target]}" for name, target in zip(domains, nexts, strict=True)]
    grid = Grid(size, columns, [Group(label, NUM_SOURCES) for label in labels])
    sources = [_sources(data_dir, name, size) for name in domains]
    for number, image in enumerate(to_8_bit(np.concatenate(sources))):
        grid.paste(0, number, image)
    column = 1
    for run, model in zip(shown, models, strict=True):
        drawer, codes = BatchDrawer(model), CodeMaker(model)
        for index, (images, target) in enumerate(zip(sources, nexts, strict=True)):
            styles = _styles(model, codes, target, ROWS[run.row].num_outs)
            drawn = drawer.draw(drawer.encode(images), np.stack([s.code for s in styles]))
            for row, column_of in np.ndindex(drawn.shape[:2]):
                cell = column + column_of, index * NUM_SOURCES + row
                grid.paste(*cell, drawn[row, column_of])
        column += ROWS[run.row].num_outs
    return grid.image()


def _sources(data_dir: Path, domain: str, size: int) -> np.ndarray:
    dataset = eval_dataset(data_dir, "val", img_size=size, batch_size=NUM_SOURCES, domain=domain)
    images, _ = next(dataset.take(1).as_numpy_iterator())
    return images


def _styles(model: Drawable, codes: CodeMaker, domain: int, num: int) -> list[Style]:
    if mode := mode_of(model.modes, drawable.LATENT):
        return random_styles(model, mode, codes, [domain], num=num, seed=_SEED, psi=1.0)
    return domain_styles(model.modes[0], codes, [domain])
