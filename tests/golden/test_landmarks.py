"""The landmark network, its landmarks, and the masks agree with the reference implementation.

`fan_mask0/1` and `preprocess_mask0/1` of v2_forward.npz are all ones and prove nothing: the masks
are compared on blobs.
"""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.util import deprecation

from stargan_tf.models.face_masks import face_masks, masks_of_large
from stargan_tf.models.landmark_network import LandmarkNetwork
from stargan_tf.models.landmarks import landmarks
from tests.golden.cases import CASES
from tests.golden.forward import EXPECTED, uniform
from tests.golden.networks import set_weights
from tests.golden.training import LandmarkStandIn, blobs
from tests.golden.weights import GOLDEN

BLOBS = np.load(GOLDEN / "v2_hpf.npz")


@pytest.fixture(scope="module")
def heatmaps():
    network = LandmarkNetwork()
    network.make_weights()
    set_weights(network, "fan")
    return network(uniform(1, 2, 256, 256, 3)).numpy()


def test_heatmaps(heatmaps):
    """Random weights make values of several hundreds: the tolerance is to their deviation."""
    mean, deviation = EXPECTED["fan_heatmaps/mean_std"]
    assert deviation > 90
    np.testing.assert_allclose(
        heatmaps[:, ::4, ::4] / deviation, EXPECTED["fan_heatmaps"] / deviation, atol=1e-4
    )
    np.testing.assert_allclose([heatmaps.mean(), heatmaps.std()], [mean, deviation], rtol=1e-5)


def test_landmarks(heatmaps):
    np.testing.assert_allclose(landmarks(heatmaps), EXPECTED["fan_landmarks"], atol=1e-4)


@pytest.mark.parametrize("number", [0, 1])
def test_masks_of_blobs(number):
    mask = masks_of_large(tf.constant(blobs()))[number].numpy()
    expected = BLOBS[f"preprocess_blobs_mask{number}"]
    assert 0.05 < expected.mean() < 0.5 and expected.std() > 0.2  # it proves something
    np.testing.assert_allclose(mask[:, ::2, ::2], expected, atol=1e-6)
    np.testing.assert_allclose(
        [mask.mean(), mask.std()], BLOBS[f"preprocess_blobs_mask{number}/mean_std"], atol=1e-6
    )


@pytest.mark.parametrize("number", [0, 1])
def test_masks_of_an_image(number):
    x = CASES["high-pass"].batch(0)["x_real"]
    mask = LandmarkStandIn().masks(x)[number].numpy()
    expected = BLOBS[f"stub_mask{number}_of_first_x_real"]
    np.testing.assert_allclose(mask[:, ::4, ::4], expected, atol=1e-5)


def test_the_enlargement_keeps_the_corners():
    """Rows 0 and 63 of a heatmap are rows 0 and 255 of the mask, and all between is linear."""
    ramp = np.broadcast_to(np.linspace(0, 1, 64, dtype=np.float32)[:, np.newaxis], (64, 64))
    heatmaps = np.zeros([1, 64, 64, 98], np.float32)
    heatmaps[..., 51] = ramp  # a part that stays where it is
    mask = face_masks(heatmaps)[0][0, :, 0, 0].numpy()
    expected = np.linspace(0, 1, 256)
    np.testing.assert_allclose(mask, np.where(expected < 0.1, 0, expected), atol=1e-5)


def test_tensorflow_has_nothing_to_warn_of(monkeypatch):
    """Every command that draws with masks would print what TensorFlow warns of."""
    monkeypatch.setattr(deprecation, "_PRINTED_WARNING", {})
    said = []
    monkeypatch.setattr(deprecation.logging, "warning", lambda *words, **_: said.append(words))
    face_masks(np.zeros([1, 64, 64, 98], np.float32))
    assert not said


def test_no_gradient_passes():
    network = LandmarkNetwork()
    x = tf.constant(uniform(1, 1, 64, 64, 3))
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.add_n([tf.reduce_sum(mask) for mask in network.masks(x)])
    assert tape.gradient(total, x) is None
    assert not network.trainable_variables
