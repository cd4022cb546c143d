"""Images in folders: root/{train,val}/DOMAIN/IMAGES or root/DOMAIN/IMAGES.

With attributes, which a file lists, these are root/{train,val}/IMAGES or root/IMAGES.
"""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.config.settings import check
from stargan_tf.data.sources.attribute_file import AttributeFile
from stargan_tf.data.sources.base import Candidate, digest, splits_to_fill
from stargan_tf.data.sources.split_names import TRAIN, in_order, validation_split
from stargan_tf.names import domain_names, is_system_name, normalised

FILES_PER_CHUNK = 32

# A larger file is no image to train on; reading it could fill the memory.
MAX_FILE_BYTES = 2**30

# Split, domain, paths below the root, and for each its attributes, none if no line lists it.
# Paths are bytes, since old archives hold names that are no valid text.
FolderChunk = tuple[str, str, tuple[bytes, ...], tuple[tuple[int, ...], ...]]


class FolderSource:
    """Reads the folder layouts described above; see `Source`.

    Every file counts, whatever its extension: what it holds decides. Only what systems
    leave beside images is passed over, see `names.is_system_name`. Folders and files that
    belong to no domain are named on stderr.
    """

    default_size = 0

    @classmethod
    def validate(cls, config: PrepareDataConfig) -> None:
        """Checks that there is a folder; see `Source`."""
        check(
            bool(config.input_dir),
            "Found no --input_dir, expected a folder with one folder of images per domain, or with "
            "images that --attributes_file lists: add --input_dir=FOLDER.",
        )
        check(
            Path(config.input_dir).is_dir(),
            f"--input_dir={config.input_dir} is not a folder, expected one folder of images per "
            "domain in it, or images that --attributes_file lists: check the path.",
        )
        check(
            bool(config.attributes) == bool(config.attributes_file),
            f"Found --attributes={','.join(config.attributes)} and "
            f"--attributes_file={config.attributes_file}, expected both or neither: name the "
            "attributes, and the file that lists those of each image.",
        )
        check(
            not config.attributes_file or Path(config.attributes_file).is_file(),
            f"--attributes_file={config.attributes_file} is not a file, expected a list such as "
            "list_attr_celeba.txt, or CSV: check the path.",
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
        stamps = [*_stamps(config.input_dir)]
        if config.attributes_file:
            stamps.append(_stamp(config.attributes_file))
        return digest(stamps)

    def __init__(self, config: PrepareDataConfig) -> None:
        """Lists the files.

        Raises:
          UserError: the folders do not have one of the layouts, or the file of attributes is
            damaged or of other images.
        """
        self.root = Path(config.input_dir)
        # Whatever the file system calls it, dataset_info.json is UTF-8.
        own_name = os.fsencode(self.root.resolve().name).decode("utf-8", "replace")
        self.name = config.name or own_name
        self.licence = config.licence or "not stated; that of the original images holds"
        self.credits: dict[str, Any] = {}
        split_folders = self._split_folders(config.val_fraction)
        self.splits = splits_to_fill("val" in split_folders, config.val_fraction)
        self.domains: tuple[str, ...] = ()
        self.attributes: tuple[str, ...] = tuple(map(normalised, config.attributes))
        self.total = 0
        self._chunks: list[FolderChunk] = []
        if self.attributes:
            self._add_listed(split_folders, Path(config.attributes_file))
        else:
            self._add_domains(split_folders)

    def chunks(self) -> list[FolderChunk]:
        """Lists of a few files each."""
        return self._chunks

    def read(self, chunk: FolderChunk) -> Iterator[Candidate]:
        """Reads the files of one chunk."""
        split, domain, paths, labels = chunk
        for encoded_path, values in zip(paths, labels, strict=True):
            name = encoded_path.decode("utf-8", "replace")
            if self.attributes and not values:
                yield Candidate(name, domain, split, b"", "no line of --attributes_file names it")
                continue
            content, error = _read(self.root / os.fsdecode(encoded_path))
            yield Candidate(name, domain, split, content, error, values)

    def _add_domains(self, split_folders: dict[str, Path]) -> None:
        folders = {split: self._domain_folders(folder) for split, folder in split_folders.items()}
        names = domain_names(sorted(set().union(*folders.values())))
        self.domains = tuple(names.values())
        check(
            len(self.domains) >= 2,
            f"Found {_list(self.domains)} in {self.root}, expected one folder of images for each "
            "of at least two domains: add a folder, or pass --attributes and --attributes_file.",
        )
        self._check_same_domains(folders)
        for split, by_name in folders.items():
            for original, folder in by_name.items():
                files = _images(folder)
                self._add_files(split, names[original], files, [()] * len(files))

    def _add_listed(self, split_folders: dict[str, Path], path: Path) -> None:
        """Adds the images that a file of attributes lists."""
        images = {split: _images(folder, path) for split, folder in split_folders.items()}
        listed = AttributeFile(path, self.attributes)
        labels = listed.match([image.name for files in images.values() for image in files])
        for split, files in images.items():
            self._add_files(split, "", files, [labels[image.name] for image in files])

    def _split_folders(self, val_fraction: float) -> dict[str, Path]:
        """Maps each split to its folder; the split "" is still to be cut in two."""
        names = [path.name for path in _visible(self.root) if path.is_dir()]
        # Another word than train may be a domain's name; only a split has folders in it.
        found = [
            name
            for name in in_order(names, TRAIN)
            if name.lower() == TRAIN[0] or any(p.is_dir() for p in _visible(self.root / name))
        ]
        if not found:
            return {"": self.root}
        check(
            len(found) == 1,
            f"Found the folders {_list(found)} in {self.root}, expected one with the training "
            "images: move them into one.",
        )
        train, val = found[0], validation_split(names)
        _warn_unused(self.root, [name for name in names if name not in (train, val)])
        if val:
            return {"train": self.root / train, "val": self.root / val}
        return {"" if val_fraction else "train": self.root / train}

    def _domain_folders(self, folder: Path) -> dict[str, Path]:
        """Maps the domains of a split, as they are written in NFC, to their folders."""
        paths = _visible(folder)
        _warn_unused(folder, [path.name for path in paths if not path.is_dir()])
        by_name: dict[str, Path] = {}
        for path in paths:
            if path.is_dir():
                name = normalised(path.name)
                check(
                    name not in by_name,
                    f"Found two folders {name} in {folder}, whose names look the same (Unicode "
                    "can write them in two ways), expected one: move the images into one.",
                )
                by_name[name] = path
        return by_name

    def _check_same_domains(self, folders: dict[str, dict[str, Path]]) -> None:
        for split, by_name in folders.items():
            missing = sorted(set().union(*folders.values()) - set(by_name))
            check(
                not missing,
                f"Found no folder {_list(missing)} in the {split} split of {self.root}, expected "
                "the same domains in every split: add the folder or remove it from the others.",
            )

    def _add_files(
        self, split: str, domain: str, files: list[Path], labels: list[tuple[int, ...]]
    ) -> None:
        paths = [os.fsencode(path.relative_to(self.root)) for path in files]
        self.total += len(files)
        for start in range(0, len(files), FILES_PER_CHUNK):
            part = slice(start, start + FILES_PER_CHUNK)
            self._chunks.append((split, domain, tuple(paths[part]), tuple(labels[part])))


def _images(folder: Path, beside: Path | None = None) -> list[Path]:
    """The files of a folder but one that lies beside the images."""
    files = []
    for path in _visible(folder):
        where = "beside the images" if beside else "inside a domain's folder"
        check(
            not path.is_dir(),
            f"Found the folder {path}, expected only images {where}: move its images up or remove "
            "it.",
        )
        if not (beside and path.exists() and path.samefile(beside)):
            files.append(path)
    check(
        bool(files),
        f"Found no images in {folder}, expected at least one per domain: add images or remove "
        "the folder.",
    )
    return files


def _stamps(root: str) -> Iterator[str]:
    # Domains may be links to folders elsewhere.
    for folder, folders, names in os.walk(root, followlinks=True):
        folders[:] = sorted(name for name in folders if not is_system_name(name))
        if Path(folder).parent.parent == Path(root):
            folders.clear()  # split/domain/ holds files alone, or links that lead back up
        for name in sorted(name for name in names if not is_system_name(name)):
            path = os.path.join(folder, name)
            yield f"{os.path.relpath(path, root)} {_stamp(path)}"


def _stamp(path: str) -> str:
    # A link to nothing is a file like others: reading it says what is wrong.
    status = os.stat(path, follow_symlinks=os.path.exists(path))
    return f"{status.st_size} {status.st_mtime_ns}"


def _read(path: Path) -> tuple[bytes, str]:
    """The content of a file, or why it cannot be had."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # reading a pipe or a device might never end
            return b"", "not a file"
        if (size := status.st_size) > MAX_FILE_BYTES:
            return b"", f"absurdly large: a file of {size} bytes"
        return path.read_bytes(), ""
    except OSError as error:
        return b"", f"cannot be read: {error.strerror}"


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not is_system_name(path.name))


def _warn_unused(folder: Path, names: list[str], most: int = 10) -> None:
    if names:
        more = f" and {len(names) - most} more" if len(names) > most else ""
        print(f"warning: not used: {_list(names[:most])}{more} in {folder}", file=sys.stderr)


def _list(names: Any) -> str:
    return ", ".join(names) or "nothing"
