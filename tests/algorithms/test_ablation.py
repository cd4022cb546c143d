"""The rows between StarGAN and StarGAN v2: their losses by hand, and whole runs of each."""

import dataclasses
import json
import math

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.algorithms.ablation.multi_task import algorithm as multi_task
from stargan_tf.algorithms.registry import make_algorithm, settings_class
from stargan_tf.config.evaluate import EvaluateConfig
from stargan_tf.config.export import ExportConfig
from stargan_tf.config.sample import SampleConfig
from stargan_tf.errors import UserError
from stargan_tf.evaluation.evaluator import Evaluator
from stargan_tf.loading import load_run
from stargan_tf.sampling.sampler import sample
from stargan_tf.serving.exporter import export
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training_run import train_run
from tests.data import makers
from tests.evaluation.fakes import fake_networks
from tests.training.tiny import eagerly

OF_V2 = {"img_size": 32, "base_channels": 4, "max_conv_dim": 8}
OF_V1 = {"img_size": 16, "g_conv_dim": 4, "d_conv_dim": 4, "g_repeat_num": 1, "d_repeat_num": 2}
PREPRINT = {"mapping_shared_layers": 6, "mapping_unshared_layers": 0, "mapping_hidden_dim": 8}
B, C, D = "ablation.multi_task", "ablation.domain_styles", "ablation.latent_codes"
# By name: the algorithm and its settings, the losses of the second iteration, and the modes.
ROWS = {
    "B": (
        B,
        {**OF_V1, "n_critic": 2, "num_iters_decay": 0},
        {"D/real", "D/fake", "D/gp", "G/adv", "G/rec"},
        {"label": 1},
    ),
    "C": (C, OF_V2, {"D/real", "D/fake", "D/reg", "G/adv", "G/cyc"}, {"domain": 1}),
    "D": (
        D,
        {**OF_V2, "latent_dim": 3},
        {"D/real", "D/fake", "D/reg", "G/adv", "G/cyc", "G/sty"},
        {"latent": 2, "reference": 2},
    ),
    "preprint": ("stargan_v2", {**OF_V2, **PREPRINT}, None, {"latent": 2, "reference": 2}),
}


def settings_of(row, **changes):
    algorithm, settings, _, _ = ROWS[row]
    base = {"batch_size": 2, "total_iters": 2, "log_every": 1, "save_every": 100, "eval_every": 0}
    values = {"algorithm": algorithm, "lr": 1e-3, "sample_every": 2, **base, **settings, **changes}
    return settings_class(algorithm)(**values)


def trained(row, data_dir, root, **changes):
    config = settings_of(row, data_dir=str(data_dir), run_dir=str(root), **changes)
    config.validate()
    with eagerly():
        assert train_run(config) == 0
    return RunDir(root)


@pytest.fixture(scope="module", params=ROWS)
def runs(request, three_domains_dir, tmp_path_factory):
    """The row's name, and a run of two iterations."""
    root = tmp_path_factory.mktemp("runs") / "run"
    return request.param, trained(request.param, three_domains_dir, root)


def tensors(run):
    reader = tf.train.load_checkpoint(str(run.checkpoints))
    names = [n for n in reader.get_variable_to_shape_map() if n.startswith("state/")]
    return {name: reader.get_tensor(name) for name in names}


@pytest.mark.slow
@pytest.mark.parametrize("runs", ["B", "C", "D"], indirect=True)
def test_a_resumed_run_equals_an_unbroken_one_to_the_last_bit(runs, three_domains_dir, tmp_path):
    row, run = runs
    for total in (1, 2):
        changes = {"total_iters": total, "sample_every": 0}
        resumed = trained(row, three_domains_dir, tmp_path / "run", **changes)
    unbroken, broken = tensors(run), tensors(resumed)
    assert unbroken.keys() == broken.keys() and len(unbroken) > 50
    for name, expected in unbroken.items():
        np.testing.assert_array_equal(broken[name], expected, err_msg=name)


@pytest.mark.slow
def test_losses_and_grids(runs):
    row, run = runs
    _, _, expected, modes = ROWS[row]
    records = [json.loads(line) for line in run.metrics_file.read_text().splitlines()]
    found = [{name for name in record if name[:2] in ("D/", "G/")} for record in records]
    if expected:  # those of StarGAN v2 are tested elsewhere
        first = {name for name in expected if row != "B" or name.startswith("D/")}
        assert found == [first, expected]
    psis = ("_psi_0.5", "_psi_0.7", "_psi_1.0")
    kinds = {m + psi for m in modes for psi in (psis if m == "latent" else ("",))} | {"cycle"}
    assert {p.stem for p in run.samples.iterdir()} == {
        f"{s}_{k}" for s in ("000000", "000002") for k in kinds
    }


@pytest.mark.slow
def test_it_samples(runs, tmp_path):
    row, run = runs
    (tmp_path / "x.png").write_bytes(makers.encoded(makers.pixels(1)))
    config = SampleConfig(run_dir=".", src=str(tmp_path / "x.png"), images_only=True)
    config = dataclasses.replace(config, out=str(tmp_path / "out"), num_outputs=1)
    sample(config, load_run(run.root))
    style = "seed7_0" if "latent" in ROWS[row][3] else "style"
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {f"x__to_{domain}__{style}.png" for domain in ("cat", "dog", "wild")}


@pytest.mark.slow
def test_it_is_evaluated(runs, three_domains_dir, tmp_path):
    row, run = runs
    config = EvaluateConfig(run_dir=str(run.root), data_dir=str(three_domains_dir))
    config = dataclasses.replace(config, num_outs_per_domain=2)
    evaluator = Evaluator(config, three_domains_dir, tmp_path, fake_networks())
    results = evaluator.evaluate(load_run(run.root))
    for mode, outputs in ROWS[row][3].items():
        assert results[f"FD_mean_colours_{mode}/mean"] > 0
        assert (f"PD_pixels_{mode}/mean" in results) == (outputs > 1)


@pytest.mark.slow
@pytest.mark.parametrize("runs", ["C", "D"], indirect=True)  # B draws as StarGAN does
def test_it_is_exported(runs, three_domains_dir, tmp_path):
    row, run = runs
    model = load_run(run.root, in_float32=True)
    config = ExportConfig(
        run_dir=str(run.root),
        data_dir=str(three_domains_dir),
        out=str(tmp_path / "pets"),
        tflite_types=("float32",),
    )
    said = export(config, model)
    assert "pets version 1" in said.summary and not said.rejected
    names = {signature.name for signature in model.trained.algorithm.signatures()}
    assert {"C": "translate_domain", "D": "translate_latent"}[row] in names


def test_weights_with_a_row_for_each_domain():
    """Those of C come over from a run of other domains; B and D have others that differ."""
    two, five = (make_algorithm(settings_of("C"), number) for number in (2, 5))
    for name, network in two.build().items():
        layers = two.domain_layers.get(name, ())
        known = {id(v) for layer in layers for v in getattr(network, layer).variables}
        for here, there in zip(network.variables, five.build()[name].variables, strict=True):
            assert (here.shape != there.shape) == (id(here) in known), here.name
    assert not make_algorithm(settings_of("B"), 2).domain_layers
    assert not make_algorithm(settings_of("D"), 2).domain_layers


@pytest.mark.parametrize(
    ("row", "changes", "message"),
    [
        ("B", {"n_critic": 0}, "Found --n_critic=0, expected at least 1"),
        ("B", {"img_size": 18}, "Found --img_size=18, expected a multiple of 4"),
        ("C", {"img_size": 48}, "Found --img_size=48, expected a power of two"),
        ("C", {"style_dim": 2**17}, "Found --style_dim=131072, expected at most 65536"),
        ("D", {"latent_dim": 0}, "Found --latent_dim=0, expected at least 1"),
        ("D", {"lambda_sty": -1.0}, "Found --lambda_sty=-1.0, expected 0 or more"),
        ("preprint", {"mapping_shared_layers": 0}, "Found --mapping_shared_layers=0, expected a"),
        ("preprint", {"mapping_unshared_layers": 65}, "mapping_unshared_layers=65, expected a"),
    ],
)
def test_wrong_settings_are_said(row, changes, message):
    with pytest.raises(UserError, match=message):
        settings_of(row, data_dir="data", run_dir="run", **changes).validate()


@pytest.mark.parametrize("row", ["B", "C", "D"])
def test_attributes_are_rejected(row, faces_dir, tmp_path):
    config = settings_of(row, data_dir=str(faces_dir), run_dir=str(tmp_path / "run"))
    with pytest.raises(UserError, match=rf"the attributes .*{ROWS[row][0]} needs domains"):
        train_run(config)


@pytest.mark.parametrize(
    ("row", "setting", "expected"),
    [
        ("B", "lambda_cls", False),  # it has no classifier
        ("B", "lambda_gp", True),
        ("C", "lambda_sty", False),
        ("D", "lambda_sty", True),
        ("D", "lambda_ds", False),
    ],
)
def test_settings_are_those_that_count(row, setting, expected):
    assert hasattr(settings_of(row), setting) == expected


class Recorder:
    """Takes down which networks are stepped, and steps none."""

    gradient_scale = 1.0

    def __init__(self):
        self.stepped = []

    def __call__(self, objective, *networks):
        self.stepped.append(networks)
        return objective().losses


@pytest.mark.parametrize(
    ("row", "updates", "stepped"),
    [
        ("B", ("D",), [("discriminator",)]),
        ("B", ("D", "G"), [("discriminator",), ("generator",)]),
        ("C", ("all",), [("discriminator",), ("generator", "domain_styles")]),
        ("D", ("all",), [("discriminator",), ("generator", "latent_encoder")]),
    ],
)
def test_which_networks_an_update_steps(row, updates, stepped):
    algorithm = make_algorithm(settings_of(row), 2)
    side, recorder = algorithm.settings.img_size, Recorder()
    kinds = {
        "image": tf.zeros([2, side, side, 3]),
        "label": tf.constant([0, 1]),
        "uniform": tf.fill([2, 1], 0.5),
        "normal": tf.ones([2, 3]),
    }
    batch = {draw.name: kinds[draw.kind] for draw in algorithm.draws()}
    algorithm.step(algorithm.build(), batch, {}, updates, recorder)
    assert recorder.stepped == stepped


@pytest.mark.parametrize(
    ("row", "expected"),
    [("B", {"val/rec", "val/id"}), ("C", {"val/cyc"}), ("D", {"val/cyc"})],
)
def test_validation_losses(row, expected):
    algorithm = make_algorithm(settings_of(row), 3)
    side = algorithm.settings.img_size
    x = tf.random.stateless_uniform([2, side, side, 3], [1, 2], -1, 1)
    given = algorithm.build(), x, tf.constant([0, 2]), tf.constant([0, 1])
    first, second = algorithm.validation_losses(*given), algorithm.validation_losses(*given)
    assert set(first) == expected
    assert all(float(first[name]) == float(second[name]) > 0 for name in expected)


@pytest.mark.parametrize("row", ["B", "C", "D"])
def test_networks_take_the_inputs_that_are_named(row):
    algorithm = make_algorithm(settings_of(row), 3)
    networks = algorithm.build()
    for name, specs in algorithm.network_inputs(2).items():
        networks[name](*(tf.zeros(spec.shape, spec.dtype) for spec in specs))
    assert ("latent_encoder" in algorithm.network_inputs(2)) == (row == "D")


def images(*values):
    """Of one pixel each, all of whose channels have a value: [N, 1, 1, 3]."""
    return tf.reshape(tf.repeat(tf.constant(values, tf.float32), 3), [-1, 1, 1, 3])


def level(x):
    """Mean of each image, [N]."""
    return tf.reduce_mean(x, axis=[1, 2, 3])


def test_what_D_minimises_in_B():
    """D(x, y) is 2 or 3 times the sum over an image of domain 0 or 1, so is its gradient."""
    factors = tf.constant([2.0, 3.0])

    def discriminator(x, y):
        return tf.reshape(tf.gather(factors, y) * 3 * level(x), [-1, 1, 1])

    settings = settings_of("B", lambda_gp=5.0)
    total, losses = multi_task.discriminator_objective(
        {"discriminator": discriminator},
        settings,
        images(1, 1),
        images(0.5, 0.5),
        tf.constant([0, 1]),
        tf.constant([[0.25], [0.75]]),
    )
    root = math.sqrt(3)
    gp = ((2 * root - 1) ** 2 + (3 * root - 1) ** 2) / 2
    expected = {"real": -(6 + 9) / 2, "fake": (3 + 4.5) / 2, "gp": gp}
    assert {n: float(v) for n, v in losses.items()} == pytest.approx(expected, rel=1e-5)
    assert float(total) == pytest.approx(-7.5 + 3.75 + 5 * gp, rel=1e-5)


def test_what_G_minimises_in_B():
    class HalfAndOne:
        """Half the image, and 1 for domain 0."""

        num_labels = 2

        def __call__(self, x, c):
            return x / 2 + tf.reshape(c[:, 0], [-1, 1, 1, 1])

    def discriminator(x, y):
        return tf.reshape((tf.cast(y, tf.float32) + 2) * 3 * level(x), [-1, 1, 1])

    networks = {"generator": HalfAndOne(), "discriminator": discriminator}
    y_org, y_trg = tf.constant([1, 0]), tf.constant([0, 1])
    total, losses = multi_task.generator_objective(
        networks, settings_of("B", lambda_rec=3.0), images(1, 1), y_org, y_trg
    )
    # x_fake is 1.5 and 0.5, of scores 9 and 4.5; x_rec is 0.75 and 1.25.
    expected = {"adv": -6.75, "rec": 0.25}
    assert {n: float(v) for n, v in losses.items()} == pytest.approx(expected)
    assert float(total) == pytest.approx(-6.75 + 3 * 0.25)


def softplus(x):
    return math.log1p(math.exp(x))


def test_what_G_minimises_in_C():
    """A code is one number here, which G adds to the image."""
    styles = tf.constant([[1.0], [2.0]])
    networks = {
        "generator": lambda x, code: x + tf.reshape(code[:, 0], [-1, 1, 1, 1]),
        "domain_styles": lambda y: tf.gather(styles, y),
        "discriminator": lambda x, y: level(x) * tf.cast(y + 1, tf.float32),
    }
    algorithm = make_algorithm(settings_of("C", lambda_cyc=3.0), 2)
    batch = {"x_real": images(0, -1), "y_org": tf.constant([1, 0]), "y_trg": tf.constant([0, 1])}
    x_fake, (total, losses) = algorithm.generator_objective(networks, batch)
    # x_fake is 1 and 1, of logits 1 and 2; x_rec is 3 and 2, each 3 away from the source.
    np.testing.assert_array_equal(level(x_fake), [1, 1])
    adv = (softplus(-1) + softplus(-2)) / 2
    assert {n: float(v) for n, v in losses.items()} == pytest.approx({"adv": adv, "cyc": 3})
    assert float(total) == pytest.approx(adv + 3 * 3)


def test_what_G_minimises_in_D():
    """G adds the first number of z, and 2 for domain 1; E finds the level, and 0."""

    def generator(x, code):
        return x + tf.reshape(code[:, 0] + 2 * code[:, 3], [-1, 1, 1, 1])

    def encoder(x, y):
        assert y.numpy().tolist() == [0, 0]  # its one head
        return tf.stack([level(x), tf.zeros(2)], axis=1)

    networks = {
        "generator": generator,
        "latent_encoder": encoder,
        "discriminator": lambda x, y: level(x) * tf.cast(y + 1, tf.float32),
    }
    settings = settings_of("D", latent_dim=2, lambda_cyc=3.0, lambda_sty=5.0)
    batch = {
        "x_real": images(0, 0),
        "y_org": tf.constant([1, 0]),
        "y_trg": tf.constant([0, 1]),
        "z_trg": tf.constant([[1.0, 0.0], [-1.0, 2.0]]),
    }
    x_fake, (total, losses) = make_algorithm(settings, 2).generator_objective(networks, batch)
    # x_fake is 1 and -1 + 2; E finds (1, 0) in both, (0, 0) in the sources; x_rec is 1 + 2 and 1.
    np.testing.assert_array_equal(level(x_fake), [1, 1])
    adv = (softplus(-1) + softplus(-2)) / 2
    expected = {"adv": adv, "cyc": 2, "sty": (0 + 0 + 2 + 2) / 4}
    assert {n: float(v) for n, v in losses.items()} == pytest.approx(expected)
    assert float(total) == pytest.approx(adv + 3 * 2 + 5 * 1)
