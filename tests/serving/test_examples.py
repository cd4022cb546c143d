import numpy as np
import pytest

from stargan_tf.data.schema import DatasetInfo
from stargan_tf.errors import UserError
from stargan_tf.labels import LabelSet
from stargan_tf.serving.examples import find_images, read_origin
from tests.data import makers
from tests.serving.exports import DOMAINS


def test_images_of_all_domains_in_turns(data_dir):
    images = find_images(data_dir, "val", DOMAINS, 32, 7)
    assert images.shape == (7, 32, 32, 3) and images.dtype == np.float32
    assert -1 <= images.min() < -0.5 and 0.5 < images.max() <= 1
    # The first of each domain come first.
    first = find_images(data_dir, "val", DOMAINS, 32, 3)
    np.testing.assert_array_equal(images[:3], first)
    assert len({image.tobytes() for image in images}) == 7


def test_fewer_images_than_wanted(data_dir):
    assert len(find_images(data_dir, "train", DOMAINS, 32, 1000)) == 12


def test_training_images_stand_in_for_a_split_that_is_not_there(tmp_path):
    counts = {f"train/{name}": 2 for name in DOMAINS}
    source = makers.folder(tmp_path / "source", counts)
    data_dir = tmp_path / "data"
    makers.prepared(data_dir, source="folder", input_dir=str(source), val_fraction=0.0)
    images = find_images(data_dir, "val", DOMAINS, 32, 6)
    np.testing.assert_array_equal(images, find_images(data_dir, "train", DOMAINS, 32, 6))


def test_noise_without_a_data_set():
    images = find_images(None, "val", DOMAINS, 32, 5)
    assert images.shape == (5, 32, 32, 3) and images.std() > 0.5


def test_other_domains(data_dir):
    with pytest.raises(UserError, match="expected those of the model, cow"):
        find_images(data_dir, "val", ("cow",), 32, 1)


def test_origin(data_dir):
    info = DatasetInfo.load(data_dir)
    assert read_origin(data_dir) == (info.licence, info.credits)
    assert read_origin(None).licence.startswith("unknown")


def test_origins_of_two_data_sets(data_dir, faces_dir):
    one, other = DatasetInfo.load(data_dir), DatasetInfo.load(faces_dir)
    found = read_origin(data_dir, faces_dir)
    assert found.licence == f"{one.name}: {one.licence}; faces: {other.licence}"
    assert found.credits == {one.name: one.credits, "faces": other.credits}
    twice = read_origin(data_dir, data_dir)
    assert list(twice.credits) == [one.name, f"{one.name} 2"]
    assert "; data set 2: unknown: " in read_origin(data_dir, None).licence


def test_images_of_either_of_two_data_sets(data_dir, faces_dir):
    sets = LabelSet(DOMAINS, False), LabelSet(("smiling", "young", "glasses"), True)
    names = sets[0].names + sets[1].names
    for folder in (data_dir, faces_dir):
        assert len(find_images(folder, "val", names, 32, 3, sets)) == 3
        with pytest.raises(UserError, match="expected those of the model"):
            find_images(folder, "val", names, 32, 3)
