"""torch_zip.pth and torch_legacy.pth are the same tensors, written by PyTorch 2.13."""

import copy
import pickle
import zipfile

import numpy as np
import pytest

from stargan_tf.errors import UserError
from stargan_tf.weights.torch_file import read_state_dict, read_torch_file
from stargan_tf.weights.torch_writer import View
from tests.golden.weights import GOLDEN
from tests.weights.torch_files import write_torch_file

NUMBERS = np.arange(24, dtype=np.float32) / 8
TENSORS = {
    "float": NUMBERS[:6].reshape(2, 3),
    "transposed": NUMBERS.reshape(4, 6).T,
    "part": NUMBERS.reshape(4, 6)[1:3, 2:5],
    "expanded": np.full(3, 1.5, np.float32),
    "double": NUMBERS[:3].astype(np.float64),
    "half": (NUMBERS[:4] * 3).astype(np.float16),
    "bfloat16": NUMBERS[:4] * 3,
    "long": np.array([-1, 2**40]),
    "int": np.array([1, 2], np.int32),
    "bool": np.array([True, False]),
    "scalar": np.array(7),
    "empty": np.zeros([0, 3], np.float32),
    "parameter": NUMBERS[:2],
}
LAYOUTS = ["torch_zip.pth", "torch_legacy.pth"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_reads_what_pytorch_wrote(layout):
    tensors = read_state_dict(GOLDEN / layout)
    assert list(tensors) == list(TENSORS)
    for name, expected in TENSORS.items():
        assert tensors[name].dtype == expected.dtype, name
        np.testing.assert_array_equal(tensors[name], expected, err_msg=name)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kept", [0.01, 0.3, 0.6, 0.99])
def test_a_truncated_file_is_rejected(layout, kept, tmp_path):
    content = (GOLDEN / layout).read_bytes()
    path = tmp_path / "half.pth"
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(UserError, match=r"half\.pth is not a usable PyTorch weights file"):
        read_torch_file(path)


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ("torch_zip.pth", "a zip archive without its end, as of a download that broke off"),
        ("torch_legacy.pth", "a block of numbers is shorter or longer than announced"),
    ],
)
def test_a_download_that_broke_off_is_told(layout, message, tmp_path):
    path = tmp_path / "half.pth"
    path.write_bytes((GOLDEN / layout).read_bytes()[:-30])
    with pytest.raises(UserError, match=message):
        read_torch_file(path)


@pytest.mark.parametrize("content", [b"", b"<html>Not Found</html>", b"\x89PNG\r\n", b"\x80\x02."])
def test_other_files_are_rejected(content, tmp_path):
    path = tmp_path / "other.pth"
    path.write_bytes(content)
    with pytest.raises(UserError, match="not a usable PyTorch weights file"):
        read_torch_file(path)


def test_a_zip_of_something_else_is_rejected(tmp_path):
    path = tmp_path / "other.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(UserError, match=r"without a data\.pkl"):
        read_torch_file(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"nothing\.pth cannot be read \(No such file"):
        read_torch_file(tmp_path / "nothing.pth")


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [(0, (25,), (1,)), (20, (5,), (1,)), (0, (2, 2), (24, 1)), (9, (2,), (-1,)), (-1, (2,), (1,))],
)
def test_a_tensor_cannot_reach_beyond_its_numbers(offset, shape, strides, tmp_path):
    tensor = View(NUMBERS, offset, shape, strides)
    path = write_torch_file(tmp_path / "far.pth", {"weight": tensor})
    with pytest.raises(UserError, match=r"reaches beyond its numbers|has no place in the file"):
        read_torch_file(path)


@pytest.mark.parametrize("key", ["data.pkl", "data/0"])
def test_a_packed_archive_is_rejected(key, tmp_path):
    """Zeros pack a thousandfold: a small file could fill the memory."""
    path = write_torch_file(tmp_path / "net.pth", {"weight": np.zeros(2**20)})
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            packed = zipfile.ZIP_DEFLATED if name.endswith(key) else zipfile.ZIP_STORED
            archive.writestr(name, content, packed)
    with pytest.raises(UserError, match="its members are packed, which PyTorch never does"):
        read_torch_file(path)


def test_an_archive_cannot_announce_more_than_it_holds(tmp_path):
    """Every name in the directory may stand for the same bytes."""
    path = write_torch_file(tmp_path / "net.pth", {"weight": np.zeros(2**10)})
    with zipfile.ZipFile(path, "a") as archive:
        block = archive.getinfo("archive/data/0")
        for number in range(1, 100):
            again = copy.copy(block)
            again.filename = f"archive/data/{number}"
            archive.filelist.append(again)
        archive._didModify = True
    with pytest.raises(UserError, match="its members are packed"):
        read_torch_file(path)


def test_a_block_of_the_old_layout_cannot_announce_more_than_the_file_holds(tmp_path):
    content = (GOLDEN / "torch_legacy.pth").read_bytes()
    path = tmp_path / "long.pth"
    count = (24).to_bytes(8, "little")
    assert content.count(count) >= 1
    path.write_bytes(content.replace(count, (2**50).to_bytes(8, "little")))
    with pytest.raises(UserError, match="a block of numbers is shorter or longer than announced"):
        read_torch_file(path)


def test_a_file_of_several_networks_is_no_state_dict(tmp_path):
    path = tmp_path / "values.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/data.pkl", pickle.dumps({"net": {}, "step": 3, "names": ("a",)}, 2))
    assert read_torch_file(path) == {"net": {}, "step": 3, "names": ["a"]}
    with pytest.raises(UserError, match="no weights of a single network"):
        read_state_dict(path)
