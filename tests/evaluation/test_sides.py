"""What the images of attributes are divided into, and what they are drawn with."""

import dataclasses
import shutil

import numpy as np
import pytest

from stargan_tf.data.schema import ALL, DatasetInfo
from stargan_tf.errors import UserError
from stargan_tf.evaluation.sides import SidesMaker
from stargan_tf.evaluation.statistics_cache import FeatureCache, shard_digests
from tests.data.fake_sources import FacesSource
from tests.evaluation.fakes import MeanColours

VAL = np.array([FacesSource.attributes_of(number) for number in range(100, 109)], np.float32)


def make(data_dir, cache, network=None, max_sources=0, **changes):
    info = dataclasses.replace(DatasetInfo.load(data_dir), **changes)
    shards = {(split, ALL): shard_digests(data_dir, split, ALL) for split in ("train", "val")}
    return SidesMaker(
        data_dir,
        info,
        shards=shards,
        img_size=8,
        max_sources=max_sources,
        network=network or MeanColours(),
        cache=FeatureCache([cache], pytest.fail),
    ).make()


def in_any_order(labels):
    return sorted(map(tuple, labels))


def test_images_and_labels_of_each_side(faces_dir, tmp_path):
    sides = make(faces_dir, tmp_path)
    assert sides.own == (ALL,) and len(sides.images(ALL)) == 9
    assert in_any_order(sides.labels(ALL, ALL)) == in_any_order(VAL)
    without = VAL[VAL[:, 1] == 0]
    assert len(sides.images("without_young")) == len(without) == 5
    changed = sides.labels("without_young", "young")
    assert in_any_order(changed) == in_any_order(without + [0, 1, 0])
    assert in_any_order(sides.labels("young", "without_young")) == in_any_order(
        VAL[VAL[:, 1] == 1] - [0, 1, 0]
    )
    assert sides.train["glasses"].statistics.count == len(sides.train["glasses"].rows) == 20


def test_exclusive_ones_take_the_place_of_each_other(faces_dir, tmp_path):
    sides = make(faces_dir, tmp_path, exclusive=(("smiling", "glasses"),))
    assert [pair[:2] for pair in sides.pairs] == [
        ("without_smiling", "smiling"),
        ("without_young", "young"),
        ("young", "without_young"),
        ("without_glasses", "glasses"),
    ]
    changed = sides.labels("without_glasses", "glasses")
    assert np.all(changed[:, [0, 2]] == [0, 1])


def test_no_more_sources_than_asked_for(faces_dir, tmp_path):
    sides = make(faces_dir, tmp_path, max_sources=4)
    for source, target, _ in sides.pairs:
        assert len(sides.images(source)) == len(sides.labels(source, target)) == 4
    assert len(sides.images(ALL)) == 4


def test_too_few_sources_are_said_before_any_work(faces_dir, tmp_path):
    network = MeanColours()
    with pytest.raises(UserError, match="--max_sources=3, expected at least 4, or 0 for all"):
        make(faces_dir, tmp_path, network, max_sources=3)
    assert not network.seen


def test_features_are_computed_once_for_all_sides(faces_dir, tmp_path):
    networks = [MeanColours(), MeanColours()]
    first, again = (make(faces_dir, tmp_path, network) for network in networks)
    assert [network.seen for network in networks] == [40 + 9, 0]
    for side, features in first.train.items():
        np.testing.assert_array_equal(features.rows, again.train[side].rows)


def test_rare_attributes_are_not_measured(faces_dir, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("stargan_tf.evaluation.sides.MIN_IMAGES", 5)
    with pytest.raises(UserError, match="no attribute in .* that 5 training and validation images"):
        make(faces_dir, tmp_path)
    warnings = capsys.readouterr().err
    for name in FacesSource.ATTRIBUTES:
        assert f"warning: {name} is not measured: of the training and" in warnings


def test_names_that_cannot_be_told_apart(faces_dir, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(faces_dir, data)
    with pytest.raises(UserError, match="expected none called without_ and the name of another"):
        make(data, tmp_path, attributes=("young", "without_young", "glasses"))
