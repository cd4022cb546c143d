"""One writer at a time: locks that end with the process that holds them, however it ends."""

import contextlib
import datetime
import errno
import fcntl
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from stargan_tf.errors import UserError

LOCK = ".lock"
# No link: what it leads to would be emptied and signed.
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
# What systems say that have no locks on files, as some network file systems do.
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EBADF)


@contextlib.contextmanager
def exclusive_lock(path: Path, folder: Path, work: str, advice: str) -> Iterator[bool]:
    """Keeps other processes that call this with the same path out of a block.

    The system gives the lock up when its process ends, so none has to be removed after a kill;
    only the file may stay, and says nothing by itself.

    Args:
      path: of a file to lock; it is made, with the folders above it, and removed at the end.
      folder: what is worked on, for the error.
      work: what the block does, for the error of the others.
      advice: what they may do other than wait, for their error.

    Yields:
      Whether the lock is held; not where the file system has none, after a warning.

    Raises:
      UserError: another process has the lock; it says which. Nothing was changed.
    """
    made = not path.parent.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _open_locked(path, folder, work, advice)
    try:
        if descriptor is not None:
            _sign(descriptor)
        yield descriptor is not None
    finally:
        if descriptor is not None:
            # First removed, then given up: who waits for a removed file tries again.
            path.unlink(missing_ok=True)
            os.close(descriptor)
        if made:
            with contextlib.suppress(OSError):  # it holds something by now
                path.parent.rmdir()


def _open_locked(path: Path, folder: Path, work: str, advice: str) -> int | None:
    while True:
        descriptor = os.open(path, _FLAGS, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 1000, 0).decode("utf-8", "replace").strip()
            os.close(descriptor)
            raise UserError(
                f"Found another {work} at work in {folder} ({holder or 'it has just begun'}), "
                f"expected none: wait for its end, or {advice}."
            ) from error
        except OSError as error:
            os.close(descriptor)
            if error.errno not in _NO_LOCKS:
                raise
            print(
                f"warning: {path} cannot be locked ({error.strerror}): see that nothing else "
                f"writes into {folder} at the same time.",
                file=sys.stderr,
            )
            path.unlink(missing_ok=True)
            return None
        if _is_still(path, descriptor):
            return descriptor
        os.close(descriptor)  # its holder has removed it meanwhile


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _sign(descriptor: int) -> None:
    """Writes who holds the lock, for people; a full disk is no reason not to hold it."""
    since = datetime.datetime.now().astimezone().isoformat(" ", "seconds")
    text = f"process {os.getpid()} on {socket.gethostname()}, since {since}\n"
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text.encode(), 0)
