"""Names for the files that are written, and writing them whole or not at all."""

import contextlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path


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


def distinct_names(paths: Sequence[Path]) -> list[str]:
    """File names without suffix, as far as that keeps them distinct.

    Those that would be equal keep their suffix (a.jpg, a.png) and, where that is
    not enough, are numbered.
    """
    stems = Counter(path.stem.lower() for path in paths)  # some file systems ignore case
    names = [p.stem if stems[p.stem.lower()] == 1 else p.name.replace(".", "_") for p in paths]
    taken: Counter[str] = Counter()
    distinct = []
    for name in names:
        taken[name.lower()] += 1
        count = taken[name.lower()]
        distinct.append(name if count == 1 else f"{name}_{count}")
    return distinct
