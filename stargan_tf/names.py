"""Names of domains and of files: what is compared, and what is passed over."""

import os
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from stargan_tf.errors import UserError

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

# What separates the parts of a path, here or on other systems, and what no terminal can show.
_NO_FILE_NAME = frozenset("/\\\x7f") | frozenset(map(chr, range(32)))
# Of a domain: with what stands around it in the names of shards, a file can be called so.
_MAX_BYTES = 200


def is_system_name(name: str) -> bool:
    """Whether a file or folder is no image of the user's, by its name alone."""
    return name.startswith(".") or name.lower() in _SYSTEM_NAMES


def normalised(name: str) -> str:
    """The one form (NFC) of a name that can be written in several ways.

    Archives made on a Mac hold letters with their marks apart, which look the same.
    """
    return unicodedata.normalize("NFC", name)


def domain_names(originals: Sequence[str]) -> dict[str, str]:
    """Maps names as found to names that are safe in file names.

    Raises:
      UserError: two domains would get the same name, or one an empty or too long a name.
    """
    names: dict[str, str] = {}
    for original in originals:
        name = _safe(original)
        if not name:
            raise UserError(
                f"Found the domain {original!r}, expected letters or digits in its name: rename it."
            )
        if len(os.fsencode(name)) > _MAX_BYTES:
            raise UserError(
                f"Found the domain {original!r:.80} with a name of {len(os.fsencode(name))} bytes, "
                f"expected at most {_MAX_BYTES}, since names of files are made of it: rename it."
            )
        if name in names.values():
            raise UserError(
                f"Found two domains that would both be called {name!r} in file names: rename one."
            )
        names[original] = name
    return names


def check_file_names(names: Iterable[str], what: str, file: Path) -> None:
    """Checks that names out of a file can be parts of the names of files, and lead nowhere else.

    Args:
      names: that results are called by later.
      what: they are names of, such as domain.
      file: that they were read from, for the error.

    Raises:
      UserError: one is no such name, for example ../../cat.
    """
    for name in names:
        if name in ("", ".", "..") or not _NO_FILE_NAME.isdisjoint(name):
            raise UserError(
                f"{file} names a {what} {name!r:.80}, expected a name without / or \\ that can be "
                "part of the name of a file: restore the file, or do not use it."
            )


def find_domain(name: str, domains: Sequence[str]) -> int | None:
    """Returns the index of the domain of this name, or that a folder of this name became."""
    known = [normalised(domain) for domain in domains]
    for form in (normalised(name), _safe(name)):
        if form in known:
            return known.index(form)
    return None


def _safe(original: str) -> str:
    """Letters with their marks, digits and some punctuation; _ for each run of others."""
    name = ""
    marked = False  # whether the last character is one that a mark can belong to
    for character in normalised(original):
        is_mark = unicodedata.category(character).startswith("M")
        marked = character.isalnum() or (is_mark and marked)
        if marked or character in "_.+-":
            name += character
        elif not name.endswith("\0"):  # which no name of a file holds
            name += "\0"
    return name.replace("\0", "_").strip("_.-")
