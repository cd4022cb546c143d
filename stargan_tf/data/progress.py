"""A progress bar over work in any number of processes: workers append to a file."""

import os
import threading
from pathlib import Path
from typing import Any

from stargan_tf.bars import bar

POLL_SECONDS = 0.2


class Ticker:
    """Counts in a file; a copy of it may live in every worker.

    A file rather than Beam's counters: the local runner shows counters only when a
    whole stage is done.
    """

    def __init__(self, path: Path) -> None:
        """Starts at zero."""
        self.path = str(path)
        Path(path).write_bytes(b"")

    def tick(self) -> bool:
        """Counts one; returns whether the work is still wanted."""
        try:
            # Appending one byte is atomic, and without O_CREAT a stopped count stays so.
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        except FileNotFoundError:
            return False
        try:
            os.write(descriptor, b".")
        finally:
            os.close(descriptor)
        return True

    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return not os.path.exists(self.path)

    def count(self) -> int:
        """How often `tick` was called, in all processes together."""
        return os.stat(self.path).st_size

    def stop(self) -> None:
        """Tells the workers that the rest of the work is no longer wanted."""
        Path(self.path).unlink(missing_ok=True)


def wait_with_bar(done: threading.Event, ticker: Ticker, total: int, **bar_options: Any) -> None:
    """Shows a progress bar until `done` is set."""
    with bar(total=total, unit="image", **bar_options) as shown:
        while not done.wait(POLL_SECONDS):
            shown.update(ticker.count() - shown.n)
        shown.update(ticker.count() - shown.n)
