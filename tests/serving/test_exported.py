"""An exported model draws what the networks drew that it was made from."""

import shutil

import numpy as np
import pytest

from stargan_tf import trained_model
from stargan_tf.errors import UserError
from stargan_tf.sampling.styles import StyleMaker
from stargan_tf.sampling.translate import Translator
from stargan_tf.serving.exported import fingerprint_of, load_exported
from tests.serving.exports import CONFIG, DOMAINS


@pytest.fixture(scope="module")
def model(exported):
    return load_exported(exported.base / "1")


@pytest.fixture(scope="module")
def images():
    shape = [3, CONFIG.img_size, CONFIG.img_size, 3]
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


def test_what_is_known_of_it(model, exported):
    assert model.info == exported.info
    loaded = trained_model.load("", str(exported.base / "1"))
    assert loaded.domains == DOMAINS and loaded.step == 7
    assert (loaded.sizes.img_size, loaded.sizes.latent_dim) == (32, 16)
    assert "pets version 1" in loaded.origin and "7 iterations" in loaded.origin
    assert loaded.fingerprint == model.fingerprint


def test_styles_are_the_networks(model, exported, images):
    ours, theirs = (StyleMaker(n, CONFIG.latent_dim) for n in (model.networks, exported.networks))
    latents = np.random.default_rng(1).standard_normal([5, CONFIG.latent_dim], np.float32)
    for domain in range(len(DOMAINS)):
        expected = theirs.from_latents(latents, domain)
        assert np.std(expected) > 0.01
        np.testing.assert_allclose(ours.from_latents(latents, domain), expected, atol=1e-5)
        expected = theirs.from_references(images, domain)
        np.testing.assert_allclose(ours.from_references(images, domain), expected, atol=1e-4)


def test_pictures_are_the_networks(model, exported, images):
    styles = np.random.default_rng(2).standard_normal([4, CONFIG.style_dim], np.float32)
    expected = Translator(exported.networks.generator).translate(images, styles)
    assert np.std(expected) > 10
    found = Translator(model.networks.generator, batch_size=5).translate(images, styles)
    assert found.shape == (3, 4, 32, 32, 3)
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_other_weights_have_another_fingerprint(exported, model, tmp_path):
    copy = tmp_path / "1"
    shutil.copytree(exported.base / "1", copy)
    assert fingerprint_of(copy) == model.fingerprint
    (weights,) = (copy / "variables").glob("*.data-*")
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    assert fingerprint_of(copy) != model.fingerprint


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"Found no exported model in .*saved_models/NAME/1"):
        load_exported(tmp_path)
