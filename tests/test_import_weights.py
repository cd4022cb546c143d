"""Runs of published checkpoints, and published checkpoints of runs.

The files in weights/torch were written by PyTorch itself: plain as today's release does, skips as
older ones, in the old layout and with the prefix of nn.DataParallel.
"""

import dataclasses
import json
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.algorithms.stargan_v2.published import published_tensors
from stargan_tf.config.import_weights import ImportWeightsConfig
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.errors import UserError
from stargan_tf.from_release import import_release
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
from tests.weights.tiny_release import FOLDER, SETTINGS

KINDS = ("nets", "nets_ema", "optims")
DOMAINS = {"plain": ("cat", "dog", "wild"), "skips": ("female", "male")}
LANDMARK_NETWORK = "landmark_network"


def file(variant, kind):
    return FOLDER / variant / f"000003_{kind}.ckpt"


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


def config_of(variant, paths, run_dir, **changes):
    values = {"checkpoint": tuple(map(str, paths)), "domains": DOMAINS[variant]}
    return ImportWeightsConfig(run_dir=str(run_dir), **values | changes)


def do_import(config):
    config.validate()
    return import_release(config)


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
    message = "imported without the networks as they are trained and the optimizers, .*warm_start="
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


BAD_LANDMARKS = {
    "another key": {"median": np.zeros([98, 2])},
    "other points": {"mean": np.zeros([68, 2])},
    "not finite": {"mean": np.full([98, 2], np.nan)},
    "objects": {"mean": np.full([98, 2], None)},
    "a bomb": {"mean": np.zeros([98, 2]), "more": np.zeros(2**20)},
}


@pytest.mark.parametrize("arrays", BAD_LANDMARKS.values(), ids=BAD_LANDMARKS)
def test_other_landmarks_are_rejected(arrays, tmp_path):
    path = tmp_path / "celeba_lm_mean.npz"
    np.savez_compressed(path, **arrays)
    assert path.stat().st_size < 20_000
    config = config_of("plain", [file("plain", "nets_ema"), path], tmp_path / "run")
    rejected(config, r"celeba_lm_mean\.npz holds no mean landmarks \(.+\), expected the published")


def rejected(config, message):
    """Says what is wrong in one sentence, and makes nothing."""
    run_dir = config.run_dir
    with pytest.raises(UserError, match=message) as error:
        do_import(config)
    assert "\n" not in str(error.value)
    assert not run_dir or not RunDir(run_dir).root.exists()


def altered(tmp_path, variant, kind, change, name="000003_changed.ckpt"):
    """One of the files with other contents."""
    content = read_torch_file(file(variant, kind))
    change(content)
    path = tmp_path / name
    write_torch_file(path, content)
    return path


def wrong_tensor(content):
    content["generator"]["from_rgb.bias"] = np.zeros(5, np.float32)


def left_over(content):
    content["style_encoder"]["shared.9.weight"] = np.zeros(5, np.float32)


def missing(content):
    del content["mapping_network"]["unshared.1.2.bias"]


def not_finite(content):
    content["generator"]["from_rgb.bias"] = np.full(4, np.nan, np.float32)


def no_encoder(content):
    del content["style_encoder"]


def stranger(content):
    content["classifier"] = content["style_encoder"]


def no_first(content):
    del content["generator"]["from_rgb.weight"]


def flat(content):
    content["mapping_network"]["shared.0.weight"] = np.zeros(5, np.float32)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (wrong_tensor, r"of generator in .*, of another shape: from_rgb\.bias \[5\] in place of"),
        (left_over, r"of style_encoder in .*, left over: shared\.9\.weight: give the file"),
        (missing, r"of mapping_network in .*, missing: unshared\.1\.2\.bias: give the file"),
        (not_finite, r"of generator in .*, not finite: from_rgb\.bias: give the file"),
        (no_encoder, "lacks style_encoder, expected the networks generator, mapping_network"),
        (stranger, "holds the networks classifier, expected some of generator"),
        (no_first, r"lacks the tensor from_rgb\.weight, expected the networks of StarGAN v2"),
        (flat, "has tensors of other shapes"),
    ],
)
def test_tensors_that_do_not_fit_are_named(change, message, tmp_path):
    path = altered(tmp_path, "plain", "nets_ema", change)
    rejected(config_of("plain", [path], tmp_path / "run"), message)


def narrower(content):
    for name in ("weight", "bias"):
        del content["mapping_network"][f"unshared.2.0.{name}"]


def another_kind(content):
    content["generator"]["param_groups"][0]["amsgrad"] = True


def fewer(content):
    content["generator"]["param_groups"][0]["params"].pop()


def of_another_shape(content):
    content["generator"]["state"][0]["exp_avg"] = np.zeros(3, np.float32)


def without_moments(content):
    del content["style_encoder"]["state"][2]


def uneven(content):
    content["style_encoder"]["state"][2]["step"] = np.array(2, np.float32)


def infinite(content):
    moment = content["style_encoder"]["state"][2]["exp_avg_sq"]
    content["style_encoder"]["state"][2]["exp_avg_sq"] = np.full_like(moment, np.inf)


def negative(content):
    moment = content["style_encoder"]["state"][2]["exp_avg_sq"]
    content["style_encoder"]["state"][2]["exp_avg_sq"] = np.full_like(moment, -1)


def two_rates(content):
    content["discriminator"]["param_groups"][0]["lr"] = 5e-4


def another_epsilon(content):
    content["generator"]["param_groups"][0]["eps"] = 1e-7


def two_groups(content):
    content["generator"]["param_groups"] *= 2


def no_optimizer(content):
    del content["discriminator"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (another_kind, "generator in .* amsgrad switched on"),
        (fewer, "generator in .* found 55 parameters in place of 56"),
        (of_another_shape, r"exp_avg of from_rgb\.weight as \[3\] in place of \[4, 3, 3, 3\]"),
        (without_moments, r"found no moments of shared\.1\.conv1\.weight"),
        (uneven, "found parameters that were stepped 2 to 3 times"),
        (infinite, "exp_avg_sq of .* that are negative or not finite"),
        (negative, "exp_avg_sq of .* that are negative or not finite"),
        (two_rates, r"discriminator in .* has lr 0\.0005 in place of 0\.0001"),
        (another_epsilon, r"generator in .* has eps 1e-07 in place of 1e-08"),
        (two_groups, "another layout than that of torch.optim.Adam"),
        (no_optimizer, "holds optimizers of generator, mapping_network, style_encoder, expected"),
    ],
)
def test_optimizers_that_do_not_fit_are_named(change, message, tmp_path):
    path = altered(tmp_path, "plain", "optims", change, "000003_optims.ckpt")
    paths = [file("plain", "nets"), file("plain", "nets_ema"), path]
    rejected(config_of("plain", paths, tmp_path / "run"), message)


def test_files_that_do_not_belong_together_are_rejected(tmp_path):
    nets, ema, optims = (file("plain", kind) for kind in KINDS)
    run = tmp_path / "run"
    rejected(config_of("plain", [optims], run), "Found only optims, expected the networks too")
    rejected(config_of("plain", [ema, optims], run), "without the networks that they train")
    rejected(config_of("plain", [ema, ema], run), "both nets_ema, expected one file of a kind")
    other = [nets, file("skips", "nets_ema")]
    rejected(config_of("plain", other, run), r"networks of other sizes: w_hpf \(0\.0 in .*, 1\.0")
    fewer_domains = altered(tmp_path, "plain", "nets_ema", narrower)
    message = r"of other sizes: domains \(3 in .*, 2 in .*\)\. Pass files that belong together"
    rejected(config_of("plain", [nets, fewer_domains], run), message)
    later = shutil.copy(ema, tmp_path / "000004_nets_ema.ckpt")
    rejected(config_of("plain", [nets, later], run), "files of other iterations")
    copies = [shutil.copy(path, tmp_path / f"000009_{path.name[7:]}") for path in (nets, optims)]
    message = "generator in .* has stepped 6 times, expected 18 by iteration 9"
    rejected(config_of("plain", copies, run), message)
    do_import(config_of("plain", copies, run, iteration=9))  # somebody says so


def test_landmark_weights_are_asked_for(tmp_path):
    config = config_of("skips", [file("skips", "nets_ema")], tmp_path / "run")
    rejected(config, r"lacks fan, the landmark network .* pass wing\.ckpt as another --checkpoint")


def test_a_name_without_an_iteration(tmp_path):
    path = shutil.copy(file("plain", "nets_ema"), tmp_path / "latest.ckpt")
    rejected(config_of("plain", [path], tmp_path / "run"), "no iteration in the name latest.ckpt")
    do_import(config_of("plain", [path], tmp_path / "run", iteration=5))
    assert load_run(tmp_path / "run").step == 5


@pytest.mark.parametrize("kept", [0.01, 0.5, 0.99])
@pytest.mark.parametrize("variant", SETTINGS)
def test_a_truncated_file_is_named(variant, kept, tmp_path):
    content = file(variant, "nets_ema").read_bytes()
    path = tmp_path / "000003_half.ckpt"
    path.write_bytes(content[: int(kept * len(content))])
    config = config_of(variant, [path], tmp_path / "run")
    rejected(config, r"000003_half\.ckpt is not a usable PyTorch weights file")


def test_a_file_that_would_run_code_is_rejected(tmp_path):
    trace, path = tmp_path / "trace", tmp_path / "000003_nets_ema.ckpt"
    call = b"cos\nsystem\n(S'touch " + str(trace).encode() + b"'\ntR."
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", call)
    config = config_of("plain", [path], tmp_path / "run")
    rejected(config, r"holds a os\.system, which is no tensor")
    assert not trace.exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"domains": ("cat", "dog")}, "--domains=cat,dog for a checkpoint of 3 domains"),
        ({"domains": ("cat", "dog", "cat!")}, "two domains that would both be called 'cat'"),
        ({"domains": ()}, "Found no --domains, expected the names"),
        ({"checkpoint": ()}, "Found no --checkpoint, expected a file"),
        ({"checkpoint": ("nowhere.ckpt",)}, "no file at --checkpoint=nowhere.ckpt"),
        ({"kind": ("nets", "wing")}, "Found --kind=nets,wing for 1 files"),
        ({"kind": ("networks",)}, "Found --kind=networks for 1 files"),
        ({"kind": ("wing",)}, r"000003_nets_ema\.ckpt is nets_ema, expected wing: pass"),
        ({"kind": ("nets",)}, r"000003_nets_ema\.ckpt is nets_ema, expected nets: pass"),
        ({"kind": ("lm_mean",)}, "holds no mean landmarks"),
        ({"iteration": -1}, "--iteration=-1, expected 0 or more"),
        ({"out": "somewhere"}, "--out=somewhere without --to_pytorch"),
        ({"run_dir": ""}, "Found no --run_dir, expected a folder"),
    ],
)
def test_mistakes_are_told(changes, message, tmp_path):
    values = {"checkpoint": (str(file("plain", "nets_ema")),), "run_dir": str(tmp_path / "run")}
    config = ImportWeightsConfig(**{"domains": DOMAINS["plain"], **values, **changes})
    rejected(config, message)


def test_other_files_are_none_of_a_checkpoint(tmp_path):
    path = tmp_path / "000003_other.ckpt"
    tensors = {"b": np.zeros(3, np.float32)}
    numbered = {1: tensors, "generator": tensors}
    optimizers = {1: {"state": {}, "param_groups": []}}
    for content in ({"step": 3}, {"a": tensors, "c": 1}, numbered, optimizers, [1], {}):
        write_torch_file(path, content)
        config = config_of("plain", [path], tmp_path / "run")
        rejected(config, "none of the files of a published checkpoint, expected nets, nets_ema")


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
    assert "was imported without the networks as they are trained and the optimizers" in said
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["000003_nets_ema.ckpt"]


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
