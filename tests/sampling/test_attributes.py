import io
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from stargan_tf.algorithms.drawable import NOTHING, Mode
from stargan_tf.data.schema import DatasetInfo, encode_example, shard_name
from stargan_tf.sampling.attribute_samples import AttributeSamples
from stargan_tf.sampling.attributes import with_attribute_changed
from stargan_tf.sampling.grids import Group, sources_grid
from tests.sampling.fakes import CONFIG, SIZE

NAMES = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young")
HAIR = (NAMES[:3],)
LABELS = np.array([[1, 0, 0, 1, 0], [0, 1, 0, 0, 1], [0, 0, 0, 1, 1]], np.float32)


def test_hair_colours_exclude_each_other():
    found = with_attribute_changed(LABELS, NAMES, HAIR, "Blond_Hair")
    assert found.tolist() == [[0, 1, 0, 1, 0], [0, 1, 0, 0, 1], [0, 1, 0, 1, 1]]


def test_other_attributes_are_turned_round():
    found = with_attribute_changed(LABELS, NAMES, HAIR, "Male")
    assert found.tolist() == [[1, 0, 0, 0, 0], [0, 1, 0, 1, 1], [0, 0, 0, 0, 1]]
    found = with_attribute_changed(LABELS, NAMES, (), "Blond_Hair")
    assert found[:, 1].tolist() == [1, 0, 1]
    assert LABELS[0].tolist() == [1, 0, 0, 1, 0]  # which stayed as they were


class Painting:
    """Draws labels as colours: red is Black_Hair, green Male, blue Young."""

    modes = (Mode("label", NOTHING, "translations"),)
    img_size, latent_dim, code_dim = SIZE, 0, len(NAMES)

    def make_codes(self, mode, source, y):
        assert y.dtype == tf.float32
        return y

    def encode(self, x):
        return x

    def draw(self, encoded, codes):
        colours = tf.gather(codes, [0, 3, 4], axis=1)[:, tf.newaxis, tf.newaxis]
        return tf.zeros_like(encoded) + 2 * colours - 1


class FakeAlgorithm:
    settings = CONFIG

    def drawable(self, networks):
        return networks


def write_dataset(folder: Path) -> Path:
    """Three validation images, black, with LABELS."""
    folder.mkdir()
    file = io.BytesIO()
    Image.new("RGB", (40, 40)).save(file, "PNG")
    with tf.io.TFRecordWriter(str(folder / shard_name("val", "all", 0, 1))) as writer:
        for row in LABELS:
            writer.write(encode_example(file.getvalue(), [int(v) for v in row], "x.png"))
    DatasetInfo(
        name="faces",
        source="fake",
        domains=(),
        attributes=NAMES,
        counts={"val": {"all": len(LABELS)}},
        encoded_bytes={},
        img_size=40,
        licence="",
        credits={},
        rejected=0,
        settings={},
    ).save(folder)
    return folder


def test_grids_change_one_attribute_at_a_time(tmp_path):
    data_dir = write_dataset(tmp_path / "data")
    samples = AttributeSamples(FakeAlgorithm(), data_dir, NAMES, HAIR, tmp_path / "samples")
    grids = samples(Painting(), 12)
    written = {path.name for path in (tmp_path / "samples").iterdir()}
    assert written == {"000012_cycle.png", "000012_label.png"}

    columns = ["unchanged", *NAMES[:3], "flip Male", "flip Young"]
    layout = sources_grid(len(LABELS), SIZE, [Group(name) for name in columns])
    assert grids["label"].shape == (layout.height, layout.width, 3)
    for row, own in enumerate(LABELS[:, [0, 3, 4]]):
        expected = [[0, 0, 0], own, [1, *own[1:]], [0, *own[1:]], [0, *own[1:]]]
        expected += [[own[0], 1 - own[1], own[2]], [own[0], own[1], 1 - own[2]]]
        for column, colour in enumerate(expected):
            x, y = layout.corner(column, row)
            found = grids["label"][y : y + SIZE, x : x + SIZE].reshape(-1, 3)
            assert (found == 255 * np.array(colour)).all(), (row, column)
