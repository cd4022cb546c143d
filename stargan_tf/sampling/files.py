"""Names for the files that are written."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path


def distinct_names(paths: Sequence[Path]) -> list[str]:
    """File names without suffix, as far as that keeps them distinct.

    Those that would be equal keep their suffix (a.jpg, a.png) and, where that is
    not enough, are numbered.
    """
    stems = Counter(path.stem.lower() for path in paths)  # some file systems ignore case
    taken: set[str] = set()
    names = []
    for path in paths:
        base = path.stem if stems[path.stem.lower()] == 1 else path.name.replace(".", "_")
        name, number = base, 1
        while name.lower() in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name.lower())
        names.append(name)
    return names
