"""A progress bar over work in any number of processes: workers append to a file."""

import os
import sys
import threading
from pathlib import Path
from typing import Any

from tqdm import tqdm

POLL_SECONDS = 0.2


class StoppedError(Exception):
    """The main process no longer wants the work."""


class Ticker:
    """Counts in a file; a copy of it may live in every worker.

    A file rather than Beam's counters: the local runner shows counters only when a
    whole stage is done.
    """

    def __init__(self, path: Path) -> None:
        """Starts at zero."""
        self.path = str(path)
        Path(path).write_bytes(b"")

    def tick(self) -> None:
        """Counts one.

        Raises:
          StoppedError: the count was stopped.
        """
        try:
            # Appending one byte is atomic, and without O_CREAT a stopped count stays so.
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        except FileNotFoundError as error:
            raise StoppedError("stopped by the main process") from error
        try:
            os.write(descriptor, b".")
        finally:
            os.close(descriptor)

    def count(self) -> int:
        """How often `tick` was called, in all processes together."""
        return os.stat(self.path).st_size

    def stop(self) -> None:
        """Makes every further `tick` fail, so that the workers end."""
        Path(self.path).unlink(missing_ok=True)


def wait_with_bar(thread: threading.Thread, ticker: Ticker, total: int, **bar_options: Any) -> None:
    """Shows a progress bar until `thread` ends."""
    # In a log file each update is a line: a few are enough.
    interval = 0.1 if sys.stderr.isatty() else 10
    with tqdm(total=total, unit="image", mininterval=interval, **bar_options) as bar:
        while thread.is_alive():
            thread.join(POLL_SECONDS)
            bar.update(ticker.count() - bar.n)
