"""StarGAN (2018) from settings to runs, grids, samples and metrics, on domains and attributes."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stargan_tf.algorithms.registry import make_algorithm, settings_class
from stargan_tf.algorithms.stargan import objectives
from stargan_tf.algorithms.stargan.settings import StarGANSettings
from stargan_tf.config.evaluate import EvaluateConfig
from stargan_tf.config.sample import SampleConfig
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.errors import UserError
from stargan_tf.evaluation.evaluator import Evaluator
from stargan_tf.loading import load_run
from stargan_tf.losses.adversarial import gradient_penalty, interpolate
from stargan_tf.models.patch_discriminator import Judgement
from stargan_tf.sampling.sampler import sample
from tests.algorithms.stargan_runs import OF_D, OF_G, TINY, tensors, trained
from tests.data import makers
from tests.data.infos import INFO
from tests.evaluation.fakes import fake_networks

OF_SAME = {"G/adv_same", "G/cls_same", "G/rec_same", "G/id"}


@pytest.fixture(scope="module")
def runs(three_domains_dir, tmp_path_factory):
    """An unbroken run on domains, and one that was stopped after an iteration and resumed.

    The second has fewer iterations to fall in at first, and its rate is the first's all the same.
    """
    root = tmp_path_factory.mktemp("runs")
    unbroken = trained(three_domains_dir, root / "unbroken")
    trained(three_domains_dir, root / "broken", total_iters=1, num_iters_decay=0)
    return unbroken, trained(three_domains_dir, root / "broken")


@pytest.fixture(scope="module")
def faces_run(faces_dir, tmp_path_factory):
    """A run of the rectified form on attributes."""
    rectified = {"residual_output": True, "same_domain": "both"}
    return trained(faces_dir, tmp_path_factory.mktemp("faces_run") / "run", **rectified)


def losses(run):
    """Names of the losses of each iteration."""
    records = [json.loads(line) for line in run.metrics_file.read_text().splitlines()]
    return {r["step"]: {name for name in r if name[:2] in ("D/", "G/")} for r in records}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_critic": 0}, "Found --n_critic=0, expected at least 1: raise it."),
        ({"img_size": 18}, "Found --img_size=18, expected a multiple of 4, .*: try 16, or lower"),
        ({"d_repeat_num": 5}, "Found --img_size=16, expected a multiple of 32, which"),
        ({"g_conv_dim": 2**17}, "Found --g_conv_dim=131072, expected at most 65536: lower it."),
    ],
)
def test_wrong_settings_are_said(changes, message):
    config = dataclasses.replace(TINY, data_dir="data", run_dir="run", **changes)
    with pytest.raises(UserError, match=message):
        config.validate()


def test_published_defaults():
    assert settings_class("stargan") is StarGANSettings
    config = StarGANSettings(data_dir="data", run_dir="run")
    config.validate()
    assert config.shapes() == {
        "algorithm": "stargan_v2",  # until the flag says otherwise
        "img_size": 128,
        **dict.fromkeys(("g_conv_dim", "d_conv_dim"), 64),
        **dict.fromkeys(("g_repeat_num", "d_repeat_num"), 6),
    }


def test_a_resumed_run_equals_an_unbroken_one_to_the_last_bit(runs):
    """The numbers between real and generated images included, and the rates that fall."""
    unbroken, broken = (tensors(run) for run in runs)
    assert unbroken.keys() == broken.keys()
    for name, expected in unbroken.items():
        np.testing.assert_array_equal(broken[name], expected, err_msg=name)
    rates = [float(value) for name, value in unbroken.items() if "_learning_rate" in name]
    assert rates == [0.0, 0.0]


def test_D_learns_always_and_G_at_every_second_iteration(runs):
    assert losses(runs[0]) == {1: OF_D, 2: OF_D | OF_G, 3: OF_D, 4: OF_D | OF_G}


def test_averages_are_the_weights_themselves(runs):
    values = tensors(runs[0])
    of_generator = {n: v for n, v in values.items() if "/networks/generator/" in n}
    assert len(of_generator) > 10
    for name, value in of_generator.items():
        average = values.get(name.replace("/networks/", "/averages/"))
        if average is not None:
            np.testing.assert_allclose(average, value, atol=1e-6, err_msg=name)


def test_grids_of_domains(runs):
    names = {path.stem for path in runs[0].samples.iterdir()}
    assert names == {f"{step:06d}_{name}" for step in (0, 4) for name in ("cycle", "label")}


def test_it_samples_every_domain(runs, tmp_path):
    (tmp_path / "x.png").write_bytes(makers.encoded(makers.pixels(1)))
    out = tmp_path / "out"
    config = SampleConfig(run_dir=".", src=str(tmp_path / "x.png"), images_only=True, out=str(out))
    sample(config, load_run(runs[0].root))
    names = {path.name for path in out.iterdir()}
    assert names == {f"x__to_{domain}__style.png" for domain in ("cat", "dog", "wild")}
    drawn = [np.asarray(Image.open(path)).tobytes() for path in out.iterdir()]
    assert len(set(drawn)) == 3


def test_what_is_defined_is_evaluated(runs, three_domains_dir, tmp_path):
    config = EvaluateConfig(run_dir=str(runs[0].root), data_dir=str(three_domains_dir))
    evaluator = Evaluator(config, three_domains_dir, tmp_path, fake_networks())
    results = evaluator.evaluate(load_run(runs[0].root))
    assert 0 <= results["accuracy_label/mean"] <= 1
    assert not [name for name in results if name.startswith("PD_")]  # one output of each source


def test_the_rectified_form_on_attributes(faces_run):
    of_D = OF_D | {"D/fake_same", "D/gp_same"}
    everything = of_D | OF_G | OF_SAME
    assert losses(faces_run) == {1: of_D, 2: everything, 3: of_D, 4: everything}


def test_grids_of_attributes(faces_run):
    names = {path.stem for path in faces_run.samples.iterdir()}
    assert names == {f"{step:06d}_{name}" for step in (0, 4) for name in ("cycle", "label")}


def test_a_run_on_attributes_knows_them(faces_run, tmp_path):
    model = load_run(faces_run.root)
    assert model.domains == ("smiling", "young", "glasses")
    labels = tf.constant([[1.0, 0.0, 0.5]])
    codes = model.drawable.make_codes(model.drawable.modes[0], None, labels)
    np.testing.assert_array_equal(codes, labels)


def labels_config(run, tmp_path, **changes):
    (tmp_path / "x.png").write_bytes(makers.encoded(makers.pixels(1, 16, 16)))
    return SampleConfig(
        run_dir=str(run.root),
        src=str(tmp_path / "x.png"),
        images_only=True,
        out=str(tmp_path / "out"),
        **changes,
    )


@pytest.mark.parametrize("keep", [False, True])
def test_it_samples_with_attributes_that_are_set(faces_run, tmp_path, capsys, keep):
    config = labels_config(faces_run, tmp_path, set=("young=0.5",), keep=keep)
    model = load_run(faces_run.root, classifying=keep)
    sample(config, model)
    drawn = np.asarray(Image.open(tmp_path / "out" / "x__to_young=0.5__label.png"), int)
    x = tf.constant(makers.pixels(1, 16, 16)[np.newaxis] / 127.5 - 1, tf.float32)
    label = np.array([[0, 0.5, 0]], np.float32)
    if keep:
        probabilities = tf.sigmoid(model.trained.networks["discriminator"](x).cls)[0]
        label = np.where(probabilities >= 0.5, 1, 0)[np.newaxis].astype(np.float32)
        label[0, 1] = 0.5
        said = capsys.readouterr().out
        for name, probability in zip(model.domains, probabilities, strict=True):
            assert f"{name} {probability:.2f}" in said
    expected = (model.trained.networks["generator"](x, label)[0] + 1) * 127.5
    assert np.abs(drawn - expected).max() <= 1


def test_the_classifier_is_the_one_that_was_trained(faces_run):
    D = load_run(faces_run.root, classifying=True).trained.networks["discriminator"]
    saved = {n: v for n, v in tensors(faces_run).items() if "/networks/discriminator/" in n}
    found = sorted(float(np.sum(v.numpy())) for v in D.trainable_variables)
    numbers = sorted(float(np.sum(v)) for n, v in saved.items() if n.endswith("VARIABLE_VALUE"))
    assert set(found) <= set(numbers) and len(found) > 4


def test_domains_are_no_attributes(runs, tmp_path):
    config = labels_config(runs[0], tmp_path, set=("cat",))
    with pytest.raises(UserError, match="the domains cat, dog, wild: pass one .*--target_domain"):
        sample(config, load_run(runs[0].root))


def test_attributes_are_evaluated(faces_run, faces_dir, tmp_path):
    """Each alone, to images with it and to images without it."""
    config = EvaluateConfig(run_dir=str(faces_run.root), data_dir=str(faces_dir))
    evaluator = Evaluator(config, faces_dir, tmp_path, fake_networks())
    results = evaluator.evaluate(load_run(faces_run.root))
    names = ("smiling", "young", "glasses")
    pairs = {f"without_{name}2{name}" for name in names} | {f"{n}2without_{n}" for n in names}
    for kind in ("accuracy_label", "FD_mean_colours_label", "change_label", "accuracy_source"):
        found = {key.split("/")[1] for key in results if key.startswith(f"{kind}/")}
        assert found == pairs | {"mean"}
    of_own = {key for key in results if key.startswith("change_same_label/")}
    assert of_own == {"change_same_label/all", "change_same_label/mean"}
    about = results["about"]
    assert (about["tasks"], about["exclusive"]) == ("changes of one attribute", [])
    # FacesSource: number n has the binary digits of n % 8.
    assert about["training_images"]["smiling"] == 20
    assert about["outputs"] == {
        "without_smiling": 5,
        "smiling": 4,
        "without_young": 5,
        "young": 4,
        "without_glasses": 4,
        "glasses": 5,
    }
    assert "changes of one attribute" in (tmp_path / "table.txt").read_text()
    assert (tmp_path / "change_label.png").exists()
    assert evaluator.evaluate(load_run(faces_run.root)) == results  # of files, now


def test_exclusive_attributes_are_only_given(faces_run, faces_dir, tmp_path):
    """And taken from the others of their group; what is measured is kept by it."""
    data = tmp_path / "data"
    shutil.copytree(faces_dir, data)
    info = DatasetInfo.load(data)
    dataclasses.replace(info, exclusive=(("smiling", "young"),)).save(data)
    config = EvaluateConfig(run_dir=str(faces_run.root), data_dir=str(data))
    evaluator = Evaluator(config, data, tmp_path / "out", fake_networks())
    results = evaluator.evaluate(load_run(faces_run.root))
    found = {key.split("/")[1] for key in results if key.startswith("accuracy_label/")}
    assert found == {
        *("without_smiling2smiling", "without_young2young"),
        *("without_glasses2glasses", "glasses2without_glasses"),
        "mean",
    }
    assert results["about"]["exclusive"] == [["smiling", "young"]]


def test_images_without_labels_are_said(tmp_path):
    (tmp_path / "data").mkdir()
    dataclasses.replace(INFO, domains=("photos",), img_size=16).save(tmp_path / "data")
    with pytest.raises(UserError, match="no label .* but the domain photos, expected at least 2"):
        trained(tmp_path / "data", tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.fixture(scope="module")
def parts():
    """An algorithm with odd weights, its networks, and images with labels of both kinds."""
    weights = {"lambda_cls": 2.0, "lambda_rec": 3.0, "lambda_gp": 5.0, "lambda_id": 7.0}
    algorithm = make_algorithm(dataclasses.replace(TINY, **weights), 3)
    images = np.random.default_rng(0).uniform(-1, 1, (3, 4, 16, 16, 3)).astype(np.float32)
    attributes = np.random.default_rng(1).integers(0, 2, (2, 4, 3)).astype(np.float32)
    kinds = {
        "domains": (tf.constant([0, 1, 2, 0]), tf.constant([1, 1, 0, 2])),
        "attributes": tuple(map(tf.constant, attributes)),
    }
    return algorithm.settings, algorithm.build(), images, kinds


@pytest.mark.parametrize("kind", ["domains", "attributes"])
def test_what_G_minimises(parts, kind):
    settings, networks, (x, _, _), kinds = parts
    y_org, y_trg = kinds[kind]
    common = networks, settings, x, y_org
    total, found = objectives.generator_objective(*common, y_trg, same_domain=False)
    assert set(found) == {"adv", "cls", "rec"}
    assert float(total) == pytest.approx(
        float(found["adv"] + 2 * found["cls"] + 3 * found["rec"]), rel=1e-5
    )
    both, all_found = objectives.generator_objective(*common, y_trg, same_domain=True)
    own, own_found = objectives.generator_objective(*common, y_org, same_domain=False)
    for name, value in own_found.items():
        assert float(all_found[f"{name}_same"]) == pytest.approx(float(value), rel=1e-5)
    expected = float(total + own + 7 * all_found["id"])
    assert float(both) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("kind", ["domains", "attributes"])
def test_what_D_minimises(parts, kind):
    settings, networks, (x, x_fake, x_same), kinds = parts
    D, alpha = networks["discriminator"], tf.constant([[0.1], [0.5], [0.9], [0.0]])
    x_fakes = {"": tf.constant(x_fake), "_same": tf.constant(x_same)}
    common = networks, settings, tf.constant(x), kinds[kind][0]
    total, found = objectives.discriminator_objective(*common, x_fakes, alpha)
    assert set(found) == {"real", "cls", "fake", "gp", "fake_same", "gp_same"}
    x_hat = interpolate(tf.constant(x), tf.constant(x_same), alpha)
    assert float(found["gp_same"]) == pytest.approx(
        float(gradient_penalty(lambda v: D(v).src, x_hat)), rel=1e-5
    )
    fakes, penalties = (found[n] + found[f"{n}_same"] for n in ("fake", "gp"))
    expected = 2 * found["real"] + fakes + 5 * penalties + 2 * found["cls"]
    assert float(total) == pytest.approx(float(expected), rel=1e-5)


def test_another_number_added_to_all_scores_changes_nothing(parts):
    """Else D could lower its loss without end, with images of two kinds."""
    settings, networks, (x, x_fake, x_same), kinds = parts

    class Shifted:
        def __call__(self, x):
            src, cls = networks["discriminator"](x)
            return Judgement(src + 100, cls)

    x_fakes = {"": tf.constant(x_fake), "_same": tf.constant(x_same)}
    alpha = tf.fill([4, 1], 0.5)
    given = settings, tf.constant(x), kinds["domains"][0], x_fakes, alpha
    before, _ = objectives.discriminator_objective(networks, *given)
    after, _ = objectives.discriminator_objective({"discriminator": Shifted()}, *given)
    assert float(after) == pytest.approx(float(before), abs=1e-3)


def test_validation_losses(parts):
    settings, networks, (x, _, _), kinds = parts
    algorithm, seed = make_algorithm(settings, 3), tf.constant([0, 0])
    for y, _ in kinds.values():
        found = algorithm.validation_losses(networks, tf.constant(x), y, seed)
        assert set(found) == {"val/rec", "val/id"} and float(found["val/id"]) > 0
