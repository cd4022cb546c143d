"""Which versions of a model there are, and which of them should be served."""

import dataclasses
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Policy:
    """Which versions are served.

    Attributes:
      latest: how many of the newest; 0 for all of them.
      specific: the only versions that are served; takes the place of `latest`.
    """

    latest: int = 1
    specific: tuple[int, ...] = ()

    def choose(self, found: set[int]) -> set[int]:
        """The versions among those found that should be served."""
        if self.specific:
            return found & set(self.specific)
        return set(sorted(found)[-self.latest :])


@dataclasses.dataclass(frozen=True)
class ModelSettings:
    """A model to be served.

    Attributes:
      name: as requests name it.
      base_path: the folder that holds its versions.
      policy: which versions are served.
      labels: names of versions, such as {"stable": 1}.
    """

    name: str
    base_path: Path
    policy: Policy = Policy()
    labels: dict[str, int] = dataclasses.field(default_factory=dict)


def find_versions(base_path: Path) -> dict[int, Path]:
    """The versions in a model's folder: folders whose names are whole numbers.

    Others, such as a version that is still being written under another name, are no
    versions, as in TensorFlow Serving.

    Raises:
      OSError: the folder cannot be read.
    """
    return {
        int(path.name): path
        for path in sorted(base_path.iterdir())
        # More digits than an int64 has are no version but would be a valid Python int.
        if path.name.isascii() and path.name.isdigit() and len(path.name) < 19 and path.is_dir()
    }


def find_models(models_dir: Path) -> list[ModelSettings]:
    """The models in a folder: its folders that hold at least one version.

    Raises:
      OSError: the folder cannot be read.
    """
    models = []
    for path in sorted(models_dir.iterdir()):
        if path.is_dir() and not path.name.startswith(".") and find_versions(path):
            models.append(ModelSettings(path.name, path))
    return models


def fingerprint(path: Path) -> frozenset[tuple[str, int, int]]:
    """Changes when anything in a folder does: the files with their sizes and times."""
    found = set()
    for file in path.rglob("*"):
        try:
            status = file.stat()
        except OSError:  # it is just being replaced
            continue
        found.add((str(file.relative_to(path)), status.st_size, status.st_mtime_ns))
    return frozenset(found)
