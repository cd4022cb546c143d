"""StarGAN (2018) and its rectified form agree with the reference implementation.

Adam's first steps are lr * sign(gradient), so that rounding decides where a gradient is close to
0, see `test_training`. The drift of runs that differ by 1e-7 of their weights is measured here,
too: losses of the third iteration move by up to 2.5e-3 (the gradient penalty) and 2e-3 (scores).
The losses stay within 1e-4 of the reference, or within twice of that drift.
"""

import numpy as np
import pytest

from stargan_tf.algorithms.stargan.published import published_tensors
from stargan_tf.models.label_generator import LabelGenerator
from stargan_tf.models.patch_discriminator import PatchDiscriminator
from stargan_tf.weights.places import take_out
from tests.golden.marks import marked
from tests.golden.metrics import EXPECTED, MANIFEST, uniform
from tests.golden.stargan import CASES, LABELS, run_often, set_weights

TOLERANCE = 1e-4
X = uniform(41, 2, 128, 128, 3)
C = np.array([[1, 0, 0, 1, 1], [0, 1, 0, 0, 1]], np.float32)


def test_generator():
    network = LabelGenerator(128, 64, 6, LABELS)
    network.make_weights()
    assert network.count_params() == 8_430_528
    set_weights(network, "v1_generator")
    found = network(X, C)[:, ::8, ::8]
    np.testing.assert_allclose(found, EXPECTED["v1_generator"], atol=TOLERANCE)


def test_discriminator():
    network = PatchDiscriminator(128, 64, 6, LABELS)
    network.make_weights()
    assert network.count_params() == 44_762_048
    set_weights(network, "v1_discriminator")
    src, cls = network(X)
    np.testing.assert_allclose(src, EXPECTED["v1_discriminator/src"][..., 0], atol=TOLERANCE)
    np.testing.assert_allclose(cls, EXPECTED["v1_discriminator/cls"], atol=TOLERANCE)


@pytest.mark.parametrize("network_class", [LabelGenerator, PatchDiscriminator])
def test_published_tensors(network_class):
    """Names, order, shapes and types are those of the published files."""
    network = network_class(128, 64, 6, LABELS)
    network.make_weights()
    tensors = take_out(published_tensors(network))
    listed = MANIFEST[f"v1_{network.name}"]["tensors"]
    assert [(name, list(tensor.shape)) for name, tensor in tensors.items()] == [
        (name, shape) for name, shape, _ in listed
    ]
    counts = {name for name, _, rule in listed if rule == "keep"}
    assert {name for name, tensor in tensors.items() if tensor.dtype == np.int64} == counts
    assert {tensor.dtype.name for tensor in tensors.values()} <= {"float32", "int64"}


@pytest.fixture(scope="module", params=marked(CASES, quick=["plain, RaFD", "rectified, CelebA"]))
def case(request):
    return CASES[request.param]


@pytest.fixture(scope="module")
def runs(case):
    return run_often(case)


def test_losses(case, runs):
    for iteration in range(case.iterations):
        expected = case.losses(iteration)
        assert set(runs[0].losses[iteration]) == set(expected)
        for name, value in expected.items():
            found = [run.losses[iteration][name] for run in runs]
            drift = 2 * (max(found) - min(found)) * (iteration > 0)
            allowed = max(1e-4 * abs(value), drift)
            assert allowed < 2e-2 * abs(value), f"{name}: the drift is too large to tell anything"
            assert abs(found[0] - value) <= allowed, f"{iteration} {name}: {found}, not {value}"


def test_weights(case, runs):
    assert set(case.expected["state"]) == set(runs[0].tensors)
    elements = []
    for key, expected in case.expected["state"].items():
        value = runs[0].tensors[key]
        found = [value.mean(), value.std(ddof=case.ddof)]
        np.testing.assert_allclose(found, expected[:2], atol=5e-5, err_msg=key)
        elements.append(np.abs(value.flatten()[:4] - expected[2:][: value.size]))
    elements = np.concatenate(elements)
    assert elements.max() < 2 * case.iterations * case.settings.lr
    assert np.mean(elements < 1e-5) > 0.9
