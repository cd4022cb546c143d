"""Version folders: the next number, written beside and renamed."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from stargan_tf.errors import UserError

# Beside the versions of the SavedModel. TF Serving passes over names that are no integers.
TFLITE_FOLDER = "tflite"


def next_version(base: Path) -> int:
    """The number after the highest one under which a model was exported, 1 at first."""
    return max([0, *versions(base), *versions(base / TFLITE_FOLDER)]) + 1


def versions(base: Path) -> list[int]:
    """The version folders in a folder, lowest first; none when it does not exist."""
    if not base.is_dir():
        return []
    found = (path for path in base.iterdir() if path.is_dir())
    return sorted(int(p.name) for p in found if p.name.isascii() and p.name.isdigit())


@contextlib.contextmanager
def written_beside(folder: Path) -> Iterator[Path]:
    """Gives a new folder to write into, which gets its name when all is written.

    Whoever watches the place sees the whole folder or nothing. When writing fails,
    nothing stays.

    Args:
      folder: what must not exist yet.

    Raises:
      UserError: somebody else has made `folder` in the meantime.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.partial.", dir=folder.parent))
    try:
        yield partial
        partial.chmod(0o755)  # mkdtemp's are for their owner alone; servers run as somebody else
        try:
            partial.rename(folder)
        except OSError as error:
            raise UserError(
                f"{folder} was written by another export meanwhile: run the same command again, "
                "which takes the next version."
            ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
