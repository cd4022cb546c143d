"""What was done of a folder so far: a stopped run goes on where it was."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from stargan_tf.errors import UserError
from stargan_tf.files import write_text

FILE = ".align.jsonl"  # a name that is passed over where images are looked for


class Entry(NamedTuple):
    """What became of an image.

    Attributes:
      file: its path in the folder.
      stamp: its size in bytes and its time of change.
      outputs: paths of its aligned images in the output folder.
      remarks: what people should know; of an image without outputs, why it was rejected.
    """

    file: str
    stamp: tuple[int, int]
    outputs: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def rejected(self) -> bool:
        """Whether nothing was aligned."""
        return not self.outputs


class Journal:
    """One line for each image that is done, in the output folder."""

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        """Reads what an earlier run has left, and begins the file.

        Args:
          folder: the output folder.
          settings: what decides over the results, of JSON types.

        Raises:
          UserError: the folder holds results of other settings, or other files.
        """
        self._folder = folder
        self._path = folder / FILE
        lines = self._whole_lines()
        if lines:
            _check_same(lines[0], settings, folder)
        elif folder.is_dir() and any(not p.name.startswith(".") for p in folder.iterdir()):
            raise UserError(
                f"--output_dir={folder} already exists and is not an empty folder: choose another "
                "folder or remove it first."
            )
        self.entries = {entry.file: entry for entry in map(_entry, lines[1:])}
        folder.mkdir(parents=True, exist_ok=True)
        kept = [dict(settings), *(entry._asdict() for entry in self.entries.values())]
        write_text(self._path, "".join(map(_line, kept)))  # without what was half written

    def find(self, file: str, stamp: tuple[int, int]) -> Entry | None:
        """What became of an image, if it is still the same and its results are there."""
        entry = self.entries.get(file)
        if entry is None or entry.stamp != stamp:
            return None
        return entry if all((self._folder / name).is_file() for name in entry.outputs) else None

    def outputs(self, file: str) -> tuple[str, ...]:
        """Paths of what an image had become, whether or not it is still the same."""
        return self.entries[file].outputs if file in self.entries else ()

    def add(self, entry: Entry) -> None:
        """Notes that an image is done, after its results were written."""
        if self.entries.get(entry.file) == entry:
            return
        self.entries[entry.file] = entry
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_line(entry._asdict()))

    def _whole_lines(self) -> list[dict[str, Any]]:
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        try:
            return [json.loads(line) for line in text.splitlines(keepends=True) if "\n" in line]
        except ValueError as error:
            raise UserError(
                f"{self._path} is damaged ({error}): choose another --output_dir."
            ) from error


def stamp_of(path: Path) -> tuple[int, int]:
    """Size and time of change of a file; of what cannot be had, zeros."""
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _check_same(old: dict[str, Any], settings: Mapping[str, Any], folder: Path) -> None:
    differing = [
        f"{name} ({old.get(name)} there, {value} here)"
        for name, value in settings.items()
        if old.get(name) != value
    ]
    if differing:
        raise UserError(
            f"Found images aligned with other settings in {folder}: {'; '.join(differing)}: use "
            "those settings, or choose another --output_dir."
        )


def _entry(values: dict[str, Any]) -> Entry:
    lists = ("stamp", "outputs", "remarks")
    return Entry(**{k: tuple(v) if k in lists else v for k, v in values.items()})


def _line(values: Mapping[str, Any]) -> str:
    # ASCII: names of files that are no valid text come back as they were.
    return json.dumps(values) + "\n"
