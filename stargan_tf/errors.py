"""The exceptions that are shown to people rather than to programmers."""

import contextlib
import errno
import os
import re
import unicodedata
from collections.abc import Iterator

# What systems, and the texts of TensorFlow and Beam after them, say of a disk without room.
_FULL = (errno.ENOSPC, errno.EDQUOT)
_SQLITE_FULL = "database or disk is full"
_FULL_TEXT = re.compile(
    r"(?:(?:^|[}:\s])(?P<path>/[^;{}\n]*); )?"
    + f"(?:{'|'.join(map(re.escape, [*map(os.strerror, _FULL), _SQLITE_FULL]))})"
)
# Unicode's categories of control characters, and of what separates lines and paragraphs.
_ENDS_LINES = ("Cc", "Zl", "Zp")
# Characters of a sentence that are shown: a path has up to 4096.
_BEGINNING, _END = 4500, 300


class UserError(Exception):
    """Input that cannot be worked with.

    The text is one sentence that says what was found, what was expected and
    what to do; the command line prints it alone, without a traceback, and exits
    with status `exit_status`.
    """

    exit_status = 1


class TemporaryError(UserError):
    """What may be gone when the same command is started again.

    Schedulers can tell by the status: a TFJob with `restartPolicy: ExitCode` starts
    a process anew after 128 and above, of which 138 is for programs to use, and
    gives up after what is below.
    """

    exit_status = 138


def in_one_line(text: str) -> str:
    """A text as it can be shown in a line: what would end the line, or move in it, is escaped.

    Names and values out of damaged files may hold anything, and be of any length: of what is
    too long, the beginning and the end are left.
    """
    if len(text) > _BEGINNING + _END:
        text = f"{text[:_BEGINNING]} ... {text[-_END:]}"
    return "".join(
        repr(character)[1:-1] if unicodedata.category(character) in _ENDS_LINES else character
        for character in text
    )


def error_sentence(error: OSError) -> str:
    """What an error of the system says to people: which file, why, and what to do."""
    reason = error.strerror or str(error) or type(error).__name__
    found = (error.filename, error.filename2)
    names = [os.fsdecode(name) for name in found if isinstance(name, str | bytes | os.PathLike)]
    return system_sentence(f"{' or '.join(names)} ({reason})" if names else reason)


class NotFiniteError(UserError):
    """A number of a training run became NaN or infinite.

    Attributes:
      found: what, and when.
      advice: what to do.
    """

    def __init__(self, found: str, kept: str, advice: str) -> None:
        """Makes the sentence of its parts; `kept` says what of the run there is still."""
        super().__init__(f"{found}: training was stopped, and {kept}; {advice}.")
        self.found = found
        self.advice = advice


class DiskFullError(UserError):
    """There is no room on the disk for what was to be written."""


def disk_full(error: BaseException, place: str | os.PathLike[str] = "") -> DiskFullError | None:
    """What to tell people of a full disk; None if an error comes from something else.

    Args:
      error: of any library: TensorFlow says RESOURCE_EXHAUSTED, Beam and SQLite a text.
      place: what was to be written, where the error does not name a file in it.
    """
    if isinstance(error, DiskFullError):
        return error
    found = _FULL_TEXT.search(str(error))
    if not found and not (isinstance(error, OSError) and error.errno in _FULL):
        return None
    named = getattr(error, "filename", None)
    if not isinstance(named, str | bytes | os.PathLike):  # it may be a descriptor
        named = (found and found["path"]) or ""
    if place and not os.fsdecode(named).startswith(os.fspath(place)):  # a temporary file
        named = place
    where = f"{os.fsdecode(named)} could not be written" if named else "a file could not be written"
    return DiskFullError(
        f"The disk is full: {where}. What was finished before is there still: make room, then run "
        "the same command again."
    )


@contextlib.contextmanager
def disk_full_explained(place: str | os.PathLike[str]) -> Iterator[None]:
    """Turns the errors of a full disk, of whatever type, into a sentence.

    Args:
      place: what is written in the block.

    Raises:
      DiskFullError: the disk is full.
    """
    try:
        yield
    except Exception as error:
        if full := disk_full(error, place):
            raise full from error
        raise


def system_sentence(reason: str) -> str:
    """A sentence about an error of the system, of which `reason` says the file and the cause."""
    reason = " ".join(reason.split()).rstrip(" .:")
    return (
        f"Could not go on with {reason}: see that the path is right, that you may read or write "
        "there and that the disk has room, then run the same command again."
    )
