"""A canary blesses what loads and answers in a clean process, and says what is wrong otherwise."""

import json
import re
import shutil

import numpy as np
import pytest
import tensorflow as tf
from tfx.components.util import model_utils
from tfx.types.standard_artifacts import Examples, InfraBlessing, Model

from pipeline.components import canary_process
from pipeline.components.canary import Canary, first_images, try_out
from tests.data import makers
from tests.pipeline.artifacts import artifact, examples_of, model_of, run_component
from tests.source_tree import imports

SIZES = {"img_size": 8, "style_dim": 3}
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
def test_a_signature_that_lacks_is_named(tmp_path):
    class Half(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
        def serve(self, psi):
            return {"image": psi}

    half = Half()
    tf.saved_model.save(half, str(tmp_path / "model"), signatures={"serving_default": half.serve})
    (tmp_path / "model" / "assets" / "model.json").write_text(json.dumps(SIZES))
    assert "it lacks the signatures encode_style, encode_style_float" in try_out(
        tmp_path / "model", IMAGES, 300
    )


def test_the_process_knows_tensorflow_alone():
    tops = {i.top for i in imports("pipeline/components/canary_process.py")}
    assert tops == {"numpy", "tensorflow"}


def test_requests_are_images_of_several_domains(examples):
    images = first_images(str(examples), 3)
    assert len(set(images)) == 3
    assert all(tf.io.decode_image(image).shape == (40, 40, 3) for image in images)


def picture(value=0.0, side=8):
    return np.full((2, side, side, 3), value, np.float32)


def files(side=8):
    image = makers.encoded(makers.pixels(1, side, side))
    return np.array([image, image], object)


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        (picture(0.5), None),
        (picture(1.5), "values up to 1.5"),
        (picture(np.nan), "numbers that are NaN or infinite"),
        (picture(side=4), r"numbers of shape \(2, 4, 4, 3\)"),
        (picture()[:1], "numbers of shape"),
        (np.ones((2, 3), np.float32), None),
        (np.full((2, 3), np.inf, np.float32), "NaN or infinite"),
        (np.ones((2, 4), np.float32), "numbers of shape"),
        (files(), None),
        (files()[:1], "1 pictures"),
        (files(side=4), r"\(4, 4, 3\)"),
    ],
)
def test_outputs_are_judged(output, problem):
    found = canary_process.what_is_wrong(output, 2, SIZES)
    if problem is None:
        assert found is None
    else:
        assert re.search(problem, found)
