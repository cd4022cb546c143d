"""Runs of published checkpoints, and published checkpoints of runs.

The files in weights/torch were written by PyTorch itself: plain as today's release does, skips as
older ones, in the old layout and with the prefix of nn.DataParallel.
"""

import dataclasses
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.algorithms.stargan_v2.published import published_tensors
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.errors import UserError
from stargan_tf.loading import load_run
from stargan_tf.models.landmark_network import LandmarkNetwork
from stargan_tf.to_release import export_release
from stargan_tf.training.checkpoints import Checkpoints
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.state import TrainState
from stargan_tf.training_run import train_run
from stargan_tf.weights.places import Place, take_out
from stargan_tf.weights.torch_file import read_torch_file
from stargan_tf.weights.torch_writer import write_torch_file
from tests.training import tiny
from tests.weights.imports import DOMAINS, KINDS, config_of, do_import, file
from tests.weights.tiny_release import FOLDER
from tests.weights.tiny_settings import SETTINGS

LANDMARK_NETWORK = "landmark_network"


@pytest.fixture(scope="module")
def wing(tmp_path_factory):
    """A file like the published wing.ckpt, with random weights."""
    network = LandmarkNetwork()
    network.make_weights()
    rng = np.random.default_rng(0)
    tensors = {
        name: rng.uniform(0.5, 1, tensor.shape).astype(tensor.dtype)
        for name, tensor in take_out(published_tensors(network)).items()
    }
    path = tmp_path_factory.mktemp("wing") / "wing.ckpt"
    write_torch_file(path, {"state_dict": {f"module.{n}": t for n, t in tensors.items()}})
    return path


def state_of(run_dir):
    """All of what a run goes on from."""
    run = RunDir(run_dir)
    settings, domains = run.read()
    state = TrainState(make_algorithm(settings, len(domains)))
    assert Checkpoints(run, state, keep=1).restore()
    return state


@pytest.fixture(scope="module")
def runs(tmp_path_factory, wing):
    """Runs of all files, by variant."""
    root = tmp_path_factory.mktemp("runs")
    for variant in SETTINGS:
        paths = [file(variant, kind) for kind in KINDS] + [wing] * (variant == "skips")
        do_import(config_of(variant, paths, root / variant))
    return {variant: root / variant for variant in SETTINGS}


def plain(content):
    """The state_dicts of a file without the prefix of nn.DataParallel."""
    return {
        name: {key.removeprefix("module."): value for key, value in tensors.items()}
        for name, tensors in content.items()
    }


@pytest.mark.parametrize("variant", SETTINGS)
def test_settings_are_read_off_the_tensors(runs, variant):
    config, domains = RunDir(runs[variant]).read()
    expected, num_domains = SETTINGS[variant]
    assert dataclasses.replace(config, run_dir="") == expected
    assert config.run_dir == str(runs[variant])
    assert domains == DOMAINS[variant] and len(domains) == num_domains


@pytest.mark.parametrize("variant", SETTINGS)
def test_weights_and_averages_are_those_of_the_files(runs, variant, wing):
    state = state_of(runs[variant])
    for networks, kind in ((state.networks, "nets"), (state.averages, "nets_ema")):
        found = {name: take_out(published_tensors(n)) for name, n in networks.items()}
        np.testing.assert_equal(found, plain(read_torch_file(file(variant, kind))))
    assert state.step.numpy() == 3
    expected = SETTINGS[variant][0].lambda_ds * (1 - np.float32(3) / 100_000)
    np.testing.assert_allclose(state.schedule["lambda_ds"], expected, rtol=1e-7)
    if variant == "skips":
        found = take_out(published_tensors(state.pretrained[LANDMARK_NETWORK]))
        expected = plain(read_torch_file(wing))["state_dict"]
        np.testing.assert_equal(found, expected)


@pytest.mark.parametrize("variant", SETTINGS)
def test_the_next_step_of_adam_is_that_of_pytorch(runs, variant):
    """To rounding: both compute in float32, in another order. A step moves a weight by about the
    learning rate, up to 1e-4, and a weight of about 1 is rounded to 6e-8."""
    state = state_of(runs[variant])
    with np.load(FOLDER / variant / "next_step.npz") as arrays:
        expected = dict(arrays)
    moved = 0
    for name, network in state.networks.items():
        gradients = {id(v): np.zeros(v.shape, np.float32) for v in network.trainable_variables}
        places = {n: p for n, p in published_tensors(network).items() if isinstance(p, Place)}
        for key, place in places.items():
            if f"{name}/{key}/gradient" in expected:
                target, gradient = id(place.variable), expected[f"{name}/{key}/gradient"]
                gradients[target] = place.with_published(gradients[target], gradient)
        before = take_out(places)
        pairs = [(tf.constant(gradients[id(v)]), v) for v in network.trainable_variables]
        state.optimizers[name].apply_gradients(pairs)
        for key, value in take_out(places).items():
            if f"{name}/{key}" not in expected:
                np.testing.assert_array_equal(value, before[key])
                continue
            np.testing.assert_allclose(value, expected[f"{name}/{key}"], rtol=1.2e-7, atol=1e-8)
            rate = 1e-6 if name == "mapping_network" else 1e-4
            assert np.abs(value - before[key]).max() > rate / 10
            moved += 1
    assert 2 * moved == len(expected)


@pytest.mark.slow
@pytest.mark.parametrize("variant", SETTINGS)
def test_and_back(runs, variant, tmp_path):
    """What PyTorch wrote comes out again: contents, order, shapes, types, bit by bit."""
    export_release(str(runs[variant]), str(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {f"000003_{kind}.ckpt" for kind in KINDS}
    for kind in KINDS:
        expected = read_torch_file(file(variant, kind))
        expected = expected if kind == "optims" else plain(expected)
        found = read_torch_file(tmp_path / f"000003_{kind}.ckpt")
        if variant == "skips" and kind != "optims":
            assert len(found.pop("fan")) == 336
        assert_same(found, expected)


def assert_same(found, expected):
    assert type(found) is type(expected)
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        for key in expected:
            assert_same(found[key], expected[key])
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for pair in zip(found, expected, strict=True):
            assert_same(*pair)
    elif isinstance(expected, np.ndarray):
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
        np.testing.assert_array_equal(found, expected)
    else:
        assert found == expected


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["none", "float16"])
def test_a_trained_run_survives_the_way_to_pytorch_and_back(precision, tmp_path):
    """Weights, averages, moments, counts and schedule, bit by bit."""
    config = dataclasses.replace(
        SETTINGS["plain"][0], lr=2e-4, mixed_precision=precision, run_dir=str(tmp_path / "run")
    )
    state = TrainState(make_algorithm(config, 3))
    rng = np.random.default_rng(0)
    modules = [*state.networks.values(), *state.averages.values(), *state.optimizers.values()]
    for variable in (v for module in modules for v in module.variables):
        if variable.dtype == tf.float32 and variable.shape.rank:
            variable.assign(rng.uniform(0, 1, variable.shape))
    for name, optimizer in state.optimizers.items():
        adam = getattr(optimizer, "inner_optimizer", optimizer)
        adam.iterations.assign(14 if name in ("generator", "discriminator") else 7)
    state.step.assign(7)
    state.schedule["lambda_ds"].assign(state.algorithm.schedule(tf.constant(7))["lambda_ds"])
    run = RunDir(tmp_path / "run")
    run.begin(config, DOMAINS["plain"])
    Checkpoints(run, state, keep=1).save()

    export_release(config.run_dir, str(tmp_path / "out"))
    paths = [tmp_path / "out" / f"000007_{kind}.ckpt" for kind in KINDS]
    do_import(config_of("plain", paths, tmp_path / "again"))
    again = state_of(tmp_path / "again")
    assert (again.algorithm.settings.lr, again.algorithm.settings.f_lr) == (2e-4, 1e-6)
    for name in ("networks", "averages"):
        for key, network in getattr(state, name).items():
            pairs = zip(network.variables, getattr(again, name)[key].variables, strict=True)
            assert all(np.array_equal(one, other) for one, other in pairs), (name, key)
    for key, optimizer in state.optimizers.items():
        adam = getattr(optimizer, "inner_optimizer", optimizer)
        for one, other in zip(adam.variables, again.optimizers[key].variables, strict=True):
            np.testing.assert_array_equal(one, other, err_msg=other.name)
    assert again.step.numpy() == 7
    assert again.schedule["lambda_ds"].numpy() == state.schedule["lambda_ds"].numpy()


@pytest.mark.slow
def test_a_run_with_its_landmark_network_needs_no_other_file_on_the_way_back(runs, tmp_path):
    export_release(str(runs["skips"]), str(tmp_path / "out"))
    path = tmp_path / "out" / "000003_nets_ema.ckpt"
    do_import(config_of("skips", [path], tmp_path / "again"))
    old, new = (load_run(run).trained.networks for run in (runs["skips"], tmp_path / "again"))
    assert LANDMARK_NETWORK in new
    for name, network in old.items():
        for one, other in zip(network.variables, new[name].variables, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.fixture(scope="module")
def averaged(tmp_path_factory):
    """A run of nets_ema alone, with what was said."""
    root = tmp_path_factory.mktemp("averaged") / "run"
    return root, do_import(config_of("plain", [file("plain", "nets_ema")], root))


def test_a_run_of_averages_alone_draws(averaged):
    root, said = averaged
    assert "came without the networks as they are trained and the optimizers" in said
    model = load_run(root)
    assert (model.step, model.domains) == (3, DOMAINS["plain"])
    expected = read_torch_file(file("plain", "nets_ema"))
    networks = model.trained.networks
    found = {name: take_out(published_tensors(networks[name])) for name in expected}
    np.testing.assert_equal(found, expected)


def test_a_run_of_averages_alone_is_not_trained_on(averaged, three_domains_dir, tmp_path):
    """Its discriminator would be fresh without a word."""
    root = shutil.copytree(averaged[0], tmp_path / "run")
    names = DatasetInfo.load(three_domains_dir).domains
    changes = {"domains": names, "run_dir": str(root), "data_dir": str(three_domains_dir)}
    values = json.loads((root / "config.json").read_text())
    (root / "config.json").write_text(json.dumps(values | changes))
    before = sorted((root / "checkpoints").iterdir())
    message = "came without the networks as they are trained and the optimizers, .*warm_start="
    with pytest.raises(UserError, match=message):
        train_run(dataclasses.replace(RunDir(root).read().config, total_iters=4))
    assert sorted((root / "checkpoints").iterdir()) == before


@pytest.mark.slow
def test_another_run_starts_from_averages_alone(averaged, two_domains_dir, tmp_path, capsys):
    """Trained by the command's own code: with a domain less, and a fresh discriminator."""
    config, _ = RunDir(averaged[0]).read()
    config = dataclasses.replace(
        config,
        run_dir=str(tmp_path / "run"),
        data_dir=str(two_domains_dir),
        warm_start=str(averaged[0]),
        batch_size=2,
        total_iters=1,
        sample_every=0,
        eval_every=0,
    )
    with tiny.eagerly():
        assert train_run(config) == 0
    said = capsys.readouterr().out
    assert "Its domains: cat, dog kept; wild left out." in said
    assert "imported without the weights of the discriminator: fresh" in said


def test_nets_stand_in_for_averages_when_told_so(tmp_path):
    config = config_of("plain", [file("plain", "nets")], tmp_path / "run", kind=("nets_ema",))
    do_import(config)
    expected = read_torch_file(file("plain", "nets"))
    networks = load_run(tmp_path / "run").trained.networks
    found = {name: take_out(published_tensors(network)) for name, network in networks.items()}
    assert len(found) == 3
    np.testing.assert_equal(found, {name: expected[name] for name in found})


def test_mean_landmarks_go_into_the_run(tmp_path):
    points = np.random.default_rng(0).uniform(0, 256, (98, 2))
    path = tmp_path / "celeba_lm_mean.npz"
    np.savez_compressed(path, mean=points)
    paths = [file("plain", "nets_ema"), path]
    do_import(config_of("plain", paths, tmp_path / "run"))
    copied = RunDir(tmp_path / "run").mean_landmarks_file
    with np.load(copied, allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["mean"], points)


def test_a_folder_with_files_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    config = config_of("plain", [file("plain", "nets_ema")], tmp_path)
    with pytest.raises(UserError, match="is not empty, expected a new folder"):
        config.validate()
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    (tmp_path / "empty").mkdir()
    do_import(config_of("plain", [file("plain", "nets_ema")], tmp_path / "empty"))
    assert load_run(tmp_path / "empty").step == 3


def test_files_for_pytorch_replace_none(averaged, tmp_path):
    (tmp_path / "000003_nets_ema.ckpt").write_text("mine")
    with pytest.raises(UserError, match="Found .*000003_nets_ema.ckpt already: choose another"):
        export_release(str(averaged[0]), str(tmp_path))
    assert (tmp_path / "000003_nets_ema.ckpt").read_text() == "mine"
    said = export_release(str(averaged[0]), str(tmp_path / "new"))
    assert "came without the networks as they are trained and the optimizers" in said
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["000003_nets_ema.ckpt"]


def test_a_mapping_network_of_other_layers_is_not_written_for_pytorch(tmp_path):
    layers = {"mapping_shared_layers": 6, "mapping_unshared_layers": 0}
    config = dataclasses.replace(SETTINGS["plain"][0], run_dir=str(tmp_path / "run"), **layers)
    run = RunDir(tmp_path / "run")
    run.begin(config, DOMAINS["plain"])
    Checkpoints(run, TrainState(make_algorithm(config, 3)), keep=1).save()
    message = "Found a mapping network of 6 shared layers and 0 of each domain .*, expected 4 and 3"
    with pytest.raises(UserError, match=message):
        export_release(config.run_dir, str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.e2e
def test_the_commands(tmp_path):
    run_dir, out = tmp_path / "a run", tmp_path / "out"
    flags = [f"--checkpoint={file('plain', kind)}" for kind in KINDS]
    flags += ["--domains=cat,dog,wild", f"--run_dir={run_dir}"]
    made = command(*flags)
    assert made.returncode == 0, made.stderr
    assert "stargan_v2 after 3 iterations, of 32 px and the domains cat, dog, wild" in made.stdout
    again = command(*flags)
    assert again.returncode == 1 and "is not empty, expected a new folder" in again.stderr
    written = command("--to_pytorch", f"--run_dir={run_dir}", f"--out={out}")
    assert written.returncode == 0, written.stderr
    assert len(list(out.iterdir())) == 3


def command(*flags):
    arguments = [sys.executable, "-m", "stargan_tf.import_weights", *flags]
    return subprocess.run(arguments, capture_output=True, text=True)
