"""The protocol as a whole, with painters in place of trained networks."""

import json

import numpy as np
import pytest

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.config.evaluate import EvaluateConfig
from stargan_tf.errors import UserError
from stargan_tf.evaluation import evaluator as evaluator_module
from stargan_tf.evaluation.evaluator import Evaluated, Evaluator
from stargan_tf.evaluation.real_images import real_images
from tests.data import makers
from tests.evaluation.fakes import MeanColours, Painter, PixelDistance

DOMAINS = ("cat", "dog")
COLOURS = {0: np.array([-0.5, 0.0, 0.0]), 1: np.array([0.5, 0.0, 0.2])}
TRAIN = StarGANv2Settings(img_size=8, latent_dim=4)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """Enough images for every figure."""
    root = tmp_path_factory.mktemp("evaluation")
    counts = {f"{s}/{d}": n for s, n in (("train", 12), ("val", 6)) for d in DOMAINS}
    source = makers.folder(root / "source", counts)
    makers.prepared(root / "data", source="folder", input_dir=str(source))
    return root / "data"


@pytest.fixture
def make(data_dir, tmp_path):
    def make_evaluator(network=None, **settings):
        config = EvaluateConfig(run_dir=".", **{"num_outs_per_domain": 3, **settings})
        config.validate()
        return Evaluator(
            config, data_dir, tmp_path / "out", network or MeanColours(), PixelDistance()
        )

    return make_evaluator


def evaluated(painter=None, **changes):
    values = {
        "sizes": TRAIN,
        "domains": DOMAINS,
        "translations": painter or Painter(COLOURS),
        "checkpoint": "iteration-5",
        "step": 5,
    }
    return Evaluated(**{**values, **changes})


def test_every_figure_of_every_pair(make, tmp_path):
    results = make().evaluate(evaluated())
    kinds = ["FD_mean_colours", "KD_mean_colours", "accuracy", "precision", "recall"]
    expected = {
        f"{kind}_{mode}/{pair}"
        for kind in kinds
        for mode in ("latent", "reference", "source")
        for pair in ("cat2dog", "dog2cat", "mean")
    }
    expected |= {f"{kind}_real/{name}" for kind in kinds for name in (*DOMAINS, "mean")}
    expected |= {
        f"PD_pixels_{mode}/{pair}"
        for mode in ("latent", "reference")
        for pair in ("cat2dog", "dog2cat", "mean")
    }
    assert set(results) == expected | {"about"}
    assert all(np.isfinite(value) for key, value in results.items() if key != "about")
    assert json.loads((tmp_path / "out" / "metrics.json").read_text()) == results
    assert "mean_colours" in (tmp_path / "out" / "table.txt").read_text()
    about = results["about"]
    assert about["features"] == "mean_colours" and about["step"] == 5
    assert about["validation_images"] == {"cat": 6, "dog": 6}


def test_the_same_command_gives_the_same_figures(make, tmp_path):
    first = make().evaluate(evaluated())
    for file in (tmp_path / "out" / "tasks").iterdir():
        file.unlink()
    assert make().evaluate(evaluated()) == first


def test_modes_and_number_of_sources(make):
    painter = Painter(COLOURS)
    results = make(modes=("latent",), max_sources=4).evaluate(evaluated(painter))
    assert not [key for key in results if "_reference/" in key]
    assert painter.calls == [("random", 1, 12), ("random", 0, 12)]


def test_an_interrupted_evaluation_goes_on_where_it_was(make, monkeypatch):
    done = []

    def interrupted(task, *arguments):
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(task.name)
        return measure(task, *arguments)

    measure = evaluator_module.measure
    monkeypatch.setattr(evaluator_module, "measure", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make().evaluate(evaluated())
    monkeypatch.setattr(
        evaluator_module, "measure", lambda task, *a: done.append(task.name) or measure(task, *a)
    )
    results = make().evaluate(evaluated())
    assert len(done) == 6 and len(set(done)) == 6
    assert results == make().evaluate(evaluated()) and len(done) == 6


@pytest.mark.parametrize(
    ("settings", "changes"),
    [
        ({}, {"checkpoint": "iteration-6"}),
        ({"seed": 8}, {}),
        ({"num_outs_per_domain": 2}, {}),
        ({"max_sources": 4}, {}),
    ],
)
def test_results_of_other_settings_are_not_taken(make, settings, changes):
    first, second = Painter(COLOURS), Painter(COLOURS)
    make(modes=("latent",)).evaluate(evaluated(first))
    make(modes=("latent",), **settings).evaluate(evaluated(second, **changes))
    assert first.calls and second.calls


def test_kept_images(make, tmp_path):
    make(modes=("latent",), max_sources=4, keep_images=True).evaluate(evaluated())
    folder = tmp_path / "out" / "images" / "latent" / "cat2dog"
    assert len(list(folder.iterdir())) == 4 * 3


def test_real_features_are_computed_once(data_dir, tmp_path):
    options = {"img_size": 8, "cache_dir": tmp_path / "cache"}
    networks = [MeanColours(), MeanColours()]
    first, again = (
        real_images(data_dir, "train", "dog", network=network, **options) for network in networks
    )
    assert [network.seen for network in networks] == [12, 0]
    np.testing.assert_array_equal(first.rows, again.rows)
    np.testing.assert_array_equal(first.statistics.covariance, again.statistics.covariance)
    np.testing.assert_allclose(first.statistics.mean, first.rows.mean(axis=0), atol=1e-6)
    for file in (tmp_path / "cache").iterdir():
        file.write_bytes(file.read_bytes()[:50])  # damaged: computed again
    third = real_images(data_dir, "train", "dog", network=networks[1], **options)
    assert networks[1].seen == 12
    np.testing.assert_array_equal(first.rows, third.rows)


def test_domains_of_another_run(make):
    with pytest.raises(UserError, match="Found the domains cat, dog .* expected those of the run"):
        make().evaluate(evaluated(domains=("dog", "cat")))


def test_one_image_is_too_few(tmp_path):
    counts = {"train/cat": 4, "train/dog": 1, "val/cat": 4, "val/dog": 4}
    source = makers.folder(tmp_path / "source", counts)
    makers.prepared(tmp_path / "data", source="folder", input_dir=str(source))
    config = EvaluateConfig(run_dir=".")
    evaluator = Evaluator(
        config, tmp_path / "data", tmp_path / "out", MeanColours(), PixelDistance()
    )
    with pytest.raises(UserError, match="1 images of domain dog in split train .* at least 4"):
        evaluator.evaluate(evaluated())


def test_too_few_sources(make):
    with pytest.raises(UserError, match="Found 3 validation images of domain cat .* at least 4"):
        make(max_sources=3).evaluate(evaluated())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"run_dir": ""}, "no --run_dir"),
        ({"run_dir": "missing"}, "missing is not a folder"),
        ({"modes": ("random",)}, "--modes=random, expected some of latent, reference"),
        ({"modes": ()}, "--modes=, expected"),
        ({"alexnet_weights": "a.pth"}, "expected both or neither"),
        ({"num_outs_per_domain": 1}, "--num_outs_per_domain=1, expected at least 2"),
        ({"batch_size": 0}, "--batch_size=0, expected at least 1"),
        ({"max_sources": -1}, "--max_sources=-1, expected at least 0"),
    ],
)
def test_settings_that_are_wrong(values, words):
    with pytest.raises(UserError, match=words):
        EvaluateConfig(**{"run_dir": ".", **values}).validate()
