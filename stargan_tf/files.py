"""Reading and writing files: whole or not at all, so that a reader never sees half of one."""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stargan_tf.errors import UserError


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Gives a temporary file to write; it becomes `path` when all went well.

    However the block is left (an error, Ctrl-C), `path` holds the complete new
    contents or is as it was before. Missing folders are made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Beside the file, so that the rename stays in one file system; with its suffix,
    # by which encoders tell the format.
    temporary = path.with_name(f".{path.stem}.unfinished-{os.getpid()}{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


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
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.partial.", dir=folder.parent))
    try:
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


def read_json(path: Path) -> dict[str, Any]:
    """Reads a JSON object.

    Raises:
      UserError: the file holds no JSON object.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is not valid JSON ({error}): restore it or start anew.") from error
    if not isinstance(values, dict):
        raise UserError(f"{path} holds no JSON object: restore it or start anew.")
    return values
