"""Progress bars: in a terminal they move, in a log they are a line now and then."""

import sys
from typing import Any

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
    return tqdm(*arguments, mininterval=seconds, **options)
