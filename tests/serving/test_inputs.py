import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.algorithms import signatures
from stargan_tf.algorithms.signatures import KINDS
from stargan_tf.serving.examples import find_images
from stargan_tf.serving.inputs import TABLE, encoded, encoded_spec, example_inputs, float_spec
from stargan_tf.serving.model_info import SignatureInfo
from tests.serving.exports import DOMAINS


@pytest.fixture(scope="module")
def examples(exported, data_dir):
    images = find_images(data_dir, "train", DOMAINS, 32, 4)
    info = with_signatures(exported.info, {"all": SignatureInfo(dict(KINDS), {})})
    return example_inputs(exported.drawable, info, images, 0)


def test_every_kind_is_in_the_table():
    assert set(TABLE) == set(KINDS.values())


@pytest.mark.parametrize("name", KINDS)
def test_examples_are_what_signatures_take(exported, examples, name):
    spec = float_spec(name, exported.info, rows=4)
    assert examples[name].shape == spec.shape
    assert examples[name].dtype == spec.dtype.as_numpy_dtype
    passed = TABLE[KINDS[name]].check(name, tf.constant(examples[name]), exported.info)
    if KINDS[name] == signatures.SEED:
        assert passed.shape == (4, 16)
    else:
        np.testing.assert_array_equal(passed, examples[name])


@pytest.mark.parametrize("name", KINDS)
def test_encoded_examples_are_what_encoded_signatures_take(exported, examples, name):
    (tensor,) = encoded({name: examples[name]}, exported.info).items()
    key, value = tensor
    spec = encoded_spec(name, exported.info)
    assert key == spec.name and value.dtype == spec.dtype
    assert spec.shape.is_compatible_with(value.shape)


def test_examples_cover_the_model(exported, examples):
    assert set(examples["target_domain"]) == {0, 1, 2}
    assert np.abs(examples["image"] - examples["reference"]).max() > 0.1
    pixels = (examples["image"] + 1) * 127.5
    np.testing.assert_allclose(pixels, np.round(pixels), atol=1e-4)
    codes = examples["style_code"]
    assert codes.std() > 0.01 and len({code.tobytes() for code in codes}) == 4
    assert 0.5 <= examples["psi"].min() and examples["psi"].max() <= 1


def with_signatures(info, described):
    return dataclasses.replace(info, signatures=described)


def test_two_inputs_of_a_kind_get_two_values(exported, monkeypatch):
    names = {kind: f"{kind}_b" for kind in KINDS.values()}
    for kind, name in names.items():
        monkeypatch.setitem(KINDS, name, kind)
    info = with_signatures(exported.info, {"all": SignatureInfo(dict(KINDS), {})})
    images = np.random.default_rng(1).uniform(-1, 1, [4, 32, 32, 3]).astype(np.float32)
    found = example_inputs(exported.drawable, info, images, 0)
    assert set(found) == set(KINDS)
    for name in set(KINDS) - set(names.values()) - {"target_domain"}:
        assert np.abs(found[name] - found[names[KINDS[name]]]).max() > 0.001, name


def test_only_what_the_signatures_take(exported):
    images = np.zeros([1, 32, 32, 3], np.float32)
    described = {"encode_style": exported.info.signatures["encode_style"]}
    info = with_signatures(exported.info, described)
    found = example_inputs(exported.drawable, info, images, 0)
    assert list(found) == ["reference", "target_domain"]
