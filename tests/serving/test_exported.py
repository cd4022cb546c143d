"""An exported model draws what the networks drew that it was made from."""

import json
import shutil

import numpy as np
import pytest

from stargan_tf.algorithms.drawable import IMAGE, LATENT, mode_of
from stargan_tf.errors import UserError
from stargan_tf.loading import load_model
from stargan_tf.sampling.codes import CodeMaker
from stargan_tf.sampling.drawing import BatchDrawer
from stargan_tf.serving.exported import fingerprint_of, load_exported
from tests.serving.exports import CONFIG, DOMAINS
from tests.source_tree import ROOT

OLD = ROOT / "tests/stored/old_version/models/old/1"


@pytest.fixture(scope="module")
def model(exported):
    return load_exported(exported.base / "1")


@pytest.fixture(scope="module")
def images():
    shape = [3, CONFIG.img_size, CONFIG.img_size, 3]
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


def test_what_is_known_of_it(model, exported):
    loaded = load_model("", str(exported.base / "1"))
    assert loaded.domains == DOMAINS and loaded.step == 7
    drawable = loaded.drawable
    assert (drawable.img_size, drawable.latent_dim, drawable.code_dim) == (32, 16, 64)
    assert drawable.modes == exported.drawable.modes
    assert "pets version 1" in loaded.origin and "7 iterations" in loaded.origin
    assert loaded.fingerprint == model.fingerprint and loaded.trained is None


def test_codes_are_the_networks(model, exported, images):
    ours, theirs = CodeMaker(model.drawable), CodeMaker(exported.drawable)
    latents = np.random.default_rng(1).standard_normal([5, CONFIG.latent_dim], np.float32)
    latent, reference = (mode_of(model.drawable.modes, source) for source in (LATENT, IMAGE))
    for domain in range(len(DOMAINS)):
        expected = theirs.make(latent, latents, domain)
        assert np.std(expected) > 0.01
        np.testing.assert_allclose(ours.make(latent, latents, domain), expected, atol=1e-5)
        expected = theirs.make(reference, images, domain)
        np.testing.assert_allclose(ours.make(reference, images, domain), expected, atol=1e-4)


def test_translations_are_the_networks(model, exported, images):
    codes = np.random.default_rng(2).standard_normal([4, CONFIG.style_dim], np.float32)
    expected, found = (
        drawer.draw(drawer.encode(images), codes)
        for drawer in (BatchDrawer(exported.drawable), BatchDrawer(model.drawable, batch_size=5))
    )
    assert np.std(expected) > 10
    assert found.shape == (3, 4, 32, 32, 3)
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_models_of_earlier_versions_draw():
    """Their model.json says nothing of algorithm, modes and signatures."""
    assert "modes" not in json.loads((OLD / "assets/model.json").read_text())
    drawable = load_exported(OLD).drawable
    codes, drawer = CodeMaker(drawable), BatchDrawer(drawable)
    shape = [2, drawable.img_size, drawable.img_size, 3]
    images = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
    latents = np.random.default_rng(1).standard_normal([2, drawable.latent_dim], np.float32)
    sources = {LATENT: latents, IMAGE: images}
    assert [mode.name for mode in drawable.modes] == ["latent", "reference"]
    for mode in drawable.modes:
        made = codes.make(mode, sources[mode.source], 1)
        drawn = drawer.draw(drawer.encode(images), made)
        assert drawn.shape == (2, 2, *shape[1:]) and drawn.std() > 5
        assert (drawn[:, 0] != drawn[:, 1]).any()  # two codes, two styles


def test_other_weights_have_another_fingerprint(exported, model, tmp_path):
    copy = tmp_path / "1"
    shutil.copytree(exported.base / "1", copy)
    assert fingerprint_of(copy) == model.fingerprint
    (weights,) = (copy / "variables").glob("*.data-*")
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    assert fingerprint_of(copy) != model.fingerprint


def test_so_have_the_same_weights_with_other_domains(exported, model, tmp_path):
    copy = tmp_path / "1"
    shutil.copytree(exported.base / "1", copy)
    path = copy / "assets/model.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps(values | {"domains": values["domains"][::-1]}))
    assert fingerprint_of(copy) != model.fingerprint


def test_a_folder_without_a_model_is_rejected(tmp_path):
    with pytest.raises(UserError, match=r"Found no exported model in .*saved_models/NAME/1"):
        load_exported(tmp_path)


def test_a_missing_signature_is_named(exported, tmp_path):
    copy = tmp_path / "1"
    shutil.copytree(exported.base / "1", copy)
    path = copy / "assets/model.json"
    values = json.loads(path.read_text())
    values["modes"].append({"name": "domain", "source": "nothing", "title": "domains"})
    path.write_text(json.dumps(values))
    with pytest.raises(UserError, match="lacks the signature map_domain_float.*: export it again"):
        load_exported(copy)
