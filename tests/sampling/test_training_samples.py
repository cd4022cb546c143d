import dataclasses
import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stargan_tf.data.schema import DatasetInfo, encode_example, shard_name
from stargan_tf.sampling import training_samples
from stargan_tf.sampling.grids import Group, sources_grid
from stargan_tf.sampling.training_samples import TrainingSamples
from tests.sampling.fakes import CONFIG, DOMAINS, SIZE, FakeAlgorithm, FakeDrawable

NAMES = {"cycle", "latent_psi_0.5", "latent_psi_0.7", "latent_psi_1.0", "reference"}
# Eight sources over three domains; three styles each.
SOURCE_COUNTS, STYLES = (3, 3, 2), 3


def write_dataset(data_dir, counts):
    """Every image has a colour of its own: red the number, green the split, blue the domain."""
    data_dir.mkdir()
    for split, by_domain in counts.items():
        for label, domain in enumerate(DOMAINS):
            name = data_dir / shard_name(split, domain, 0, 1)
            with tf.io.TFRecordWriter(str(name)) as writer:
                for index in range(by_domain.get(domain, 0)):
                    png = io.BytesIO()
                    colour = (10 * index, 200 * (split == "train"), 100 * label)
                    Image.new("RGB", (40, 40), colour).save(png, "PNG")
                    writer.write(encode_example(png.getvalue(), label, f"{index}.png"))
    DatasetInfo(
        name="colours",
        source="folder",
        domains=DOMAINS,
        counts=counts,
        encoded_bytes={},
        img_size=40,
        licence="",
        credits={},
        rejected=0,
        settings={},
    ).save(data_dir)
    return data_dir


@pytest.fixture
def data_dir(tmp_path):
    counts = {
        "train": {"cat": 9, "dog": 9, "wild": 9},
        "val": {"cat": 9, "dog": 2},  # wild has none, dog too few
    }
    return write_dataset(tmp_path / "data", counts)


@pytest.fixture
def samples(data_dir, tmp_path):
    return TrainingSamples(FakeAlgorithm(), data_dir, DOMAINS, tmp_path / "samples")


@pytest.fixture
def styles_layout():
    groups = [Group(name, STYLES) for name in DOMAINS]
    return sources_grid(sum(SOURCE_COUNTS), SIZE, groups)


def cell(image, grid, column, row):
    x, y = grid.corner(column, row)
    return image[y : y + SIZE, x : x + SIZE].reshape(-1, 3).mean(axis=0)


def test_all_grids_are_returned_and_written(samples, tmp_path):
    grids = samples(FakeDrawable(), 120)
    assert set(grids) == NAMES
    written = {path.name for path in (tmp_path / "samples").iterdir()}
    assert written == {f"000120_{name}.png" for name in NAMES}
    for name, grid in grids.items():
        assert grid.dtype == np.uint8 and grid.ndim == 3 and grid.shape[2] == 3
        with Image.open(tmp_path / "samples" / f"000120_{name}.png") as image:
            np.testing.assert_array_equal(np.asarray(image), grid)


def test_sources_are_validation_images_or_else_training_images(samples, styles_layout):
    image = samples(FakeDrawable(), 0)["latent_psi_1.0"]
    assert image.shape == (styles_layout.height, styles_layout.width, 3)
    expected = [(0, 0, 0), (10, 0, 0), (20, 0, 0)]
    expected += [(0, 0, 100), (10, 0, 100), (0, 0, 100)]  # again from the start
    expected += [(0, 200, 200), (10, 200, 200)]
    for row, colour in enumerate(expected):
        np.testing.assert_allclose(cell(image, styles_layout, 0, row), colour, atol=1)


def test_truncation_draws_styles_together(samples, styles_layout):
    grids = samples(FakeDrawable(), 0)

    def spread(name):
        drawn = [cell(grids[name], styles_layout, 1 + style, 0) for style in range(STYLES)]
        return np.ptp(drawn, axis=0)[:2].max()  # the blue is the domain's

    full = spread("latent_psi_1.0")
    assert full > 10
    assert spread("latent_psi_0.7") == pytest.approx(0.7 * full, abs=1.5)
    assert spread("latent_psi_0.5") == pytest.approx(0.5 * full, abs=1.5)


def test_columns_belong_to_their_domains(samples, styles_layout):
    image = samples(FakeDrawable(), 0)["latent_psi_1.0"]
    for column in range(len(DOMAINS) * STYLES):
        style_blue = 127.5 * (column // STYLES / 2 + 0.5)
        blue = cell(image, styles_layout, 1 + column, 0)[2]
        assert blue == pytest.approx(style_blue / 2, abs=1)


def test_references_head_their_columns_and_are_not_the_sources(samples):
    image = samples(FakeDrawable(), 0)["reference"]
    groups = [Group(name, STYLES) for name in DOMAINS]
    grid = sources_grid(sum(SOURCE_COUNTS), SIZE, groups, with_references=True)
    assert image.shape == (grid.height, grid.width, 3)
    for style in range(STYLES):
        red = 10 * (SOURCE_COUNTS[0] + style)
        np.testing.assert_allclose(cell(image, grid, 1 + style, 0), (red, 0, 0), atol=1)
        # The average of source and style, which is the reference's red and green.
        translated = cell(image, grid, 1 + style, 2)
        np.testing.assert_allclose(translated[:2], ((10 + red) / 2, 0), atol=1)


def test_cycle_goes_to_the_next_domain_and_back(samples):
    image = samples(FakeDrawable(), 0)["cycle"]
    cells = [image[y : y + SIZE, x : x + SIZE] for x, y in _cycle_corners(samples)]
    source, translation, reconstruction = (c.reshape(-1, 3).mean(axis=0) for c in cells)
    np.testing.assert_allclose(source, (0, 0, 0), atol=1)
    dog_blue = 127.5
    assert translation[2] == pytest.approx(dog_blue / 2, abs=1)
    # Back: averaged with the source's own style, black but for the blue of a cat.
    np.testing.assert_allclose(reconstruction[:2], translation[:2] / 2, atol=1)
    assert reconstruction[2] == pytest.approx((translation[2] + 63.75) / 2, abs=1)


def _cycle_corners(samples):
    layouts = []

    class Recording(training_samples.Grid):
        def image(self):
            layouts.append([self.corner(0, row) for row in range(3)])
            return super().image()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_samples, "Grid", Recording)
        samples(FakeDrawable(), 0)
    return layouts[0]


def test_the_same_images_and_styles_every_time(data_dir, tmp_path):
    first = TrainingSamples(FakeAlgorithm(), data_dir, DOMAINS, tmp_path / "a")
    second = TrainingSamples(FakeAlgorithm(), data_dir, DOMAINS, tmp_path / "b")
    networks = FakeDrawable()
    grids = [first(networks, 0), first(networks, 1), second(networks, 0)]
    for name in NAMES:
        np.testing.assert_array_equal(grids[0][name], grids[1][name])
        np.testing.assert_array_equal(grids[0][name], grids[2][name])


def test_the_runs_seed_decides_the_styles(data_dir, samples, tmp_path):
    config = dataclasses.replace(CONFIG, seed=CONFIG.seed + 1)
    other = TrainingSamples(FakeAlgorithm(config), data_dir, DOMAINS, tmp_path / "other")(
        FakeDrawable(), 0
    )
    mine = samples(FakeDrawable(), 0)
    assert (mine["latent_psi_1.0"] != other["latent_psi_1.0"]).any()
    np.testing.assert_array_equal(mine["reference"], other["reference"])


def test_grids_follow_the_weights(samples):
    """Mean styles and graphs must not be those of the first call."""

    class Moving(FakeDrawable):
        shift = tf.Variable(0.0)

        def of_latents(self, z, y):
            return super().of_latents(z, y) + Moving.shift

    networks = Moving()
    before = samples(networks, 0)["latent_psi_0.5"]
    Moving.shift.assign(0.5)
    after = samples(networks, 1)["latent_psi_0.5"]
    # Half of the shift through psi, the rest through the mean; half of all in the image.
    assert after.mean() - before.mean() > 10


def test_many_domains_show_the_first_ones(tmp_path, monkeypatch, data_dir):
    monkeypatch.setattr(training_samples, "MAX_DOMAINS", 2)
    few = TrainingSamples(FakeAlgorithm(), data_dir, DOMAINS, tmp_path / "few")
    grids = few(FakeDrawable(), 0)
    grid = sources_grid(8, SIZE, [Group("cat", 4), Group("dog", 4)])
    assert grids["latent_psi_0.7"].shape == (grid.height, grid.width, 3)
