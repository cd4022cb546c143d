"""A canary blesses what loads and answers in a clean process, and says what is wrong otherwise."""

import json
import re
import shutil

import numpy as np
import pytest
import tensorflow as tf
from tfx.components.util import model_utils
from tfx.types.standard_artifacts import Examples, InfraBlessing, Model

from pipeline.components import canary, canary_process
from pipeline.components.canary import Canary, first_images
from stargan_tf.errors import UserError
from tests.data import makers
from tests.pipeline.artifacts import artifact, examples_of, model_of, run_component
from tests.serving.exports import export_joint
from tests.source_tree import imports

INFO = {
    "img_size": 8,
    "style_dim": 3,
    "domains": ["cat", "dog"],
    "signatures": {
        "paint": {"inputs": {"psi": "fraction"}, "output": {"image": "image"}},
        "translate_style": {"inputs": {"style_code": "code"}, "output": {"image": "image"}},
    },
}
IMAGES = [makers.encoded(makers.pixels(seed, 40, 50)) for seed in range(2)]


@pytest.fixture(scope="module")
def examples(three_domains_dir, tmp_path_factory):
    return examples_of(three_domains_dir, tmp_path_factory.mktemp("examples") / "1")


def blessing_of(model, examples, folder, **parameters):
    blessing = artifact(InfraBlessing, folder)
    inputs = {"model": artifact(Model, model), "examples": artifact(Examples, examples)}
    run_component(Canary, inputs, {"blessing": blessing}, **{"time_limit": 300, **parameters})
    return blessing


@pytest.mark.slow
def test_a_good_model_is_blessed(exported, examples, tmp_path):
    model = model_of(exported.base / "1", tmp_path / "model")
    blessing = blessing_of(model, examples, tmp_path / "blessing")
    assert model_utils.is_infra_validated(blessing)
    assert [path.name for path in (tmp_path / "blessing").iterdir()] == ["INFRA_BLESSED"]


@pytest.mark.slow
def test_a_model_that_does_not_load_is_not(exported, examples, tmp_path):
    model = model_of(exported.base / "1", tmp_path / "model")
    shutil.rmtree(model / "Format-Serving" / "variables")
    blessing = blessing_of(model, examples, tmp_path / "blessing")
    assert not model_utils.is_infra_validated(blessing)
    reason = (tmp_path / "blessing" / "INFRA_NOT_BLESSED").read_text()
    assert reason == blessing.get_string_custom_property("reason")
    assert "does not work in a process of its own" in reason and "variables" in reason
    assert "\n" not in reason


def test_a_model_that_hangs_is_given_up(exported, examples, tmp_path):
    model = model_of(exported.base / "1", tmp_path / "model")
    blessing = blessing_of(model, examples, tmp_path / "blessing", time_limit=1)
    reason = blessing.get_string_custom_property("reason")
    assert reason == "The exported model did not load and answer within 1 seconds."


@pytest.mark.slow
def test_a_model_of_another_algorithm_is_blessed(toy_export, examples, tmp_path):
    model = model_of(toy_export.base / "1", tmp_path / "model")
    blessing = blessing_of(model, examples, tmp_path / "blessing")
    assert model_utils.is_infra_validated(blessing)


@pytest.mark.slow
def test_a_model_whose_labels_are_sent_is_blessed(examples, tmp_path):
    made = export_joint(tmp_path / "models", formats=("saved_model",))
    model = model_of(made.base / "1", tmp_path / "model")
    assert model_utils.is_infra_validated(blessing_of(model, examples, tmp_path / "blessing"))


class Half(tf.Module):
    """A model of one signature, which gives what it takes."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def serve(self, psi):
        return {"image": psi}


@pytest.mark.parametrize(
    ("info", "names", "words"),
    [
        (INFO, ["serving_default"], "it lacks the signatures paint, paint_float, translate_style"),
        (
            {**INFO, "signatures": {"paint": {"inputs": {}, "output": {"image": "image"}}}},
            ["serving_default", "paint", "paint_float"],
            "serving_default takes psi, of which its model.json knows nothing",
        ),
        (
            {**INFO, "signatures": {"paint": INFO["signatures"]["paint"]}},
            ["serving_default", "paint", "paint_float"],
            "serving_default gave numbers of shape (2,), expected (2, 8, 8, 3)",
        ),
        (
            {**INFO, "signatures": {"paint": {"inputs": {"psi": "smell"}, "output": {}}}},
            ["serving_default", "paint", "paint_float"],
            "its model.json has an input of the unknown kind smell",
        ),
        ({"img_size": 8}, ["serving_default"], "its model.json lists no signatures"),
    ],
    ids=["signature", "input", "output", "kind", "old"],
)
def test_what_does_not_fit_model_json_is_named(info, names, words, tmp_path):
    model, images = tmp_path / "model", tmp_path / "images"
    half = Half()
    tf.saved_model.save(half, str(model), signatures=dict.fromkeys(names, half.serve))
    (model / "assets" / "model.json").write_text(json.dumps(info))
    images.mkdir()
    for number, image in enumerate(IMAGES):
        (images / f"{number}.image").write_bytes(image)
    with pytest.raises(SystemExit) as ended:
        canary_process.main(model, images)
    assert words in ended.value.code


def test_the_process_knows_tensorflow_alone():
    tops = {i.top for i in imports("pipeline/components/canary_process.py")}
    assert tops == {"numpy", "tensorflow"}


def test_requests_are_images_of_several_domains(examples):
    images = first_images(str(examples), 3)
    assert len(set(images)) == 3
    assert all(tf.io.decode_image(image).shape == (40, 40, 3) for image in images)


def floats(value=0.0, side=8):
    return np.full((2, side, side, 3), value, np.float32)


def files(side=8):
    image = makers.encoded(makers.pixels(1, side, side))
    return np.array([image, image], object)


@pytest.mark.parametrize(
    ("output", "kind", "problem"),
    [
        (floats(0.5), "image", None),
        (floats(1.5), "image", "values up to 1.5"),
        (floats(np.nan), "image", "numbers that are NaN or infinite"),
        (floats(side=4), "image", r"numbers of shape \(2, 4, 4, 3\)"),
        (floats()[:1], "image", "numbers of shape"),
        (floats(), "code", "numbers of shape"),
        (np.full((2, 3), 2, np.float32), "code", None),
        (np.full((2, 3), np.inf, np.float32), "code", "NaN or infinite"),
        (np.ones((2, 4), np.float32), "code", "numbers of shape"),
        (np.ones((2, 3), np.float32), "image", "numbers of shape"),
        (np.ones((2, 3), np.float32), "smell", "unknown kind smell"),
        (files(), "image", None),
        (files()[:1], "image", "1 images"),
        (files(side=4), "image", r"\(4, 4, 3\)"),
    ],
)
def test_outputs_are_judged(output, kind, problem):
    found = canary_process.what_is_wrong(output, kind, 2, INFO)
    if problem is None:
        assert found is None
    else:
        assert re.search(problem, found)


def test_a_process_that_is_killed_says_nothing_about_the_model(tmp_path, monkeypatch):
    killed = tmp_path / "killed.py"
    killed.write_text("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    monkeypatch.setattr(canary, "_PROCESS", killed)
    with pytest.raises(UserError, match="was ended by signal 9, .* run the same command again"):
        canary.try_out(tmp_path, [], time_limit=60)
