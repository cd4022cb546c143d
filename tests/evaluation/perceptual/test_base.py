import itertools

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.evaluation.features.efficientnet_lite0 import EfficientNetLite0
from stargan_tf.evaluation.perceptual.base import PerceptualDistance, Stage
from stargan_tf.evaluation.perceptual.efficientnet_lite0 import EfficientNetLite0Distance
from tests.evaluation.fakes import MeanColours, distances


class Plain(PerceptualDistance):
    """Compares the images themselves, channels weighted 1, 2, 3, and their halves equally."""

    name = "plain"

    def stages(self, images):
        halves = tf.nn.avg_pool2d(images, 2, 2, "VALID")
        return [Stage(images, tf.constant([1.0, 2.0, 3.0])), Stage(halves, 0.5)]


@pytest.fixture(scope="module")
def plain():
    return Plain("0")


@pytest.fixture(scope="module")
def efficientnet():
    return EfficientNetLite0Distance(EfficientNetLite0.load())


def images(seed, *shape):
    return np.random.RandomState(seed).uniform(-1, 1, (*shape, 3)).astype(np.float32)


def test_by_hand(plain):
    x = np.zeros([1, 2, 2, 3], np.float32)
    y = np.zeros([1, 2, 2, 3], np.float32)
    x[..., 0], y[..., 0] = 2.0, 1.0  # unit vectors (1, 0, 0) everywhere ...
    y[0, 1, 1] = [0.0, 0.0, 5.0]  # ... except here (0, 0, 1)
    # Stage 1: one of four positions differs, 1 * 1 + 3 * 1. Stage 2: (3, 0, 5) / sqrt(34).
    expected = 4 / 4 + 0.5 * ((1 - 3 / 34**0.5) ** 2 + (5 / 34**0.5) ** 2)
    np.testing.assert_allclose(distances(plain, x, y), [expected], rtol=1e-6)


def test_zero_vectors_have_no_direction(plain):
    x = np.zeros([1, 2, 2, 3], np.float32)
    np.testing.assert_array_equal(distances(plain, x, x), [0.0])


@pytest.mark.parametrize("name", ["plain", "efficientnet"])
@pytest.mark.parametrize("count", [2, 5])
def test_mean_over_pairs_is_that_of_the_pairs(name, count, request):
    distance = request.getfixturevalue(name)
    outputs = images(0, 2, count, 32, 32)
    first, second = zip(*itertools.combinations(range(count), 2), strict=True)
    expected = [distances(distance, o[list(first)], o[list(second)]).mean() for o in outputs]
    np.testing.assert_allclose(distance.mean_over_pairs(outputs), expected, rtol=1e-5)


def test_equal_outputs_have_no_diversity(efficientnet):
    outputs = np.repeat(images(0, 2, 1, 32, 32), 3, axis=1)
    np.testing.assert_allclose(efficientnet.mean_over_pairs(outputs), [0, 0], atol=1e-6)


def test_one_output_makes_no_pair(plain):
    with pytest.raises(ValueError, match="expected 2 or more"):
        plain.mean_over_pairs(images(0, 2, 1, 8, 8))


def test_is_a_distance(efficientnet):
    x, y = images(0, 3, 32, 32), images(1, 3, 32, 32)
    found = distances(efficientnet, x, y)
    assert found.shape == (3,)
    assert ((found > 0) & (found < 4)).all()
    np.testing.assert_allclose(distances(efficientnet, y, x), found, rtol=1e-5)
    np.testing.assert_allclose(distances(efficientnet, x, x), [0, 0, 0], atol=1e-12)


def test_grows_with_noise(efficientnet):
    rows, columns = np.meshgrid(np.arange(64), np.arange(64), indexing="ij")
    clean = np.sin(np.stack([rows / 9, columns / 7, (rows + columns) / 11], -1))[None]
    noise = images(0, 1, 64, 64)
    levels = (0.02, 0.1, 0.5)
    noisy = np.concatenate([clean + level * noise for level in levels]).astype(np.float32)
    found = distances(efficientnet, np.repeat(clean, 3, axis=0).astype(np.float32), noisy)
    assert 0 < found[0] < found[1] < found[2]


def test_carries_the_name_of_its_network(efficientnet):
    assert efficientnet.name == "efficientnet_lite0"
    assert efficientnet.fingerprint == EfficientNetLite0.load().fingerprint


def test_features_of_the_same_network_come_of_the_same_pass(efficientnet, monkeypatch):
    network, outputs = EfficientNetLite0.load(), images(0, 2, 3, 40, 40)
    expected = network(outputs.reshape(-1, 40, 40, 3)), efficientnet.mean_over_pairs(outputs)
    passes = []
    stages = EfficientNetLite0.stages
    monkeypatch.setattr(
        EfficientNetLite0, "stages", lambda self, x: passes.append(1) or stages(self, x)
    )
    found = efficientnet.with_features(network, tf.constant(outputs))
    assert len(passes) == 1  # one trace has one pass
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["plain", "efficientnet"])
def test_features_of_another_network_come_of_a_pass_of_their_own(name, request):
    distance, network = request.getfixturevalue(name), MeanColours()
    outputs = tf.constant(images(0, 2, 3, 40, 40))
    features, diversity = distance.with_features(network, outputs)
    assert network.seen == 6 and features.shape == (6, 12)
    np.testing.assert_array_equal(diversity, distance.mean_over_pairs(outputs))
