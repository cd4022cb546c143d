"""Pickles in PyTorch's files: what they may hold, and what they cannot do."""

import collections
import os
import pickle
import zipfile

import pytest

from stargan_tf.errors import UserError
from stargan_tf.weights.torch_file import read_state_dict, read_torch_file

NO_BLOCKS = pickle.dumps([], protocol=2)


def pickled(folder, content, zipped):
    """A file of plain values, in either layout."""
    return from_pickle(folder, pickle.dumps(content, protocol=2), zipped)


def from_pickle(folder, data, zipped, blocks=NO_BLOCKS):
    """A file of a pickle, in either layout; in the old one with names of blocks of numbers."""
    path = folder / "values.pth"
    if zipped:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("values/data.pkl", data)
    else:
        parts = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})
        heads = [pickle.dumps(part, protocol=2) for part in parts]
        path.write_bytes(b"".join([*heads, data, blocks]))
    return path


class Evil:
    """Runs a command when it is unpickled as Python itself does."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("zipped", [True, False])
def test_nothing_is_executed(zipped, tmp_path):
    path, trace = tmp_path / "evil.pth", tmp_path / "trace"
    pickled = pickle.dumps({"weight": Evil(trace)}, protocol=2)
    if zipped:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("evil/data.pkl", pickled)
    else:
        path.write_bytes(pickled)
    with pytest.raises(UserError, match=r"holds a posix\.mkdir, which is no tensor"):
        read_torch_file(path)
    assert not trace.exists()


@pytest.mark.parametrize("name", ["getattr", "eval", "exec", "__import__", "open"])
def test_no_builtin_is_found(name, tmp_path):
    path = tmp_path / "evil.pth"
    path.write_bytes(b"c__builtin__\n" + name.encode() + b"\n.")
    with pytest.raises(UserError, match="which is no tensor"):
        read_torch_file(path)


def shared(levels, leaf, pair):
    """A value that holds itself twice at each level: small in a file, endless when walked."""
    for _ in range(levels):
        leaf = pair(leaf)
    return leaf


PAIRS = [lambda value: [value, value], lambda value: {1: value, 2: value}]


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("zipped", [True, False])
def test_shared_values_cost_what_they_take_in_the_file(pair, zipped, tmp_path):
    content = {"net": {}, "lists": shared(12, [1], pair)}
    read = read_torch_file(pickled(tmp_path, content, zipped))["lists"]
    assert len({id(value) for value in walk(read)}) == 13


def walk(value):
    """Every object of a chain of containers, once."""
    while isinstance(value, list | dict):
        yield value
        value = next(iter(value.values())) if isinstance(value, dict) else value[0]


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("levels", [17, 30, 200])
def test_values_that_are_nested_too_deep_are_rejected(pair, zipped, levels, tmp_path):
    path = pickled(tmp_path, shared(levels, [1], pair), zipped)
    with pytest.raises(UserError, match="its values are nested too deep"):
        read_torch_file(path)


def test_values_that_hold_themselves_are_rejected(tmp_path):
    loop = [1]
    loop += [loop, loop]
    with pytest.raises(UserError, match="its values are nested too deep"):
        read_torch_file(pickled(tmp_path, loop, True))


def tuples(levels=10**4):
    """The instructions of a tuple of the same tuple twice, and so on: no machine could hash it."""
    return b")" + b"q\x00h\x00\x86" * levels


KEYS = {
    "of a dict": b"}" + tuples() + b"Ns.",
    "of a dict with others": b"}(" + tuples() + b"Nu.",
    "of a dict at once": b"(" + tuples() + b"Nd.",
    "of an ordered dict": b"ccollections\nOrderedDict\n(](" + tuples() + b"N\x86etR.",
    "of a set": b"\x8f(" + tuples() + b"\x90.",
    "of a frozen set": b"(" + tuples() + b"\x91.",
    "of numbers": b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
    + tuples()
    + b"X\x00\x00\x00\x00K\x01tQ.",
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("zipped", [True, False])
def test_a_key_that_takes_years_to_hash_is_rejected(key, zipped, tmp_path):
    path = from_pickle(tmp_path, b"\x80\x02" + key, zipped)
    with pytest.raises(UserError, match="not a usable PyTorch weights file"):
        read_torch_file(path)


def test_a_name_of_a_block_that_takes_years_to_hash_is_rejected(tmp_path):
    blocks = b"\x80\x02](" + tuples() + b"e."
    path = from_pickle(tmp_path, pickle.dumps({}, protocol=2), False, blocks)
    with pytest.raises(UserError, match="a block of numbers has no name"):
        read_torch_file(path)


PLAIN_VALUES = {
    "numbers": [0, 255, 65535, -1, 2**31, -(2**70), 1.5, True, False, None],
    "texts": ["", "ä", "x" * 300],
    "containers": [{}, [], {"a": {1: [2]}, None: 0, 1.5: 1, False: 3}],
    "ordered": collections.OrderedDict([("b", 1), ("a", 2)]),
}


@pytest.mark.parametrize("protocol", range(5))
@pytest.mark.parametrize("zipped", [True, False])
def test_plain_values_are_read_as_python_reads_them(protocol, zipped, tmp_path):
    values = PLAIN_VALUES | ({"bytes": [b"a", b"b" * 300]} if protocol > 2 else {})
    read = read_torch_file(from_pickle(tmp_path, pickle.dumps(values, protocol), zipped))
    assert read == values
    assert list(read["ordered"]) == ["b", "a"]


BROKEN = [
    b".",
    b"0.",
    b"R.",
    b"t.",
    b"h\x05.",
    b"K\x01K\x02s.",
    b"}K\x01a.",
    b"}(K\x01u.",
    b"K\x01K\x01R.",
]


@pytest.mark.parametrize("instructions", BROKEN)
@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_that_makes_nothing_is_rejected(instructions, zipped, tmp_path):
    path = from_pickle(tmp_path, b"\x80\x02" + instructions, zipped)
    with pytest.raises(UserError, match="not a usable PyTorch weights file"):
        read_torch_file(path)


def test_metadata_of_modules_is_left_out(tmp_path):
    state = collections.OrderedDict()
    state._metadata = {"": {"version": 1}}
    path = tmp_path / "empty.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/data.pkl", pickle.dumps(state, 2))
    assert read_state_dict(path) == {}
