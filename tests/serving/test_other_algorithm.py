"""A model whose algorithm is not the product's, without latent codes, in every format."""

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.config.export import TFLITE_TYPES
from stargan_tf.sampling.codes import CodeMaker
from stargan_tf.sampling.drawing import BatchDrawer
from stargan_tf.serving.exported import load_exported
from stargan_tf.serving.tflite.interpreters import caller, open_file
from tests.algorithms.toy import MODES
from tests.serving.exports import DOMAINS

NAMES = ["translate_domain", "map_domain", "translate_style"]


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).uniform(-1, 1, [3, 16, 16, 3]).astype(np.float32)


def drawn(toy_export, x, y):
    """What the networks draw, clipped."""
    return np.clip(toy_export.networks["painter"](x, tf.one_hot(y, len(DOMAINS))), -1, 1)


def test_model_json(toy_export):
    info = toy_export.info
    assert info.algorithm == "tests.algorithms.toy" and info.modes == MODES
    assert (info.latent_dim, info.style_dim) == (0, len(DOMAINS))
    assert list(info.signatures) == NAMES
    assert not toy_export.said.rejected


def test_signatures_compute_what_the_networks_do(toy_export, images):
    signatures = tf.saved_model.load(str(toy_export.base / "1")).signatures
    names = {name + suffix for name in NAMES for suffix in ("", "_float")}
    assert set(signatures) == names | {"serving_default"}
    y = np.array([0, 1, 2], np.int32)
    found = signatures["translate_domain_float"](image=tf.constant(images), target_domain=y)
    np.testing.assert_allclose(found["image"], drawn(toy_export, images, y), atol=1e-5)
    codes = signatures["map_domain"](target_domain=tf.constant(["wild", "0"]))["style_code"]
    np.testing.assert_array_equal(codes, [[0, 0, 1], [1, 0, 0]])


@pytest.mark.parametrize("suffix", ["", "_float"])
def test_an_empty_request_gets_a_sentence(toy_export, suffix):
    signatures = tf.saved_model.load(str(toy_export.base / "1")).signatures
    none = tf.zeros([0], tf.int32) if suffix else tf.constant([], tf.string)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Found target_domain empty, expected"):
        signatures["map_domain" + suffix](target_domain=none)


def test_it_is_loaded_as_a_drawable(toy_export, images):
    model = load_exported(toy_export.base / "1")
    assert model.drawable.modes == MODES
    codes, drawer = CodeMaker(model.drawable), BatchDrawer(model.drawable)
    for domain in range(len(DOMAINS)):
        code = codes.make(MODES[0], None, domain)
        found = drawer.draw(drawer.encode(images), code)[:, 0]
        expected = (drawn(toy_export, images, np.full(3, domain)) + 1) * 127.5
        assert np.abs(found - expected).max() <= 1


@pytest.mark.parametrize("number_type", TFLITE_TYPES)
def test_files_for_devices(toy_export, images, number_type):
    interpreter = open_file(toy_export.base / f"tflite/1/{number_type}.tflite")
    assert set(interpreter.get_signature_list()) == {name + "_float" for name in NAMES}
    y = np.array([2], np.int32)
    given = {"image": images[:1], "target_domain": y}
    found = caller(interpreter)("translate_domain_float", given)
    expected = drawn(toy_export, images[:1], y)
    assert np.abs(found - expected).max() < (0.3 if number_type == "int8" else 0.05)
    assert np.abs(found - images[:1]).max() > 0.1
