"""What ModelEvaluator measures, and how it blesses."""

import json

import pytest
from tfx.components.util import model_utils
from tfx.types.standard_artifacts import Examples, Model, ModelBlessing, ModelEvaluation

from pipeline.components import model_evaluator
from pipeline.components.model_evaluator import ModelEvaluator
from pipeline.config import PipelineConfig
from stargan_tf.errors import UserError
from stargan_tf.evaluation import measuring
from stargan_tf.labels import LabelSet, to_json
from stargan_tf.serving.model_info import ModelInfo
from tests.evaluation.fakes import fake_networks
from tests.pipeline.artifacts import artifact, examples_of, model_of, run_component
from tests.serving.exports import DOMAINS, export_stargan


@pytest.fixture(scope="module")
def examples(three_domains_dir, tmp_path_factory):
    uri = examples_of(three_domains_dir, tmp_path_factory.mktemp("examples") / "1")
    return artifact(Examples, uri)


@pytest.fixture(scope="module")
def model(exported, tmp_path_factory):
    uri = model_of(exported.base / "1", tmp_path_factory.mktemp("models") / "11")
    return artifact(Model, uri, 11)


@pytest.fixture(autouse=True)
def small_networks(monkeypatch):
    """Notes with which settings networks were loaded."""
    configs = []

    def load(config):
        configs.append(config)
        return fake_networks()

    monkeypatch.setattr(measuring, "load_measuring_networks", load)
    return configs


class Evaluation:
    """What came of one execution."""

    def __init__(self, root, examples, model, baseline=None, **parameters):
        self.root = root / "evaluation"
        evaluation = artifact(ModelEvaluation, self.root)
        self.blessing = artifact(ModelBlessing, root / "blessing")
        inputs = {"examples": examples, "model": model, "baseline_model": baseline}
        outputs = {"evaluation": evaluation, "blessing": self.blessing}
        run_component(ModelEvaluator, inputs, outputs, **{"num_outs": 2, **parameters})

    def read(self, name):
        return json.loads((self.root / name).read_text())

    def text(self, name):
        return self.blessing.get_string_custom_property(name)


def test_the_first_model_is_measured_against_thresholds_alone(examples, model, tmp_path):
    found = Evaluation(tmp_path, examples, model)
    assert model_utils.is_model_blessed(found.blessing)
    assert [path.name for path in (tmp_path / "blessing").iterdir()] == ["BLESSED"]
    assert found.blessing.get_int_custom_property("current_model_id") == 11
    assert found.text("current_model") == model.uri
    assert not found.blessing.has_custom_property("baseline_model_id")
    metrics, verdict = found.read("metrics.json"), found.read("verdict.json")
    assert len([key for key in metrics if key.startswith("FD_mean_colours_latent/")]) == 6 + 1
    expected = metrics["FD_mean_colours_reference/mean"]
    assert verdict["figures"]["FD_mean_colours_reference"] == expected
    assert (verdict["blessed"], verdict["baseline"]) == (True, None)
    assert "random styles" in (found.root / "table.txt").read_text()


def test_a_model_that_misses_a_threshold_is_not_blessed(examples, model, tmp_path):
    found = Evaluation(tmp_path, examples, model, min_diversity=1e6)
    assert not model_utils.is_model_blessed(found.blessing)
    assert found.blessing.get_int_custom_property("blessed") == 0
    reasons = (tmp_path / "blessing" / "NOT_BLESSED").read_text()
    assert reasons == found.text("reasons") == "; ".join(found.read("verdict.json")["reasons"])
    assert reasons.startswith("PD_pixels_latent (random styles) is ")
    assert "below --min_diversity=1e+06; PD_pixels_reference" in reasons


def test_both_models_are_measured_on_the_same_terms(examples, model, tmp_path):
    """So a model is exactly as good as itself."""
    work = tmp_path / "work"
    options = {"working_dir": str(work), "max_worsening": 0.0, "num_sources": 4}
    found = Evaluation(tmp_path, examples, model, baseline=model, **options)
    verdict = found.read("verdict.json")
    assert verdict["baseline"] == verdict["figures"]
    assert model_utils.is_model_blessed(found.blessing)
    assert found.blessing.get_int_custom_property("baseline_model_id") == 11
    assert (found.root / "baseline" / "metrics.json").is_file()
    assert any((work / "data" / "cache").iterdir())


def test_networks_are_those_of_the_settings(examples, model, tmp_path, small_networks):
    weights = tmp_path / "inception.h5"
    weights.touch()
    config = PipelineConfig(features="inception_keras", inception_weights=str(weights))
    networks = json.dumps(config.measuring_settings())
    Evaluation(tmp_path, examples, model, networks=networks, num_sources=4)
    (found,) = small_networks
    assert found.measuring_settings() == config.measuring_settings()
    assert (found.features, found.inception_weights) == ("inception_keras", str(weights))


def test_missing_weights_are_told_before_the_work(examples, model, tmp_path, small_networks):
    networks = json.dumps({"features": "inception", "inception_weights": "no.pth"})
    with pytest.raises(UserError, match=r"--inception_weights=no\.pth is not a file"):
        Evaluation(tmp_path, examples, model, networks=networks)
    assert not small_networks


def canned(distances):
    """`_measure` with distances by the folder's name above Format-Serving."""

    def measure(evaluator, model):
        distance = distances[model.parent.name]
        modes = {"latent": "random styles", "reference": "styles of references"}
        metrics = {
            f"{name}_{mode}/mean": value
            for name, value in (
                ("FD_mean_colours", distance),
                ("PD_pixels", 0.1),
                ("accuracy", 0.5),
            )
            for mode in modes
        }
        return metrics | {"about": {"modes": modes}}

    return measure


def other_model(exported, uri, number, **changes):
    """The exported model with another description."""
    folder = model_of(exported.base / "1", uri) / "Format-Serving"
    path = folder / "assets" / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return artifact(Model, uri, number)


def test_a_model_that_got_worse_is_not_blessed(examples, model, exported, tmp_path, monkeypatch):
    (tmp_path / "evaluation").mkdir()
    monkeypatch.setattr(model_evaluator, "_measure", canned({"11": 2.0, "9": 1.0}))
    baseline = other_model(exported, tmp_path / "9", 9)
    found = Evaluation(tmp_path, examples, model, baseline)
    assert not model_utils.is_model_blessed(found.blessing)
    assert "is 2 after 1 of the latest good model" in found.text("reasons")
    assert found.text("summary") == "FD 2 (1), diversity 0.1 (0.1), accuracy 0.5 (0.5)"
    assert found.blessing.get_int_custom_property("baseline_model_id") == 9
    assert found.text("baseline_model") == baseline.uri


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        (
            {
                "domains": ["cat", "dog", "wolf"],
                "label_sets": to_json([LabelSet(("cat", "dog", "wolf"), False)]),
            },
            "other domains (cat, dog, wolf)",
        ),
        (
            {"modes": [{"name": "label", "source": "nothing", "title": "translations"}]},
            "other ways to make styles (translations)",
        ),
        ({"img_size": 64}, "images of another size (64)"),
    ],
)
def test_a_model_of_other_images_is_no_baseline(
    examples, model, exported, tmp_path, monkeypatch, changes, note
):
    assert ModelInfo.of_saved_model(exported.base / "1").domains == DOMAINS
    (tmp_path / "evaluation").mkdir()
    monkeypatch.setattr(model_evaluator, "_measure", canned({"11": 2.0}))
    baseline = other_model(exported, tmp_path / "9", 9, **changes)
    found = Evaluation(tmp_path, examples, model, baseline)
    assert model_utils.is_model_blessed(found.blessing)
    verdict = found.read("verdict.json")
    assert verdict["notes"] == [f"The latest good model has {note}, so there is no comparison."]
    assert verdict["baseline"] is None


@pytest.mark.slow
def test_a_model_without_random_styles_has_no_diversity_to_miss(
    examples, three_domains_dir, tmp_path
):
    """It is measured, and judged by what it has: its one output of an image differs from none."""
    made = export_stargan(tmp_path, formats=("saved_model",), data_dir=str(three_domains_dir))
    model = artifact(Model, model_of(made.base / "1", tmp_path / "12"), 12)
    limits = {"min_diversity": 1e6, "max_distance": 1e6}
    found = Evaluation(tmp_path, examples, model, **limits)
    assert model_utils.is_model_blessed(found.blessing)
    assert set(found.read("verdict.json")["figures"]) == {
        "FD_mean_colours_label",
        "accuracy_label",
    }
    worse = Evaluation(tmp_path / "worse", examples, model, max_distance=1e-9)
    assert "FD_mean_colours_label (translations) is" in worse.text("reasons")
