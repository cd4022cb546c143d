import numpy as np
import pytest

from stargan_tf.errors import UserError
from stargan_tf.evaluation.features.weights import Weights, fingerprint, read_weights
from tests.weights.torch_files import write_torch_file

TENSORS = {"a.weight": np.ones([2, 3], np.float32), "b.weight": np.zeros(2, np.float32)}
WEIGHTS = Weights(TENSORS, "some.pth", "a network (its.pth)")


def test_is_a_mapping():
    assert dict(WEIGHTS) == TENSORS
    assert len(WEIGHTS) == 2
    assert "a.weight" in WEIGHTS and "c.weight" not in WEIGHTS
    assert list(WEIGHTS.starting_with("b.")) == ["b.weight"]


def test_says_what_is_missing():
    expected = r"some\.pth has no tensor c\.weight, expected the weights of a network"
    with pytest.raises(UserError, match=expected):
        WEIGHTS["c.weight"]


def test_says_what_is_of_another_shape():
    WEIGHTS.check_shape("a.weight", 2, 3)
    with pytest.raises(UserError, match=r"a\.weight has the shape \[2, 3\], not \[3, 2\]"):
        WEIGHTS.check_shape("a.weight", 3, 2)


def test_reads_a_file(tmp_path):
    weights = read_weights(write_torch_file(tmp_path / "net.pth", TENSORS), "a network")
    for name, tensor in TENSORS.items():
        np.testing.assert_array_equal(weights[name], tensor)


def test_fingerprint_depends_on_contents_alone():
    first = fingerprint(TENSORS)
    assert len(first) == 16
    assert first == fingerprint(dict(reversed(TENSORS.items())))
    transposed = TENSORS["a.weight"].T.copy().T
    assert first == fingerprint({**TENSORS, "a.weight": transposed})


@pytest.mark.parametrize(
    "other",
    [
        {"a.weight": TENSORS["a.weight"] + 1e-6},
        {"a.weight": TENSORS["a.weight"].reshape(3, 2)},
        {"a.weight": TENSORS["a.weight"].astype(np.float64)},
        {"c.weight": TENSORS["b.weight"]},
    ],
)
def test_fingerprint_tells_contents_apart(other):
    assert fingerprint({**TENSORS, **other}) != fingerprint(TENSORS)
    assert fingerprint(TENSORS, "8-bit") != fingerprint(TENSORS)
