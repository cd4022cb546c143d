from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.algorithms.registry import make_algorithm, settings_class
from stargan_tf.comparison import picture as picture_module
from stargan_tf.comparison.picture import NUM_SOURCES, picture
from stargan_tf.comparison.runs import ComparedRun
from stargan_tf.data.input_pipeline import eval_dataset
from stargan_tf.sampling.drawing import to_8_bit
from stargan_tf.sampling.grids import Grid

SIZE = 32
SMALL = {
    "b": ("ablation.multi_task", {"g_conv_dim": 4, "d_conv_dim": 4, "d_repeat_num": 2}),
    "d": ("ablation.latent_codes", {"base_channels": 4, "max_conv_dim": 8}),
}


@pytest.fixture
def models(monkeypatch):
    """Fresh networks of the rows, which the runs' folders stand for."""
    found = {}
    for row, (name, sizes) in SMALL.items():
        algorithm = make_algorithm(settings_class(name)(algorithm=name, img_size=SIZE, **sizes), 3)
        found[row] = algorithm.drawable(algorithm.build())
    monkeypatch.setattr(
        picture_module, "load_run", lambda run: SimpleNamespace(drawable=found[run])
    )
    return found


@pytest.fixture
def cells(monkeypatch):
    """What is pasted into the grid, by column and row."""
    found = {}
    paste = Grid.paste

    def note(grid, column, row, image):
        assert (column, row) not in found
        found[column, row] = image
        paste(grid, column, row, image)

    monkeypatch.setattr(Grid, "paste", note)
    return found


def test_each_source_is_drawn_by_each_row_in_the_domain_after_its_own(
    models, cells, three_domains_dir
):
    # Of two runs of a row, the first is shown.
    runs = [
        ComparedRun(row, seed, 1, run, run)
        for row, seed, run in (("d", 1, "d"), ("b", 1, "b"), ("d", 2, "none"), ("b", 2, "none"))
    ]
    image = picture(three_domains_dir, runs)
    assert image.dtype == np.uint8 and image.shape[2] == 3
    # The source, one translation of B, two of D; the sources of three domains.
    assert set(cells) == {(c, r) for c in range(4) for r in range(3 * NUM_SOURCES)}
    images = [
        x.numpy() for x, _ in eval_dataset(three_domains_dir, "val", img_size=SIZE, batch_size=4)
    ]
    sources = np.concatenate([x[:NUM_SOURCES] for x in images])
    targets = tf.constant(np.repeat([1, 2, 0], NUM_SOURCES), tf.int32)
    b = models["b"]
    drawn = b.draw(b.encode(sources), b.make_codes(b.modes[0], None, targets))
    for row in range(len(sources)):
        np.testing.assert_array_equal(cells[0, row], to_8_bit(sources)[row])
        difference = cells[1, row].astype(int) - to_8_bit(drawn.numpy())[row]
        assert np.abs(difference).max() <= 1
        assert np.abs(cells[2, row].astype(int) - cells[3, row]).max() > 1  # two latent codes
