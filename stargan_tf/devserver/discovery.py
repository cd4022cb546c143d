"""Which versions of a model there are, and which of them should be served."""

import contextlib
import dataclasses
from collections.abc import Iterable
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class ModelSettings:
    """A model to be served."""

    name: str  # as requests name it
    base_path: Path  # the folder that holds its versions
    latest: int = 1  # how many of the newest versions are served; 0 for all of them
    specific: tuple[int, ...] = ()  # the only versions that are served, in place of the newest
    labels: dict[str, int] = dataclasses.field(default_factory=dict)  # such as {"stable": 1}

    def choose(self, found: Iterable[int]) -> set[int]:
        """The versions among those found that should be served."""
        newest = set(sorted(found)[-self.latest :])
        return set(self.specific).intersection(found) if self.specific else newest


def find_versions(base_path: Path) -> dict[int, Path]:
    """The folders in a model's folder whose names are whole numbers, as in TensorFlow Serving.

    Raises OSError if the folder cannot be read.
    """
    return {
        int(path.name): path
        for path in sorted(base_path.iterdir())
        # More digits than an int64 has are no version but would be a valid Python int.
        if path.name.isascii() and path.name.isdigit() and len(path.name) < 19 and path.is_dir()
    }


def find_models(models_dir: Path) -> list[ModelSettings]:
    """The folders in a folder that hold a version; raises OSError if it cannot be read."""
    found = []
    for path in sorted(models_dir.iterdir()):
        # One that is closed to the server, such as lost+found of a disk, is no model.
        with contextlib.suppress(OSError):
            if path.is_dir() and path.name[0] != "." and find_versions(path):
                found.append(ModelSettings(path.name, path))
    return found
