import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stargan_tf.errors import UserError
from stargan_tf.evaluation.features.inception import Inception
from tests.golden.metrics import published_weights
from tests.weights.torch_files import write_torch_file

MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


@pytest.fixture(scope="module")
def network():
    return Inception(published_weights("torchvision_inception_v3"))


def test_prepares_images_as_the_published_evaluation(network):
    image = np.random.RandomState(0).randint(0, 256, (256, 256, 3)).astype(np.uint8)
    larger = Image.fromarray(image).resize((299, 299), Image.Resampling.BILINEAR)
    expected = (np.asarray(larger) / 255 - MEAN) / DEVIATION
    found = network.prepare(tf.cast(image[None], tf.float32) / 127.5 - 1).numpy()[0]
    steps = np.round(np.abs(found - expected) * DEVIATION * 255)
    assert steps.max() <= 1
    assert (steps > 0).mean() < 0.01


@pytest.mark.slow
def test_any_number_of_images(network):
    batch = np.random.RandomState(0).uniform(-1, 1, (2, 64, 64, 3)).astype(np.float32)
    features = network(batch)
    assert features.shape == (2, network.dim) == (2, 2048)
    np.testing.assert_allclose(network(batch[1:]), features[1:], atol=1e-4)


@pytest.mark.parametrize(
    ("tensors", "sentence"),
    [
        ({"features.0.weight": np.zeros([64, 3, 11, 11])}, r"net\.pth has no tensor fc\.weight"),
        # The network of Heusel et al. has 1008 classes.
        ({"fc.weight": np.zeros([1008, 2048])}, r"fc\.weight has the shape \[1008, 2048\], not"),
        ({"fc.weight": np.zeros([1000, 2048])}, r"no tensor Conv2d_1a_3x3\.bn\.weight"),
    ],
)
def test_weights_of_other_networks_are_rejected(tensors, sentence, tmp_path):
    path = write_torch_file(tmp_path / "net.pth", tensors)
    with pytest.raises(UserError, match=sentence) as error:
        Inception.load(str(path))
    assert "expected the weights of torchvision's Inception-v3" in str(error.value)
