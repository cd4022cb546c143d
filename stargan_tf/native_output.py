"""What native code prints past Python: shown only when something fails."""

import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

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


def quieten_tensorflow() -> None:
    """Keeps what TensorFlow says of itself at its start off the screen.

    Missing GPU libraries and the like would bury a command's own lines. Does nothing where the
    user has set TF_CPP_MIN_LOG_LEVEL to see more.
    """
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") == "3":
        # From 2.16 on, some lines of the import come whatever the level is.
        sys.meta_path.insert(0, _QuietImport())


class _QuietImport(importlib.abc.MetaPathFinder):
    """Finds TensorFlow, once, and has its import shown on failure only."""

    def find_spec(self, name: str, *_: Any) -> importlib.machinery.ModuleSpec | None:
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec and spec.loader:
            execute = spec.loader.exec_module

            def execute_quietly(module: ModuleType) -> None:
                with shown_on_failure():
                    execute(module)

            spec.loader.exec_module = execute_quietly
        return spec
