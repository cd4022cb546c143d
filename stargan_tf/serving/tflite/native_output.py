"""What native code prints past Python: shown only when something fails."""

import contextlib
import os
import subprocess
from collections.abc import Iterator

_LINES = 20


@contextlib.contextmanager
def shown_on_failure() -> Iterator[None]:
    """Keeps what this process prints off the screen; a failure shows the last lines of it.

    A failed check in native code ends the process before Python could print anything.
    So another process, `tail`, holds the lines: it prints them to stderr when ours closes
    the pipe between them, or dies.
    """
    screen = os.dup(1), os.dup(2)
    with subprocess.Popen(
        ["tail", "-n", str(_LINES)],
        stdin=subprocess.PIPE,
        stdout=screen[1],
        start_new_session=True,  # Ctrl-C is for this process alone
    ) as tail:
        for number in (1, 2):
            os.dup2(tail.stdin.fileno(), number)
        try:
            yield
        except Exception:
            _restore(screen)
            raise  # closing the pipe, which lets go of the lines
        except BaseException:  # an interrupt is nobody's fault
            tail.kill()
            _restore(screen)
            raise
        else:
            tail.kill()
            _restore(screen)


def _restore(screen: tuple[int, int]) -> None:
    for number, copy in enumerate(screen, start=1):
        os.dup2(copy, number)
        os.close(copy)
