"""Names for the files that are written."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from stargan_tf.files import MAX_NAME_BYTES, short_name


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


def translation_name(source: str, domain: str, style: str, suffix: str) -> str:
    """The file name of one translation, SOURCE__to_DOMAIN__STYLE.png, short enough for a file.

    Args:
      source: one of `distinct_names`.
      domain: name of the target domain.
      style: tells the style from others of the domain.
      suffix: such as .png.
    """
    parts = [source, domain, style]
    room = MAX_NAME_BYTES - len(f"__to___{suffix}")
    # The longest gives way, as far as needed: what is short stays readable.
    while (over := sum(len(os.fsencode(part)) for part in parts) - room) > 0:
        longest = max(range(3), key=lambda index: len(os.fsencode(parts[index])))
        length = len(os.fsencode(parts[longest]))
        parts[longest] = short_name(parts[longest], max(length - over, room // 3))
    return f"{parts[0]}__to_{parts[1]}__{parts[2]}{suffix}"
