"""Images in folders: root/{train,val}/DOMAIN/IMAGES or root/DOMAIN/IMAGES."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.config.settings import check
from stargan_tf.data.sources.base import Candidate, digest, domain_names, splits_to_fill

FILES_PER_CHUNK = 32
# Published archives call the second split by any of these names.
VAL_FOLDERS = ("val", "validation", "test")

# A larger file is no image to train on; reading it could fill the memory.
MAX_FILE_BYTES = 2**30

# Split, domain, paths below the root. These are bytes, since old archives hold names
# that are no valid text.
FolderChunk = tuple[str, str, tuple[bytes, ...]]


class FolderSource:
    """Reads the folder layouts described above; see `Source`.

    Every file counts, whatever its extension: what it holds decides. Only names
    that start with a dot are passed over.
    """

    default_size = 0

    @classmethod
    def validate(cls, config: PrepareDataConfig) -> None:
        """Checks that there is a folder; see `Source`."""
        check(
            bool(config.input_dir),
            "Found no --input_dir, expected a folder with one folder of images per domain: add "
            "--input_dir=FOLDER.",
        )
        check(
            Path(config.input_dir).is_dir(),
            f"--input_dir={config.input_dir} is not a folder, expected one folder of images per "
            "domain in it: check the path.",
        )

    @classmethod
    def describe(cls, config: PrepareDataConfig) -> str:
        """The folder; see `Source`."""
        return config.input_dir

    @classmethod
    def cache_key(cls, config: PrepareDataConfig) -> str:
        """Names, sizes and times of change of all files; see `Source`.

        Not their contents: reading those again would take as long as preparing them.
        """
        return digest(_stamps(config.input_dir))

    def __init__(self, config: PrepareDataConfig) -> None:
        """Lists the files.

        Raises:
          UserError: the folders do not have one of the two layouts.
        """
        self.root = Path(config.input_dir)
        self.name = config.name or self.root.resolve().name
        self.licence = config.licence or "not stated; that of the original images holds"
        self.credits: dict[str, Any] = {}
        split_folders = self._split_folders(config.val_fraction)
        folders = {
            split: {path.name: path for path in _visible(folder) if path.is_dir()}
            for split, folder in split_folders.items()
        }
        names = domain_names(sorted(set().union(*folders.values())))
        self.domains = tuple(names.values())
        self.attributes: tuple[str, ...] = ()
        check(
            len(self.domains) >= 2,
            f"Found {_list(self.domains)} in {self.root}, expected one folder of images for each "
            "of at least two domains: add a folder.",
        )
        self._check_same_domains(folders)
        self._chunks: list[FolderChunk] = []
        self.total = 0
        for split, by_name in folders.items():
            for original, folder in by_name.items():
                self._add_files(split, names[original], folder)
        has_val = "val" in split_folders
        self.splits = splits_to_fill(has_val, config.val_fraction)

    def chunks(self) -> list[FolderChunk]:
        """Lists of a few files each."""
        return self._chunks

    def read(self, chunk: FolderChunk) -> Iterator[Candidate]:
        """Reads the files of one chunk."""
        split, domain, paths = chunk
        for encoded_path in paths:
            name = encoded_path.decode("utf-8", "replace")
            content, error = _read(self.root / os.fsdecode(encoded_path))
            yield Candidate(name, domain, split, content, error)

    def _split_folders(self, val_fraction: float) -> dict[str, Path]:
        """Maps each split to its folder; the split "" is still to be cut in two."""
        train = self.root / "train"
        if not train.is_dir():
            return {"": self.root}
        for name in VAL_FOLDERS:
            if (self.root / name).is_dir():
                return {"train": train, "val": self.root / name}
        return {"" if val_fraction else "train": train}

    def _check_same_domains(self, folders: dict[str, dict[str, Path]]) -> None:
        for split, by_name in folders.items():
            missing = sorted(set().union(*folders.values()) - set(by_name))
            check(
                not missing,
                f"Found no folder {_list(missing)} in the {split} split of {self.root}, expected "
                "the same domains in every split: add the folder or remove it from the others.",
            )

    def _add_files(self, split: str, domain: str, folder: Path) -> None:
        files: list[bytes] = []
        for path in _visible(folder):
            check(
                not path.is_dir(),
                f"Found the folder {path}, expected only images inside a domain's folder: move "
                "its images up or remove it.",
            )
            files.append(os.fsencode(path.relative_to(self.root)))
        check(
            bool(files),
            f"Found no images in {folder}, expected at least one per domain: add images or remove "
            "the folder.",
        )
        self.total += len(files)
        for start in range(0, len(files), FILES_PER_CHUNK):
            self._chunks.append((split, domain, tuple(files[start : start + FILES_PER_CHUNK])))


def _stamps(root: str) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            # A link to nothing is a file like others: reading it says what is wrong.
            status = os.stat(path, follow_symlinks=os.path.exists(path))
            yield f"{os.path.relpath(path, root)} {status.st_size} {status.st_mtime_ns}"


def _read(path: Path) -> tuple[bytes, str]:
    """The content of a file, or why it cannot be had."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            return b"", f"absurdly large: a file of {size} bytes"
        return path.read_bytes(), ""
    except OSError as error:
        return b"", f"cannot be read: {error.strerror}"


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _list(names: Any) -> str:
    return ", ".join(names) or "nothing"
