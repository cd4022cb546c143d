"""Progress bars: in a terminal they move, in a log they are a line now and then."""

import re
import sys
from typing import Any, TextIO

from tqdm import tqdm


def bar(*arguments: Any, seconds: float = 0.1, log_seconds: float = 20.0, **options: Any) -> tqdm:
    """A bar of tqdm on stderr.

    Args:
      *arguments: of tqdm.
      seconds: between two updates in a terminal.
      log_seconds: between two elsewhere, where each is a line of its own.
      **options: of tqdm.
    """
    if not sys.stderr.isatty():
        seconds = log_seconds
        # tqdm's own thread would draw as often as this.
        options["maxinterval"] = seconds
        options.setdefault("file", _Lines(sys.stderr))
    return tqdm(*arguments, mininterval=seconds, **options)


class _Lines:
    """A stream for a bar that never goes back to the beginning of a line: it begins the next."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        lines = [line.rstrip() for line in re.split("[\r\n]", text)]
        self._stream.writelines(f"{line}\n" for line in lines if line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
