import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.compat import keras
from stargan_tf.errors import UserError
from stargan_tf.evaluation.features import inception_keras
from stargan_tf.evaluation.features.inception_keras import InceptionKeras, build

IMAGES = np.random.RandomState(0).uniform(-1, 1, (2, 64, 64, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return InceptionKeras(build(weights=None))


def test_features(network):
    features = network(IMAGES)
    assert features.shape == (2, network.dim) == (2, 2048)
    assert features.dtype == tf.float32
    assert np.isfinite(features).all()


def test_normalises_as_keras_does(network):
    pixels = np.random.RandomState(0).randint(0, 256, (1, 299, 299, 3)).astype(np.float32)
    expected = keras.applications.inception_v3.preprocess_input(pixels.copy())
    np.testing.assert_allclose(network.prepare(pixels / 127.5 - 1), expected, atol=1e-6)


def test_reads_a_weights_file(network, tmp_path):
    path = tmp_path / "inception.h5"
    network._model.save_weights(path)
    read = InceptionKeras.load(str(path))
    assert read.fingerprint == network.fingerprint
    inputs = network.prepare(tf.constant(IMAGES[:1]))
    np.testing.assert_array_equal(read.features(inputs), network.features(inputs))


def test_a_missing_file_is_named(tmp_path):
    path = tmp_path / "nothing.h5"
    with pytest.raises(UserError, match=r"--inception_weights=\S+nothing\.h5 is not Keras"):
        InceptionKeras.load(str(path))


def test_another_file_is_rejected(tmp_path):
    path = tmp_path / "other.h5"
    path.write_bytes(b"<html>Not Found</html>")
    with pytest.raises(UserError, match=r"other\.h5 is not Keras's Inception-v3 without"):
        InceptionKeras.load(str(path))


def test_a_failed_download_says_what_to_do(monkeypatch):
    def build_without_network(weights):
        assert weights == "imagenet"
        raise Exception("URL fetch failure on https://example.org: no route to host")

    monkeypatch.setattr(inception_keras, "build", build_without_network)
    with pytest.raises(UserError, match=r"could not download .*no route.*--inception_weights"):
        InceptionKeras.load()
