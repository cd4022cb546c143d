"""Reading and writing files: whole or not at all, so that a reader never sees half of one."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stargan_tf.errors import UserError, disk_full_explained

# What TensorFlow, Beam and the shell read as a pattern in a path, rather than as it stands.
PATTERN_CHARACTERS = "*?[]\\"


def is_pattern(path: str | Path) -> bool:
    """Whether a path has characters that TensorFlow takes for those of a pattern."""
    return any(character in PATTERN_CHARACTERS for character in str(path))


_NO_ROOM = 2**16  # bytes, less than an image takes
_UNFINISHED = ".unfinished-"
# What a file system takes for the name of one file.
MAX_NAME_BYTES = 255


def short_name(name: str, most_bytes: int) -> str:
    """A name that fits: itself, or its beginning and a digest of it all, which tells it apart.

    Args:
      name: of a file or folder, or a part of one.
      most_bytes: that it may have, at least 16.
    """
    encoded = os.fsencode(name)
    if len(encoded) <= most_bytes:
        return name
    digest = hashlib.sha256(encoded).hexdigest()[:10]
    return encoded[: most_bytes - 11].decode("utf-8", "ignore") + f"-{digest}"


def check_no_pattern(flag: str, path: str) -> None:
    """Checks a path that a library would take for a pattern.

    Args:
      flag: that it comes from.
      path: absolute, for folders above count as well.

    Raises:
      UserError: it has characters of patterns.
    """
    found = sorted({character for character in path if is_pattern(character)})
    if found:
        raise UserError(
            f"Found {' and '.join(found)} in {path}, the folder that --{flag} means, expected none "
            "of these characters, which are read as a pattern there: choose another folder, or "
            "name it by a symbolic link without them."
        )


@contextlib.contextmanager
def plain_path(folder: str | Path) -> Iterator[str]:
    """Gives a path of a folder that TensorFlow does not take for a pattern.

    TensorFlow looks for checkpoints, also those in SavedModels, by pattern: it finds none in
    `runs/a [lr=1e-4]`. Such a folder is reached by a link in the folder for temporary files.

    Args:
      folder: must exist when something is read or written.

    Yields:
      `folder` itself where it will do; else a path that holds until the block is left.

    Raises:
      UserError: there is no folder for the link.
    """
    if not is_pattern(folder):
        yield str(folder)
        return
    places = [p for p in (tempfile.gettempdir(), "/tmp", "/var/tmp") if not is_pattern(p)]
    made = next((made for made in map(_new_folder, places) if made), None)
    if made is None:
        raise UserError(
            f"{folder} reads like a pattern to TensorFlow, and there is no folder for temporary "
            f"files to make a link in: rename it without {PATTERN_CHARACTERS}, or set TMPDIR."
        )
    link = Path(made) / "folder"
    try:
        link.symlink_to(os.path.abspath(folder), target_is_directory=True)
        yield str(link)
    finally:
        link.unlink(missing_ok=True)
        os.rmdir(made)


def _new_folder(place: str) -> str | None:
    with contextlib.suppress(OSError):
        return tempfile.mkdtemp(prefix="stargan_tf_", dir=place)
    return None


def check_can_write(flag: str, path: str | Path) -> None:
    """Checks that a file or folder can be made, before the work whose result it takes.

    Nothing is made: a mistake that is found later leaves no folders.

    Args:
      flag: that names the path.
      path: of what need not exist yet, nor the folders above it. A folder that exists must be
        one that files can be made in.

    Raises:
      UserError: it cannot.
    """
    place, missing = Path(path).absolute(), []
    while not os.path.lexists(place):
        missing.append(place.name)
        place = place.parent
    try:
        for name in missing:  # too long a name is told only where its folder exists
            with contextlib.suppress(FileNotFoundError):
                (place / name).lstat()
        replaced = not missing and not place.is_dir()
        with tempfile.TemporaryFile(dir=place.parent if replaced else place):
            pass
    except OSError as error:
        raise UserError(
            f"--{flag}={path} cannot be written ({error.strerror}), expected a place for new "
            f"files: pass another --{flag}, or see that you may write there and that the disk "
            "has room."
        ) from error


def check_room(path: Path) -> None:
    """Says what a library did not: that a file may be incomplete because the disk is full.

    Raises:
      OSError: there is next to no room where `path` lies.
    """
    if shutil.disk_usage(path.parent).free < _NO_ROOM:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Gives a temporary file to write; it becomes `path` when all went well.

    However the block is left (an error, Ctrl-C), `path` holds the complete new
    contents or is as it was before. Missing folders are made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Beside the file, so that the rename stays in one file system; with its suffix, by which
    # encoders tell the format. Without its stem, which may be as long as a name can be.
    number = zlib.crc32(os.fsencode(path.name))
    temporary = path.with_name(f"{_UNFINISHED}{os.getpid()}-{number:08x}{path.suffix[-16:]}")
    try:
        with disk_full_explained(path):
            yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_unfinished(folder: Path) -> None:
    """Removes what `written_whole` has left of a process that was killed.

    Args:
      folder: nobody else writes into it at this time.
    """
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name.startswith(_UNFINISHED) and path.is_file():
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def folder_written_whole(folder: Path) -> Iterator[Path]:
    """Gives a new folder to write into, which gets its name when all is written.

    Whoever watches the place sees the whole folder or nothing. When writing fails, or
    nothing was written, nothing stays. Missing folders above it are made.

    Args:
      folder: what must not exist yet.

    Raises:
      UserError: somebody else has made `folder` in the meantime.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".partial.", dir=folder.parent))
    try:
        with disk_full_explained(folder):
            yield partial
        if not any(partial.iterdir()):
            return
        partial.chmod(0o755)  # mkdtemp's are for their owner alone; others may read this one
        try:
            partial.rename(folder)
        except OSError as error:
            raise UserError(
                f"{folder} was written by another process meanwhile: run the same command again."
            ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Writes a text file as UTF-8, whole or not at all."""
    with written_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def parse_json(text: str) -> Any:
    """Reads JSON that may be damaged.

    Raises:
      ValueError: it is none, or holds what could not be written again: halves of characters.
    """
    try:
        values = json.loads(text)
        json.dumps(values, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return values


def read_json(path: Path) -> dict[str, Any]:
    """Reads a JSON object.

    Raises:
      UserError: the file holds no JSON object.
    """
    try:
        values = parse_json(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is not valid JSON ({error}): restore it or start anew.") from error
    if not isinstance(values, dict):
        raise UserError(f"{path} holds no JSON object: restore it or start anew.")
    return values
