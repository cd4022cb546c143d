"""Disks of a few megabytes, to fill."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

_STEP = 4096


class SmallDisk:
    """A file system of its own.

    Attributes:
      root: where it is mounted.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._filler = root / ".filler"

    def fill(self, leave: int = 0) -> None:
        """Takes all room but so many bytes."""
        with self._filler.open("ab") as file:
            with contextlib.suppress(OSError):
                while True:
                    os.write(file.fileno(), bytes(_STEP))
            size = file.tell() // _STEP * _STEP
            os.truncate(file.fileno(), max(0, size - -(-leave // _STEP) * _STEP))

    def make_room(self) -> None:
        """Gives back what `fill` took."""
        self._filler.unlink(missing_ok=True)


@contextlib.contextmanager
def small_disk(root: Path, megabytes: float) -> Iterator[SmallDisk]:
    """Mounts an empty tmpfs on a new folder; as root, which CI is."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk to fill")
    root.mkdir()
    size = f"size={int(megabytes * 1024)}k"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", root], check=True)
    try:
        yield SmallDisk(root)
    finally:
        subprocess.run(["umount", "-l", root], check=True)
