"""Every command takes runs and exported models of an earlier version and of other packages."""

import dataclasses
import io
import json
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from stargan_tf.config.evaluate import EvaluateConfig
from stargan_tf.config.export import ExportConfig
from stargan_tf.config.sample import SampleConfig
from stargan_tf.evaluation.evaluator import Evaluator
from stargan_tf.loading import load_model, load_run
from stargan_tf.sampling.sampler import sample
from stargan_tf.serving.client import Client
from stargan_tf.serving.exporter import export
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training_run import train_run
from tests.devserver.running import running_server
from tests.evaluation.fakes import fake_networks

STORED = Path(__file__).parent / "stored"
IMAGES = STORED / "images"
DATA = STORED / "data"


class Stored(NamedTuple):
    folder: Path
    model: str  # the name of the exported model

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def exported(self) -> Path:
        return self.folder / "models" / self.model / "1"

    @property
    def places(self) -> dict[str, dict[str, str]]:
        """Where either kind of trained model is, in arguments of load_model."""
        return {
            "run": {"run_dir": str(self.run), "saved_model": ""},
            "export": {"run_dir": "", "saved_model": str(self.exported)},
        }

    @property
    def drawn(self) -> np.ndarray:
        return np.asarray(Image.open(self.folder / "drawn.png"), np.int32)


# Slow: the modern lane, which leaves out slow tests, need not show that it reads its own files.
@pytest.fixture(params=["old_version", pytest.param("modern_lane", marks=pytest.mark.slow)])
def stored(request):
    folder = STORED / request.param
    return Stored(folder, request.param.partition("_")[0])


@pytest.fixture
def run(stored, tmp_path):
    """A copy of the run, which tests may change."""
    return RunDir(shutil.copytree(stored.run, tmp_path / "run"))


def settings_of(run, **changes):
    places = {"data_dir": str(DATA), "run_dir": str(run.root)}
    return dataclasses.replace(run.read().config, **{**places, **changes})


def records(run):
    return [json.loads(line) for line in run.metrics_file.read_text().splitlines()]


def drawn(model, out):
    """What a model draws of the source in the reference's style, [R, R, 3]."""
    config = SampleConfig(
        run_dir=".",
        src=str(IMAGES / "cat.png"),
        ref=str(IMAGES / "dog.png"),
        target_domain="dog",
        images_only=True,
        out=str(out),
    )
    sample(config, model)
    (translation,) = out.iterdir()
    return np.asarray(Image.open(translation), np.int32)


def test_the_run_is_one_of_stargan_v2(run):
    assert run.read().config.algorithm == "stargan_v2"


def test_it_resumes_as_if_its_makers_had_resumed_it(stored, run):
    """To what their operations rounded differently, of another version or in another lane.

    The first iteration shows that every weight came over. Its update already differs, in weights
    whose gradient is 0 but for rounding (biases that instance normalisation takes out again):
    Adam, with beta1 = 0, makes a whole step of whatever is left.
    """
    assert train_run(settings_of(run, total_iters=5)) == 0
    expected = json.loads((stored.folder / "resumed_metrics.json").read_text())
    found = records(run)[-len(expected) :]
    for old, new, tolerance in zip(expected, found, (1e-5, 1e-2), strict=True):
        assert old.keys() <= new.keys()
        for name, value in old.items():
            assert new[name] == pytest.approx(value, rel=tolerance), name


def test_another_run_starts_from_it(run, tmp_path):
    config = settings_of(run, run_dir=str(tmp_path / "new"), warm_start=str(run.root))
    config = dataclasses.replace(config, total_iters=0)
    assert train_run(config) == 0
    old, new = (load_run(folder).trained.networks for folder in (run.root, config.run_dir))
    for name, network in old.items():
        for a, b in zip(network.get_weights(), new[name].get_weights(), strict=True):
            np.testing.assert_array_equal(a, b, err_msg=name)


def test_run_and_export_draw_what_they_drew(stored, tmp_path):
    for name, places in stored.places.items():
        found = drawn(load_model(**places), tmp_path / name)
        assert np.abs(found - stored.drawn).max() <= 1, name


def test_run_and_export_are_evaluated_alike(stored, tmp_path):
    metrics = []
    for name, places in stored.places.items():
        config = EvaluateConfig(data_dir=str(DATA), num_outs_per_domain=2, **places)
        evaluator = Evaluator(config, DATA, tmp_path / name, fake_networks())
        metrics.append(evaluator.evaluate(load_model(**places)))
    assert metrics[0]["about"]["modes"].keys() == {"latent", "reference"}
    for key, value in metrics[0].items():
        if key != "about":
            assert metrics[1][key] == pytest.approx(value, rel=0.02, abs=1e-3), key


@pytest.mark.slow
def test_the_run_can_be_exported(stored, tmp_path):
    config = ExportConfig(
        run_dir=str(stored.run),
        data_dir=str(DATA),
        out=str(tmp_path / "pets"),
        tflite_types=("float32",),
    )
    assert "pets version 1" in export(config, load_run(config.run_dir, in_float32=True)).summary
    places = {"old": stored.exported, "new": tmp_path / "pets" / "1"}
    old, new = (drawn(load_model("", str(m)), tmp_path / name) for name, m in places.items())
    assert np.abs(old - new).max() <= 1


@pytest.mark.slow
def test_the_export_is_served(stored):
    image, reference = ((IMAGES / name).read_bytes() for name in ("cat.png", "dog.png"))
    with running_server(stored.folder / "models") as server:
        with Client(f"http://127.0.0.1:{server.rest_port}", model=stored.model) as client:
            client.wait_until_ready(60)
            png = client.translate_reference(image, reference, "dog")
    found = np.asarray(Image.open(io.BytesIO(png)), np.int32)
    assert np.abs(found - stored.drawn).max() <= 1
