"""Sets of images whose distances are known, through the measures as `evaluate` uses them."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stargan_tf.data.sources.portraits import draw
from stargan_tf.evaluation.features.efficientnet_lite0 import EfficientNetLite0
from stargan_tf.evaluation.frechet_distance import frechet_distance
from stargan_tf.evaluation.kernel_distance import kernel_distance
from stargan_tf.evaluation.perceptual.efficientnet_lite0 import EfficientNetLite0Distance
from tests.evaluation.fakes import MeanColours, distances, statistics_of
from tests.golden.metrics import lpips

NUM, SIDE = 32, 64
NOISE = (0.1, 0.3, 0.9)


def portraits(style, start=0):
    files = [draw(style, f"sanity/{start + n}", SIDE) for n in range(NUM)]
    pixels = np.stack([np.asarray(Image.open(io.BytesIO(f)).convert("RGB")) for f in files])
    return pixels.astype(np.float32) / 127.5 - 1


def noisy(images, strength):
    noise = np.random.default_rng(0).normal(0, strength, images.shape)
    return np.clip(images + noise, -1, 1).astype(np.float32)


@pytest.fixture(scope="module")
def heads():
    return portraits("toon-head")


@pytest.fixture(scope="module")
def features():
    network = EfficientNetLite0.load()
    return lambda images: network(tf.constant(images)).numpy()


@pytest.fixture(scope="module", params=["efficientnet_lite0", "lpips"])
def perceptual(request):
    """The one that needs no download, and LPIPS with the golden file's weights."""
    return (
        lpips() if request.param == "lpips" else EfficientNetLite0Distance(EfficientNetLite0.load())
    )


def fd(first, second):
    return frechet_distance(statistics_of([first]), statistics_of([second]))


@pytest.mark.slow
def test_a_set_is_itself_whatever_its_order(heads, features):
    rows, shuffled = features(heads), features(np.random.default_rng(1).permutation(heads))
    other = features(portraits("toon-head", start=NUM))
    scale = fd(rows, other)
    assert fd(rows, rows) < 1e-6 * scale
    assert fd(rows, shuffled) < 1e-6 * scale
    assert fd(shuffled, other) == pytest.approx(scale, rel=1e-6)


def test_brighter_by_a_known_amount():
    """The means of 12 features move by 0.25 each and nothing else does: 12 x 0.25^2."""
    network = MeanColours()
    images = np.random.default_rng(2).uniform(-0.5, 0.5, [NUM, 32, 32, 3]).astype(np.float32)
    rows, brighter = (network(tf.constant(x)).numpy() for x in (images, images + 0.25))
    assert fd(rows, brighter) == pytest.approx(12 * 0.25**2, rel=1e-5)


@pytest.mark.slow
def test_noise_is_further_the_stronger_it_is(heads, features):
    rows = features(heads)
    noise = [features(noisy(heads, strength)) for strength in NOISE]
    for distance in (fd, kernel_distance):
        found = [distance(rows, other) for other in (rows, *noise)]
        assert found == sorted(found) and found[1] < 0.7 * found[2]


def test_another_style_is_further_than_more_of_the_same(heads, features):
    rows, more, other = map(
        features, (heads, portraits("toon-head", start=NUM), portraits("pixel-art"))
    )
    assert fd(rows, other) > 2 * fd(rows, more)


def test_images_differ_from_themselves_by_nothing(heads, perceptual):
    np.testing.assert_allclose(distances(perceptual, heads[:4], heads[:4]), 0, atol=1e-12)
    order = [2, 0, 3, 1]
    found = distances(perceptual, heads[:4], heads[4:8])
    np.testing.assert_allclose(
        distances(perceptual, heads[:4][order], heads[4:8][order]), found[order], rtol=1e-4
    )


def test_images_differ_from_noisy_ones_more_the_stronger_it_is(heads, perceptual):
    found = [distances(perceptual, heads[:4], noisy(heads[:4], s)).mean() for s in (0, *NOISE)]
    assert found[0] < 1e-12 and found == sorted(found) and found[1] < 0.7 * found[2]
