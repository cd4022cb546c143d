"""Runs of the published checkpoints of StarGAN (2018), and such checkpoints of runs.

weights/torch/stargan was written by PyTorch itself: G as today's release does, with running
statistics that images have moved, D in the old layout and with the prefix of nn.DataParallel.
"""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.algorithms.stargan.published import published_tensors
from stargan_tf.config.export import ExportConfig
from stargan_tf.config.import_weights import ImportWeightsConfig
from stargan_tf.config.sample import SampleConfig
from stargan_tf.errors import UserError
from stargan_tf.loading import load_run
from stargan_tf.sampling.sampler import sample
from stargan_tf.serving.exported import load_exported
from stargan_tf.serving.exporter import export
from stargan_tf.to_release import export_release
from stargan_tf.training.checkpoints import Checkpoints, restore_newest
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.state import TrainState
from stargan_tf.training.warm_start import check_parent
from stargan_tf.training_run import train_run
from stargan_tf.weights.places import Place, take_out
from stargan_tf.weights.torch_file import read_torch_file
from stargan_tf.weights.torch_writer import write_torch_file
from tests.data import makers
from tests.training import tiny
from tests.weights import imports, tiny_stargan
from tests.weights.imports import do_import
from tests.weights.tiny_release import FOLDER
from tests.weights.tiny_stargan import ITERATION, LABELS, SIZE

G, D = (FOLDER / "stargan" / f"{ITERATION}-{kind}.ckpt" for kind in "GD")


def config_of(paths, run_dir, **changes):
    values = {"checkpoint": tuple(map(str, paths)), "domains": LABELS, "run_dir": str(run_dir)}
    return ImportWeightsConfig(**values | changes)


def state_of(run_dir):
    run = RunDir(run_dir)
    settings, domains = run.read()
    state = TrainState(make_algorithm(settings, len(domains)))
    restore_newest(run, state, state.algorithm.earlier_paths)
    return state


def plain(path):
    """What a file holds, without the prefix of nn.DataParallel."""
    return {name.removeprefix("module."): t for name, t in read_torch_file(path).items()}


def weights(path):
    return {name: tensor for name, tensor in plain(path).items() if not is_statistic(name)}


def is_statistic(name):
    return name.endswith(("running_mean", "running_var", "num_batches_tracked"))


def of_network(network):
    places = {n: p for n, p in published_tensors(network).items() if isinstance(p, Place)}
    return take_out(places)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A run of both files, with what was said."""
    root = tmp_path_factory.mktemp("both") / "run"
    return root, do_import(config_of([D, G], root))


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A run of G alone, with what was said."""
    root = tmp_path_factory.mktemp("alone") / "run"
    return root, do_import(config_of([G], root, img_size=SIZE))


def test_settings_are_read_off_the_tensors(both):
    root, said = both
    config, labels = RunDir(root).read()
    assert dataclasses.replace(config, run_dir="") == tiny_stargan.settings()
    assert labels == LABELS
    assert f"stargan after {ITERATION} iterations, of {SIZE} px" in said
    assert "came without the optimizers: to train on, start another run by --warm_start=" in said


def test_weights_are_those_of_the_files(both):
    state = state_of(both[0])
    np.testing.assert_equal(of_network(state.networks["generator"]), weights(G))
    np.testing.assert_equal(of_network(state.averages["generator"]), weights(G))
    np.testing.assert_equal(of_network(state.networks["discriminator"]), weights(D))
    assert state.step.numpy() == ITERATION


def test_outputs_are_those_of_pytorch(both):
    """Which has drawn with the statistics of each image, whatever its running ones are."""
    state = state_of(both[0])
    with np.load(FOLDER / "stargan" / "outputs.npz") as arrays:
        arrays = dict(arrays)
    drawn = state.averages["generator"](arrays["x"], arrays["c"])
    src, cls = state.networks["discriminator"](arrays["x"])
    for name, found in {"generator": drawn, "src": src, "cls": cls}.items():
        np.testing.assert_allclose(found, arrays[name], atol=1e-4 * arrays[name].std(), rtol=1e-4)


def test_and_back(both, tmp_path):
    """What PyTorch wrote comes out again: names, order, shapes, types, weights bit by bit."""
    said = export_release(str(both[0]), str(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {G.name, D.name}
    for original in (G, D):
        expected = plain(original)
        found = read_torch_file(tmp_path / original.name)
        assert type(found) is type(read_torch_file(original)) and list(found) == list(expected)
        for name, tensor in expected.items():
            assert (found[name].dtype, found[name].shape) == (tensor.dtype, tensor.shape), name
            if not is_statistic(name):
                np.testing.assert_array_equal(found[name], tensor, err_msg=name)
    statistics = {name: t for name, t in read_torch_file(tmp_path / G.name).items()}
    assert np.all(statistics["main.1.running_mean"] == 0)
    assert np.all(statistics["main.1.running_var"] == 1)
    assert "residual_output" not in said


def test_a_file_without_running_statistics(tmp_path):
    """As code of other settings writes it."""
    path = tmp_path / f"{ITERATION}-G.ckpt"
    write_torch_file(path, weights(G))
    do_import(config_of([path], tmp_path / "run", img_size=SIZE))
    networks = load_run(tmp_path / "run").trained.networks
    np.testing.assert_equal(of_network(networks["generator"]), weights(G))


def test_G_alone_draws(alone, tmp_path):
    root, said = alone
    assert "came without the networks as they are trained and the optimizers" in said
    model = load_run(root)
    assert (model.step, model.domains) == (ITERATION, LABELS)
    (tmp_path / "x.png").write_bytes(makers.encoded(makers.pixels(1)))
    out = tmp_path / "out"
    config = SampleConfig(run_dir=".", src=str(tmp_path / "x.png"), images_only=True, out=str(out))
    sample(config, model)
    assert {path.name for path in out.iterdir()} == {f"x__to_{n}__style.png" for n in LABELS}


@pytest.mark.slow
def test_G_alone_is_exported(alone, tmp_path):
    out = tmp_path / "models" / "faces"
    config = ExportConfig(run_dir=str(alone[0]), out=str(out), formats=("saved_model",))
    config.validate()
    assert not export(config, load_run(alone[0], in_float32=True)).rejected
    model = load_exported(out / "1")
    assert model.domains == LABELS
    with np.load(FOLDER / "stargan" / "outputs.npz") as arrays:
        x, c, expected = arrays["x"], arrays["c"], arrays["generator"]
    codes = model.drawable.make_codes(model.drawable.modes[0], None, tf.constant(c))
    drawn = model.drawable.draw(model.drawable.encode(tf.constant(x)), codes)
    np.testing.assert_allclose(drawn, expected, atol=2e-4)


def test_G_alone_goes_back_alone(alone, tmp_path):
    """Its discriminator is nobody's."""
    said = export_release(str(alone[0]), str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == [G.name]
    assert "came without the networks as they are trained and the optimizers" in said


def test_G_alone_has_the_published_size_by_default(tmp_path):
    do_import(config_of([G], tmp_path / "run"))
    config = RunDir(tmp_path / "run").read().config
    assert (config.img_size, config.d_repeat_num, config.d_conv_dim) == (128, 6, 64)


@pytest.mark.parametrize("which", ["both", "alone"])
def test_another_run_starts_from_it(which, request, faces_dir, tmp_path, capsys):
    """Trained by the command's own code, with the published D or a fresh one."""
    root, _ = request.getfixturevalue(which)
    config = RunDir(root).read().config
    changes = {"total_iters": 1, "num_iters_decay": 0, "lr": 0.0, "batch_size": 2}
    off = {"sample_every": 0, "eval_every": 0}
    paths = {"run_dir": str(tmp_path / "run"), "data_dir": str(faces_dir), "warm_start": str(root)}
    with tiny.eagerly():
        assert train_run(dataclasses.replace(config, **paths, **changes, **off)) == 0
    state = state_of(tmp_path / "run")
    np.testing.assert_equal(of_network(state.networks["generator"]), weights(G))
    fresh = "imported without the weights of the discriminator: fresh" in capsys.readouterr().out
    assert fresh == (which == "alone")
    if which == "both":
        np.testing.assert_equal(of_network(state.networks["discriminator"]), weights(D))


def test_names_in_another_order_are_not_trained_on(alone):
    """Each label would become another one without a word."""
    config = dataclasses.replace(RunDir(alone[0]).read().config, warm_start=str(alone[0]))
    algorithm = make_algorithm(config, len(LABELS))
    check_parent(algorithm, LABELS)
    check_parent(algorithm, ("happy", "young", "glasses"))  # as somebody else calls them
    message = r"labels \(smiling, young, glasses there, young, smiling, glasses here\)"
    with pytest.raises(UserError, match=message):
        check_parent(algorithm, ("young", "smiling", "glasses"))


def test_a_rectified_run_says_what_no_file_tells(tmp_path):
    config = tiny_stargan.settings(run_dir=str(tmp_path / "run"), residual_output=True)
    run = RunDir(tmp_path / "run")
    run.begin(config, LABELS)
    Checkpoints(run, TrainState(make_algorithm(config, len(LABELS))), keep=1).save()
    said = export_release(config.run_dir, str(tmp_path / "out"))
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"0-G.ckpt", "0-D.ckpt"}
    assert "No file tells residual_output: this G draws tanh(x + G(x, c))" in said


def test_averages_are_what_goes_back(tmp_path):
    """D as it is trained, and of the network that draws the moving averages."""
    config = tiny_stargan.settings(run_dir=str(tmp_path / "run"), ema_decay=0.999)
    state = TrainState(make_algorithm(config, len(LABELS)))
    for variable in state.averages["generator"].variables:
        variable.assign(variable + 1)
    run = RunDir(tmp_path / "run")
    run.begin(config, LABELS)
    Checkpoints(run, state, keep=1).save()
    export_release(config.run_dir, str(tmp_path / "out"))
    found = weights(tmp_path / "out" / "0-G.ckpt")
    np.testing.assert_equal(found, of_network(state.averages["generator"]))


def altered(tmp_path, path, change):
    content = dict(plain(path))
    change(content)
    changed = tmp_path / path.name
    write_torch_file(changed, content)
    return changed


def without(name):
    return lambda content: content.pop(name)


def of_shape(name, *shape):
    return lambda content: content.update({name: np.zeros(shape, np.float32)})


@pytest.mark.parametrize(
    ("path", "change", "message"),
    [
        (G, without("main.0.weight"), "none of the files of a published checkpoint"),
        (G, without("main.3.weight"), r"generator in .*, missing: main\.3\.weight: give"),
        (G, of_shape("main.0.weight", 4, 6, 7), "has tensors of other shapes .*, expected G and D"),
        (G, of_shape("main.0.weight", 4, 8, 7, 7), "G of .* takes 5 labels and D tells 3, expect"),
        (G, of_shape("main.99.weight", 4), r"generator in .*, left over: main\.99\.weight"),
        (D, of_shape("main.0.bias", 5), r"of another shape: main\.0\.bias \[5\] in place of \[6\]"),
        (D, of_shape("conv2.weight", 3, 24, 2), "has tensors of other shapes"),
        (D, without("conv2.weight"), "none of the files of a published checkpoint"),
    ],
)
def test_tensors_that_do_not_fit_are_named(path, change, message, tmp_path):
    paths = [altered(tmp_path, p, change) if p == path else p for p in (G, D)]
    rejected(config_of(paths, tmp_path / "run"), message)


def test_files_that_do_not_belong_together_are_rejected(tmp_path):
    run = tmp_path / "run"
    rejected(config_of([D], run), "Found only D, expected the networks too: pass the file of G as")
    rejected(config_of([G, G], run), "both G, expected one file of a kind")
    other = [G, imports.file("plain", "nets_ema")]
    rejected(
        config_of(other, run, iteration=3),
        r"\(G\) and .* \(nets_ema\), expected the files of one algor",
    )
    rejected(config_of([G, D], run, kind=("D", "G")), r"30-G\.ckpt is G, expected D: pass another")
    rejected(config_of([G, D], run, img_size=32), "--img_size=32 for .* those of 16 px: leave")
    rejected(config_of([G], run, img_size=18), "--img_size=18, expected a multiple of 4")
    rejected(config_of([G], run, domains=LABELS[:2]), "for a checkpoint of 3 domains or attributes")
    plain_v2 = imports.config_of("plain", [imports.file("plain", "nets_ema")], run, img_size=64)
    rejected(plain_v2, "--img_size=64 for .* those of 32 px: leave --img_size out")
    later = tmp_path / "31-D.ckpt"
    later.write_bytes(D.read_bytes())
    rejected(config_of([G, later], run), "files of other iterations")


def rejected(config, message):
    """Says what is wrong in one sentence, and makes nothing."""
    with pytest.raises(UserError, match=message) as error:
        do_import(config)
    assert "\n" not in str(error.value)
    assert not RunDir(config.run_dir).root.exists()
