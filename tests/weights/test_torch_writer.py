"""What the writer writes, the reader reads; `make test-torch` reads it with PyTorch."""

import zipfile
from collections import OrderedDict

import numpy as np
import pytest

from stargan_tf.errors import UserError
from stargan_tf.weights.torch_file import read_torch_file
from stargan_tf.weights.torch_writer import write_torch_file

RNG = np.random.default_rng(0)
VALUES = {
    "state": OrderedDict(
        weight=RNG.standard_normal((2, 3, 1, 1)).astype(np.float32),
        turned=RNG.standard_normal((4, 5)).astype(np.float32).T,
        every_other=RNG.standard_normal(10).astype(np.float32)[::2],
        empty=np.zeros((0, 3), np.float32),
        scalar=np.array(3, np.float32),
        count=np.array(2**40),
    ),
    7: {"int": -(2**31), "long": 2**31, "negative": -(2**63), "float": 1e-4, "text": "Stil\u00e4"},
    "plain": [None, True, False, [], {}, ""],
}


def assert_same(found, expected):
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        for key in expected:
            assert_same(found[key], expected[key])
    elif isinstance(expected, np.ndarray):
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
        np.testing.assert_array_equal(found, expected)
    else:
        assert found == expected and type(found) is type(expected)


def test_every_value_is_read_again(tmp_path):
    write_torch_file(tmp_path / "values.ckpt", VALUES)
    assert_same(read_torch_file(tmp_path / "values.ckpt"), VALUES)


def test_numbers_lie_at_multiples_of_64_bytes(tmp_path):
    """As PyTorch lays them, for those who map the file into memory."""
    path = tmp_path / "values.ckpt"
    write_torch_file(path, VALUES)
    content = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        blocks = [member for member in archive.infolist() if "/data/" in member.filename]
    assert len(blocks) == 6
    for member in blocks:
        start = member.header_offset
        name, extra = (
            int.from_bytes(content[start + i : start + i + 2], "little") for i in (26, 28)
        )
        assert (start + 30 + name + extra) % 64 == 0


@pytest.mark.parametrize(
    "value", [np.zeros(2), np.zeros(2, np.float16), {1, 2}, object(), b"bytes"]
)
def test_other_values_are_rejected_and_leave_nothing(value, tmp_path):
    with pytest.raises(TypeError):
        write_torch_file(tmp_path / "values.ckpt", {"value": value})
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(UserError, match=r"The disk is full: .*values\.ckpt could not be written"):
        write_torch_file(tmp_path / "values.ckpt", VALUES)
    assert not list(tmp_path.iterdir())
