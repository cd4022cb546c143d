import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.errors import UserError
from stargan_tf.evaluation.features.efficientnet_lite0 import EfficientNetLite0
from tests.weights.torch_files import write_torch_file


@pytest.fixture(scope="module")
def network():
    return EfficientNetLite0.load()


def images(count, height, width):
    shape = (count, height, width, 3)
    return np.random.RandomState(0).uniform(-1, 1, shape).astype(np.float32)


def test_any_number_of_images_of_any_size(network):
    for count, height, width in ((3, 64, 64), (1, 64, 64), (2, 230, 90)):
        features = network(images(count, height, width))
        assert features.shape == (count, network.dim)
        assert features.dtype == tf.float32
        assert np.isfinite(features).all()


def test_images_do_not_depend_on_their_batch(network):
    batch = images(3, 64, 64)
    np.testing.assert_allclose(network(batch)[1:2], network(batch[1:2]), atol=1e-5)


def test_each_size_is_compiled_once(network):
    for count in (1, 2, 3):
        network(images(count, 40, 48))
    assert list(network._prepare._compiled).count((40, 48, 3)) == 1
    assert list(network._features._compiled) == [(224, 224, 3)]


def test_sees_what_an_8_bit_file_would_hold(network):
    batch = images(2, 64, 64) * 1.2  # some values outside [-1, 1]
    stored = np.round((np.clip(batch, -1, 1) + 1) * 127.5).astype(np.uint8)
    read_again = stored.astype(np.float32) / 127.5 - 1
    np.testing.assert_allclose(network(batch), network(read_again), atol=1e-5)


def test_integers_are_rejected(network):
    with pytest.raises(TypeError, match=r"Found images of uint8, expected float32 in \[-1, 1\]"):
        network(np.zeros([1, 64, 64, 3], np.uint8))


def test_normalises_as_in_its_training(network):
    white = network.prepare(tf.ones([1, 50, 60, 3]))
    assert white.shape == (1, 224, 224, 3)
    np.testing.assert_allclose(white, 1.0, atol=1e-6)
    np.testing.assert_allclose(network.prepare(-tf.ones([1, 50, 60, 3])), -127 / 128, atol=1e-6)


def test_stages(network):
    inputs = network.prepare(tf.constant(images(1, 64, 64)))
    shapes = [stage.shape[1:].as_list() for stage in network.stages(inputs)]
    assert shapes == [[112, 112, 16], [56, 56, 24], [28, 28, 40], [14, 14, 112], [7, 7, 320]]


def test_fingerprint_is_that_of_the_published_weights(network):
    # A new one would make every cached statistic useless: only a change of the protocol may.
    assert network.fingerprint == "a189851e0783a622"


def test_weights_of_another_network_are_rejected(tmp_path):
    path = write_torch_file(tmp_path / "other.pth", {"conv.weight": np.zeros([2, 3, 3, 3])})
    expected = r"other\.pth has no tensor _fc\.weight, expected the weights of EfficientNet-Lite0"
    with pytest.raises(UserError, match=expected):
        EfficientNetLite0.load(str(path))
