import itertools

import numpy as np
import pytest

from stargan_tf.errors import UserError
from stargan_tf.evaluation.features.weights import Weights
from stargan_tf.evaluation.perceptual.lpips import LPIPS
from tests.evaluation.fakes import distances
from tests.golden.metrics import lpips_heads, published_weights, uniform
from tests.weights.torch_files import write_torch_file


@pytest.fixture(scope="module")
def alexnet():
    return published_weights("torchvision_alexnet", last="features.10.bias")


@pytest.fixture(scope="module")
def distance(alexnet):
    return LPIPS(alexnet, lpips_heads())


def test_mean_over_pairs_is_that_of_the_pairs(distance):
    outputs = uniform(0, 2, 4, 64, 64, 3)
    first, second = zip(*itertools.combinations(range(4), 2), strict=True)
    expected = [distances(distance, o[list(first)], o[list(second)]).mean() for o in outputs]
    np.testing.assert_allclose(distance.mean_over_pairs(outputs), expected, rtol=1e-5)


def test_images_are_neither_clipped_nor_rounded(distance):
    x, y = uniform(0, 1, 64, 64, 3), uniform(1, 1, 64, 64, 3)
    assert distances(distance, 2 * x, x) > 0.01
    assert distances(distance, x, x + 0.001 * y) > 0


def test_reads_both_files(alexnet, distance, tmp_path):
    heads = dict(lpips_heads())
    read = LPIPS.load(
        str(write_torch_file(tmp_path / "alexnet.pth", alexnet)),
        str(write_torch_file(tmp_path / "heads.pth", heads)),
    )
    x, y = uniform(0, 1, 64, 64, 3), uniform(1, 1, 64, 64, 3)
    np.testing.assert_array_equal(distances(read, x, y), distances(distance, x, y))
    assert read.fingerprint == distance.fingerprint


def test_heads_may_have_the_names_of_the_reference(alexnet, distance):
    heads = {
        f"lpips_weights.{i}.main.1.weight": head for i, head in enumerate(lpips_heads().values())
    }
    found = LPIPS(alexnet, Weights(heads, "", ""))
    x, y = uniform(0, 1, 64, 64, 3), uniform(1, 1, 64, 64, 3)
    np.testing.assert_array_equal(distances(found, x, y), distances(distance, x, y))


def test_other_networks_are_rejected(alexnet):
    vgg = Weights({"features.0.weight": np.zeros([64, 3, 3, 3])}, "vgg.pth", "AlexNet")
    with pytest.raises(UserError, match=r"vgg\.pth features\.0\.weight has the shape \[64, 3, 3"):
        LPIPS(vgg, lpips_heads())
    with pytest.raises(UserError, match=r"no tensor lin0\.model\.1\.weight"):
        LPIPS(alexnet, Weights({}, "empty.pth", "linear heads"))
    vgg_heads = Weights({"lin0.model.1.weight": np.zeros([1, 128, 1, 1])}, "vgg.pth", "AlexNet")
    with pytest.raises(UserError, match=r"has the shape \[1, 128, 1, 1\], not \[1, 64, 1, 1\]"):
        LPIPS(alexnet, vgg_heads)
