"""The files of a folder, names for what is made of them, and writing it whole."""

import hashlib
import os
import zlib
from collections.abc import Sequence
from pathlib import Path

from .errors import ImageError

MAX_NAME_BYTES = 255  # of the name of a file
# Files and folders that systems and programs leave beside images, in small letters. Others
# start with a dot, such as .DS_Store and the ._NAME of archives made on a Mac.
_SYSTEM_NAMES = frozenset(
    {
        "$recycle.bin",
        "#recycle",
        "@eadir",
        "__macosx",
        "desktop.ini",
        "ehthumbs.db",
        "ehthumbs_vista.db",
        "folder.ini",
        "icon\r",
        "lost+found",
        "network trash folder",
        "picasa.ini",
        "system volume information",
        "temporary items",
        "thumbs.db",
        "thumbs.db:encryptable",
        "zbthumbnail.info",
    }
)


def is_system_name(name: str) -> bool:
    """Whether a file or folder is no image of the user's, by its name alone."""
    return name.startswith(".") or name.lower() in _SYSTEM_NAMES


def files_of(path: Path) -> list[Path]:
    """The file itself, or the visible files directly in a folder, sorted.

    Links that lead nowhere are among them: whoever reads them says so.

    Raises:
      ImageError: the folder has none.
    """
    if path.exists() and not path.is_dir():
        return [path]
    found = sorted(p for p in path.iterdir() if not p.is_dir() and not is_system_name(p.name))
    if not found:
        raise ImageError(
            f"Found no files directly in {path}, expected images: add some, or name another folder."
        )
    return found


def distinct_names(paths: Sequence[Path]) -> list[str]:
    """File names without suffix where that tells them apart, else with it, else numbered."""
    stems = [path.stem.lower() for path in paths]  # some file systems ignore case
    names = []
    taken: set[str] = set()
    for path, stem in zip(paths, stems, strict=True):
        base = path.stem if stems.count(stem) == 1 else path.name.replace(".", "_")
        name, number = base, 1
        while name.lower() in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name.lower())
        names.append(name)
    return names


def translation_name(source: str, domain: str, style: str, suffix: str) -> str:
    """SOURCE__to_DOMAIN__STYLE.png, each part short enough for all of it to name a file."""
    parts = [source, domain, style]
    room = MAX_NAME_BYTES - len(f"__to___{suffix}")
    # The longest gives way, as far as needed: what is short stays readable.
    while (over := sum(len(os.fsencode(part)) for part in parts) - room) > 0:
        longest = max(range(3), key=lambda index: len(os.fsencode(parts[index])))
        length = len(os.fsencode(parts[longest]))
        parts[longest] = short_name(parts[longest], max(length - over, room // 3))
    return f"{parts[0]}__to_{parts[1]}__{parts[2]}{suffix}"


def short_name(name: str, most_bytes: int) -> str:
    """A name that fits: itself, or its beginning and a digest of it all, which tells it apart."""
    encoded = os.fsencode(name)
    if len(encoded) <= most_bytes:
        return name
    digest = hashlib.sha256(encoded).hexdigest()[:10]
    return encoded[: most_bytes - 11].decode("utf-8", "ignore") + f"-{digest}"


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file so that there is all of it or nothing, even when interrupted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Beside the file, so that the rename stays in one file system; the name may be as long as one
    # can be.
    unfinished = path.with_name(f".unfinished-{os.getpid()}-{zlib.crc32(os.fsencode(path)):08x}")
    try:
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
