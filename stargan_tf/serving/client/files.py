"""The files of a folder, names for what is made of them, and writing it whole."""

import os
from collections.abc import Sequence
from pathlib import Path

from .errors import ImageError


def files_of(path: Path) -> list[Path]:
    """The file itself, or the visible files directly in a folder, sorted.

    Raises:
      ImageError: the folder has none.
    """
    if path.is_file():
        return [path]
    found = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
    if not found:
        raise ImageError(
            f"Found no files directly in {path}, expected images: add some, or name another folder."
        )
    return found


def distinct_names(paths: Sequence[Path]) -> list[str]:
    """File names without suffix where that tells them apart, else with it, else numbered."""
    stems = [path.stem.lower() for path in paths]  # some file systems ignore case
    names = []
    taken: set[str] = set()
    for path, stem in zip(paths, stems, strict=True):
        base = path.stem if stems.count(stem) == 1 else path.name.replace(".", "_")
        name, number = base, 1
        while name.lower() in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name.lower())
        names.append(name)
    return names


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file so that there is all of it or nothing, even when interrupted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Beside the file, so that the rename stays in one file system.
    unfinished = path.with_name(f".{path.stem}.unfinished-{os.getpid()}{path.suffix}")
    try:
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
