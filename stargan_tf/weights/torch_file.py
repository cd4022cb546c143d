"""Reads the tensors of a PyTorch weights file, without PyTorch and without running its code.

Such a file is a pickle of dicts, whose tensors refer to blocks of raw numbers beside
it. Two layouts exist: a zip archive with one member per block (PyTorch 1.6 and later)
and, before that, several pickles in a row with the blocks at the end.
"""

import os
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from stargan_tf.errors import UserError
from stargan_tf.weights.torch_unpickler import TensorUnpickler
from stargan_tf.weights.torch_values import Storage, StorageType, with_arrays

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001
_ZIP_MAGIC = b"PK\x03\x04"


def read_torch_file(path: str | Path) -> Any:
    """Reads what `torch.save` has written.

    Args:
      path: the file, in either layout.

    Returns:
      The dicts, lists and plain values of the file, each tensor a read-only NumPy
      array of its shape and type (bfloat16 as float32).

    Raises:
      UserError: there is no such file, it is none of PyTorch's, is damaged, or holds
        more than tensors and plain values.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            content = _read_zip(file) if zipfile.is_zipfile(file) else _read_legacy(file)
        return with_arrays(content)
    except OSError as error:
        raise UserError(
            f"{path} cannot be read ({error.strerror or error}): give a PyTorch weights file."
        ) from error
    except Exception as error:  # damaged pickles raise nearly any type
        raise UserError(
            f"{path} is not a usable PyTorch weights file ({error}): expected a file of tensors "
            "alone, as torch.save writes a state_dict; download it again."
        ) from error


def read_state_dict(path: str | Path) -> dict[str, np.ndarray]:
    """Reads the weights of one network.

    Args:
      path: a file that holds one state_dict.

    Returns:
      Arrays by the names of PyTorch, in its layouts (convolutions [out, in, H, W]).

    Raises:
      UserError: as for `read_torch_file`, or the file holds something else.
    """
    content = read_torch_file(path)
    if not isinstance(content, dict) or not all(
        isinstance(key, str) and isinstance(value, np.ndarray) for key, value in content.items()
    ):
        raise UserError(
            f"{path} holds no weights of a single network, expected tensors by name: give the "
            "file of one network's state_dict."
        )
    return content


def _read_zip(file: BinaryIO) -> Any:
    with zipfile.ZipFile(file) as archive:
        _check_stored(archive, _size(file))
        names = archive.namelist()
        index = next((name for name in names if name.endswith("/data.pkl")), None)
        if index is None:
            raise ValueError("a zip archive without a data.pkl")
        folder = index.removesuffix("data.pkl")
        if f"{folder}byteorder" in names:
            _check_byte_order(archive.read(f"{folder}byteorder") == b"little")
        storages: dict[str, Storage] = {}

        def open_storage(storage_type: StorageType, key: str, numel: int) -> Storage:
            if key not in storages:
                storages[key] = Storage(storage_type, numel)
                storages[key].fill(archive.read(f"{folder}data/{key}"))
            return storages[key]

        with archive.open(index) as pickled:
            return TensorUnpickler(pickled, open_storage).load()


def _read_legacy(file: BinaryIO) -> Any:
    storages: dict[str, Storage] = {}

    def open_storage(storage_type: StorageType, key: str, numel: int) -> Storage:
        return storages.setdefault(key, Storage(storage_type, numel))

    def load() -> Any:
        return TensorUnpickler(file, open_storage).load()

    size = _size(file)
    if file.read(4) == _ZIP_MAGIC:  # its directory stands at its end
        raise ValueError("a zip archive without its end, as of a download that broke off")
    file.seek(0)
    if load() != _LEGACY_MAGIC or load() != _LEGACY_PROTOCOL:
        raise ValueError("it begins like no file of PyTorch")
    _check_byte_order(load()["little_endian"])
    content = load()
    for key in load():
        if not isinstance(key, str):
            raise ValueError("a block of numbers has no name")
        storage = storages[key]
        count = int.from_bytes(file.read(8), "little")
        num_bytes = count * storage.type.dtype.itemsize
        if count != storage.numel or num_bytes > size:
            raise ValueError("a block of numbers is shorter or longer than announced")
        storage.fill(file.read(num_bytes))
    return content


def _size(file: BinaryIO) -> int:
    """The bytes of a file, which is left at its beginning."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return size


def _check_stored(archive: zipfile.ZipFile, size: int) -> None:
    """Raises ValueError where members of an archive are larger than its file has room for.

    PyTorch stores them as they are. Packed ones could fill the memory.
    """
    members = archive.infolist()
    packed = any(m.compress_type != zipfile.ZIP_STORED or m.flag_bits & 1 for m in members)
    if packed or sum(member.file_size for member in members) > size:
        raise ValueError("its members are packed, which PyTorch never does")


def _check_byte_order(little: bool) -> None:
    if not little:
        raise ValueError("it was written on a machine of the other byte order")
