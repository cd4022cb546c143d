"""A data set is told from another without reading its images."""

import shutil

import pytest

from stargan_tf.data.fingerprint import fingerprint
from stargan_tf.data.schema import DatasetInfo
from tests.data import makers

IMAGES = {"train/cat": 3, "train/dog": 2, "val/cat": 1, "val/dog": 1}


def prepared(folder, images=IMAGES, img_size=32):
    source = makers.folder(folder / "source", images)
    makers.prepared(folder / "data", source="folder", input_dir=str(source), img_size=img_size)
    return folder / "data"


def of(data_dir):
    return fingerprint(data_dir, DatasetInfo.load(data_dir))


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("one"))


def test_it_is_the_same_wherever_the_data_set_lies(data_dir, tmp_path):
    assert of(shutil.copytree(data_dir, tmp_path / "copy")) == of(data_dir)
    assert of(prepared(tmp_path)) == of(data_dir)


@pytest.mark.parametrize(
    "changes",
    [
        {"images": IMAGES | {"train/cat": 4}},
        {"images": IMAGES | {"train/wild": 1, "val/wild": 1}},
        {"img_size": 16},
    ],
)
def test_it_is_another_for_other_images(data_dir, tmp_path, changes):
    assert of(prepared(tmp_path, **changes)) != of(data_dir)


def test_an_image_that_was_replaced_changes_it(data_dir, tmp_path):
    copy = shutil.copytree(data_dir, tmp_path / "copy")
    shard = min(copy.glob("train-dog-*"))
    shard.write_bytes(shard.read_bytes() + b"x")
    assert of(copy) != of(data_dir)
