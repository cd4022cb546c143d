"""Runs of StarGAN (2018) on two data sets: attributes of one, domains of the other."""

import dataclasses
import json

import numpy as np
import pytest

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.data.training_data import TrainingData
from stargan_tf.errors import UserError
from stargan_tf.labels import LabelSet
from stargan_tf.loading import load_run
from stargan_tf.to_release import export_release
from stargan_tf.training.stripping import strip
from stargan_tf.training_run import describe_run, train_run
from stargan_tf.weights.torch_file import read_torch_file
from tests.algorithms.stargan_runs import OF_D, OF_G, TINY, tensors, trained
from tests.data.infos import INFO

ATTRIBUTES, DOMAINS = ("smiling", "young", "glasses"), ("cat", "dog")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def joint_runs(faces_dir, moods_dir, tmp_path_factory):
    """An unbroken run, and one that was stopped after an iteration and resumed."""
    root = tmp_path_factory.mktemp("joint_runs")
    both = {"data_dir2": str(moods_dir), "eval_every": 4, "seed": 3}
    unbroken = trained(faces_dir, root / "unbroken", **both)
    trained(faces_dir, root / "broken", **both, total_iters=1, num_iters_decay=0)
    return unbroken, trained(faces_dir, root / "broken", **both)


def test_a_resumed_run_goes_on_with_both_sets(joint_runs):
    unbroken, broken = (tensors(run) for run in joint_runs)
    assert unbroken.keys() == broken.keys()
    for name, expected in unbroken.items():
        np.testing.assert_array_equal(broken[name], expected, err_msg=name)


def test_each_iteration_has_updates_on_both_sets(joint_runs):
    found = {step: set() for step in (1, 2, 3, 4)}
    for line in joint_runs[0].metrics_file.read_text().splitlines():
        record = json.loads(line)
        found[record["step"]] |= {name for name in record if name[:2] in ("D/", "G/")}

    def of_both(names):
        return {n.replace("/", f"/set{number}_") for n in names for number in (1, 2)}

    assert found == {step: of_both(OF_D if step % 2 else OF_D | OF_G) for step in (1, 2, 3, 4)}


def test_the_run_keeps_both_sets_and_what_their_labels_are(joint_runs, faces_dir, moods_dir):
    config, names = joint_runs[1].read()
    assert (config.data_dir, config.data_dir2) == (str(faces_dir), str(moods_dir))
    assert names == ATTRIBUTES + DOMAINS
    sets = LabelSet(ATTRIBUTES, True, ()), LabelSet(DOMAINS, False, ())
    assert joint_runs[1].label_sets() == sets
    model = load_run(joint_runs[1].root)
    assert (model.label_sets, model.drawable.code_dim) == (sets, 7)


def test_grids_and_validation_are_of_both_sets(joint_runs):
    run = joint_runs[0]
    names = {path.stem for path in run.samples.iterdir()}
    assert names == {f"{step:06d}_{name}" for step in (0, 4) for name in ("cycle", "label")}
    records = [json.loads(line) for line in run.metrics_file.read_text().splitlines()]
    assert {name for r in records for name in r if name[:4] == "val/"} == {"val/rec", "val/id"}


def test_both_become_files_of_pytorch(joint_runs, tmp_path):
    """D reads all labels; G takes them beside the image, with the mask."""
    export_release(str(joint_runs[0].root), str(tmp_path))
    G, D = (read_torch_file(tmp_path / f"4-{kind}.ckpt") for kind in "GD")
    assert G["main.0.weight"].shape[:2] == (4, 3 + 5 + 2)
    assert D["conv2.weight"].shape[0] == 5


def test_a_run_is_described_before_it_begins(faces_dir, moods_dir, tmp_path):
    places = {"data_dir": str(faces_dir), "data_dir2": str(moods_dir), "run_dir": str(tmp_path)}
    text = describe_run(dataclasses.replace(TINY, **places))
    assert "Domains: smiling, young, glasses, cat, dog" in text


def test_both_batches_are_of_their_sets_and_differ(joint_runs, faces_dir, moods_dir):
    config = joint_runs[0].read().config
    data = TrainingData(config)
    draws = make_algorithm(config, 5, data.label_sets).draws()
    assert [draw.data_set for draw in draws] == [0] * 4 + [1] * 4
    first, second = data.batches(config, draws).take(2).as_numpy_iterator()
    (later,) = data.batches(config, draws, start_step=1).take(1).as_numpy_iterator()
    assert set(first) == {draw.name for draw in draws}
    assert first["y_org_1"].shape == (4, 3) and first["y_org_2"].shape == (4,)
    for name, value in second.items():
        np.testing.assert_array_equal(later[name], value)
        if not name.startswith("y"):
            assert (first[name] != value).any()
    assert (first["alpha_1"] != first["alpha_2"]).any()


def test_two_replicas_share_both_batches(joint_runs):
    config = joint_runs[0].read().config
    data = TrainingData(config)
    draws = make_algorithm(config, 5, data.label_sets).draws()
    (whole,) = data.batches(config, draws).take(1).as_numpy_iterator()
    shares = list(data.batches(config, draws, replicas=2).take(2).as_numpy_iterator())
    for name, value in whole.items():
        np.testing.assert_array_equal(np.concatenate([share[name] for share in shares]), value)


def joint_config(first, second, root, **changes):
    places = {"data_dir": str(first), "data_dir2": str(second), "run_dir": str(root)}
    return dataclasses.replace(TINY, **places, **changes)


def rejected(config, sentence):
    with pytest.raises(UserError, match=sentence) as error:
        train_run(config)
    assert str(error.value).endswith(".")


def test_images_of_two_sizes_are_said(faces_dir, tmp_path):
    (tmp_path / "data").mkdir()
    dataclasses.replace(INFO, img_size=64).save(tmp_path / "data")
    config = joint_config(faces_dir, tmp_path / "data", tmp_path / "run")
    rejected(config, "images of 24 pixels in .* and of 64 in .*prepare_data --img_size=24")
    assert not (tmp_path / "run").exists()


def test_labels_of_one_name_are_said(faces_dir, tmp_path):
    config = joint_config(faces_dir, faces_dir, tmp_path / "run")
    rejected(config, "the label smiling, young, glasses in .*, expected other names in each")


def test_algorithms_that_learn_from_one_set_are_said(two_domains_dir, moods_dir, tmp_path):
    config = StarGANv2Settings(
        data_dir=str(two_domains_dir), data_dir2=str(moods_dir), run_dir=str(tmp_path / "run")
    )
    # Before anything else about the data, whose labels have the same names here.
    rejected(config, "--data_dir2=.* for stargan_v2, which learns from one data set: leave it out")


def test_the_second_set_cannot_be_left_out_or_added_later(joint_runs, faces_dir, moods_dir):
    config = joint_runs[0].read().config
    rejected(dataclasses.replace(config, data_dir2=""), r"domains \(smiling, .*cat, dog there, ")


@pytest.mark.parametrize("stripped", [False, True])
def test_a_run_may_begin_with_the_weights_of_another_on_two_sets(joint_runs, tmp_path, stripped):
    config = joint_runs[0].read().config
    parent, root = joint_runs[0].root, tmp_path / "run"
    expected = load_run(parent).trained.networks["generator"].convs[0].kernel
    if stripped:
        said = strip(str(parent), str(tmp_path / "stripped"))
        parent = tmp_path / "stripped"
        assert "--data_dir2=DATA2" in said and "--algorithm=stargan" in said
    child = dataclasses.replace(
        config, warm_start=str(parent), run_dir=str(root), total_iters=0, num_iters_decay=0
    )
    assert train_run(child) == 0
    kernel = load_run(root).trained.networks["generator"].convs[0].kernel
    np.testing.assert_array_equal(kernel, expected)
    alone = dataclasses.replace(child, data_dir2="", run_dir=str(tmp_path / "alone"))
    rejected(alone, r"data_dir2 \(given there, None here\)")
