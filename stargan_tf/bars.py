"""Progress bars: in a terminal they move, in a log they are a line now and then."""

import sys
from typing import Any

from tqdm import tqdm

# Not in a terminal, each update is a line of its own.
_SECONDS_IN_LOGS = 20.0


def bar(*arguments: Any, seconds: float = 0.1, **options: Any) -> tqdm:
    """A bar of tqdm on stderr.

    Args:
      *arguments: of tqdm.
      seconds: between two updates in a terminal.
      **options: of tqdm.
    """
    if not sys.stderr.isatty():
        seconds = _SECONDS_IN_LOGS
        # tqdm's own thread would draw as often as this.
        options["maxinterval"] = seconds
    return tqdm(*arguments, mininterval=seconds, **options)
