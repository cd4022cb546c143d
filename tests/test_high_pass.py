"""A run with high-pass skip connections: its landmark network comes from a file, once."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.algorithms.stargan_v2.published import published_tensors
from stargan_tf.config.export import ExportConfig
from stargan_tf.errors import UserError
from stargan_tf.loading import load_run
from stargan_tf.serving.exported import load_exported
from stargan_tf.serving.exporter import export
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.step import TrainStep
from stargan_tf.training.warm_start import load_parent
from stargan_tf.training_run import describe_run, train_run
from stargan_tf.weights.places import take_out
from tests.golden.weights import draw_tensors
from tests.training import tiny
from tests.weights.torch_files import write_torch_file

CONFIG = dataclasses.replace(tiny.CONFIG, w_hpf=1.0, total_iters=0, sample_every=0, eval_every=0)
DOMAINS = 2


@pytest.fixture(scope="module")
def tensors():
    return draw_tensors("fan")


@pytest.fixture(scope="module")
def wing(tmp_path_factory, tensors):
    """As it is published, with more in it than the network has."""
    path = tmp_path_factory.mktemp("wing") / "wing.ckpt"
    return write_torch_file(path, {"state_dict": {**tensors, "l1.weight": np.zeros([3])}})


@pytest.fixture(scope="module")
def run(tmp_path_factory, two_domains_dir, wing):
    """A run that has begun, and whose wing.ckpt is gone."""
    run = RunDir(tmp_path_factory.mktemp("runs") / "run")
    config = with_places(run, two_domains_dir)
    gone = wing.with_name("gone.ckpt")
    gone.write_bytes(wing.read_bytes())
    assert train_run(dataclasses.replace(config, wing_path=str(gone))) == 0
    gone.unlink()
    return run


def with_places(run, data_dir):
    return dataclasses.replace(CONFIG, run_dir=str(run.root), data_dir=str(data_dir))


def drawn(networks):
    """An image of each domain, drawn by a run's networks."""
    model = make_algorithm(CONFIG, DOMAINS).drawable(networks)
    x = tf.constant(np.random.default_rng(0).uniform(-1, 1, (DOMAINS, 32, 32, 3)), tf.float32)
    return model.draw(model.encode(x), tf.ones([DOMAINS, CONFIG.style_dim])).numpy()


def test_a_run_keeps_the_landmark_network(run, tensors):
    networks = load_run(run.root).trained.networks
    kept = take_out(published_tensors(networks["landmark_network"]))
    for name, expected in tensors.items():
        np.testing.assert_array_equal(kept[name], expected)
    assert np.isfinite(drawn(networks)).all()


def test_it_translates_aligned_faces(run):
    assert load_run(run.root).aligned_faces


def test_the_masks_bear_on_what_is_drawn(run):
    networks = dict(load_run(run.root).trained.networks)
    with_masks = drawn(networks)

    class Blind:
        def masks(self, x):
            mask = tf.zeros([tf.shape(x)[0], 256, 256, 1])
            return mask, mask

    assert np.abs(drawn({**networks, "landmark_network": Blind()}) - with_masks).max() > 1e-3


@pytest.mark.slow
def test_a_run_goes_on_without_the_file(run, two_domains_dir):
    before = load_run(run.root).fingerprint
    assert train_run(with_places(run, two_domains_dir)) == 0
    assert load_run(run.root).fingerprint == before


@pytest.mark.slow
def test_a_run_begins_with_that_of_another(run, tensors):
    config = dataclasses.replace(CONFIG, warm_start=str(run.root), seed=9)
    state = tiny.fresh_state(config, DOMAINS)
    load_parent(state, run.read().domains)
    found = take_out(published_tensors(state.pretrained["landmark_network"]))
    np.testing.assert_array_equal(found["conv1.conv.weight"], tensors["conv1.conv.weight"])


@pytest.mark.slow
def test_one_step_leaves_the_landmark_network_alone(tensors):
    state = tiny.fresh_state(CONFIG, DOMAINS)
    network = state.pretrained["landmark_network"]
    before = network.get_weights()
    batch = tiny.batch(0, size=2)
    batch = batch._replace(y_org=batch.y_org % DOMAINS, y_trg=batch.y_trg % DOMAINS)
    weights = tiny.weights(state)
    losses = TrainStep(state, tf.distribute.get_strategy())(batch._asdict(), 0)
    assert all(np.isfinite(loss) for loss in losses.values())
    assert tiny.changed(weights, tiny.weights(state)) == {"G", "F", "E", "D"}
    for old, new in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)


@pytest.mark.slow
def test_a_dry_run_counts_it(two_domains_dir, tmp_path, wing):
    config = with_places(RunDir(tmp_path / "run"), two_domains_dir)
    text = describe_run(dataclasses.replace(config, wing_path=str(wing)))
    assert "landmark_network" in text and "6,348,579" in text


@pytest.mark.slow
def test_exports_hold_the_landmark_network(run, two_domains_dir, tmp_path):
    """export compares each file with the networks, or fails."""
    config = ExportConfig(
        run_dir=str(run.root),
        data_dir=str(two_domains_dir),
        out=str(tmp_path / "faces"),
        tflite_types=("float16",),
        check_images=1,
    )
    said = export(config, load_run(run.root, in_float32=True))
    assert not said.rejected
    names = {path.name for path in (tmp_path / "faces" / "tflite" / "1").iterdir()}
    assert "float16.tflite" in names
    assert load_exported(tmp_path / "faces" / "1").aligned_faces


@pytest.mark.slow
@pytest.mark.parametrize(
    ("contents", "words"),
    [
        ({}, "holds no state_dict"),
        ({"state_dict": {"l0.bias": np.zeros([99])}}, "missing: conv1.conv.weight, "),
        ({"state_dict": "l0.bias of 68"}, "of another shape: l0.bias [68] in place of [99]"),
        ({"state_dict": "l0.bias of NaN"}, "not finite: l0.bias"),
    ],
)
def test_other_files_are_rejected_before_training(
    contents, words, two_domains_dir, tmp_path, tensors
):
    if contents.get("state_dict") == "l0.bias of 68":
        contents = {"state_dict": {**tensors, "l0.bias": np.zeros([68])}}
    if contents.get("state_dict") == "l0.bias of NaN":
        contents = {"state_dict": {**tensors, "l0.bias": np.full([99], np.nan)}}
    path = write_torch_file(tmp_path / "other.ckpt", contents)
    run = RunDir(tmp_path / "run")
    with pytest.raises(UserError) as caught:
        train_run(dataclasses.replace(with_places(run, two_domains_dir), wing_path=str(path)))
    assert words in str(caught.value) and str(path) in str(caught.value)
    assert not list(run.checkpoints.glob("*"))


@pytest.mark.parametrize(
    ("path", "words"), [("", "no --wing_path"), ("/nowhere/wing.ckpt", "no file at --wing_path")]
)
def test_the_file_is_asked_for_before_any_work(path, words, two_domains_dir, tmp_path):
    run = RunDir(tmp_path / "run")
    with pytest.raises(UserError, match=words):
        train_run(dataclasses.replace(with_places(run, two_domains_dir), wing_path=path))
    assert not run.root.exists()
