"""Reports a run: one line a component on the console, everything else in a log file."""

import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from absl import logging as absl_logging

from stargan_tf.errors import UserError, disk_full

NAME_WIDTH = 17

# What the local runner and the launcher of TFX log, as they spell it.
_RUNNING = "Component %s is running."
_FINISHED = "Component %s is finished."
_CACHED = "A cached execution %d is used."

# Called with the ID of a node that has ended; returns its result in a few words.
Describe = Callable[[str], str]


@contextlib.contextmanager
def output_in(log_file: Path | None) -> Iterator[TextIO]:
    """Sends all that this process and its children print into a file.

    The file descriptors are redirected, not sys.stdout, since much comes from C++.

    Args:
      log_file: created with its folder; None to leave everything as it is.

    Yields:
      The console: takes what shall not go into the file.
    """
    if log_file is None:
        yield sys.stdout
        return
    log_file.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    saved = [os.dup(1), os.dup(2)]
    with open(log_file, "a", encoding="utf-8") as log, os.fdopen(os.dup(1), "w") as console:
        try:
            for descriptor in (1, 2):
                os.dup2(log.fileno(), descriptor)
            yield console
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, original in zip((1, 2), saved, strict=True):
                os.dup2(original, descriptor)
                os.close(original)


class Progress(logging.Handler):
    """Writes a line for each component, from what TFX's runner logs."""

    def __init__(self, console: TextIO, describe: Describe) -> None:
        """Makes a handler that is still to be added to absl's logger.

        Args:
          console: takes the lines.
          describe: see `Describe`.
        """
        super().__init__(logging.INFO)
        self._console = console
        self._describe = describe
        self._started = 0.0
        self._cached = False
        self.current: str | None = None  # the component that runs now

    def emit(self, record: logging.LogRecord) -> None:
        """Notes when components begin and end."""
        if record.msg == _RUNNING:
            self.current = str(record.args[0])
            self._started = time.monotonic()
            self._cached = False
            if self._console.isatty():  # overwritten at the end
                self._write(f"{self.current:<{NAME_WIDTH}}       ...\r")
        elif record.msg == _CACHED:
            self._cached = True
        elif record.msg == _FINISHED and self.current:
            self._end(self._describe(self.current))

    def fail(self, words: str = "failed") -> None:
        """Notes that the component that runs now has failed or was stopped."""
        if self.current:
            self._end(words)

    def _end(self, words: str) -> None:
        seconds = f"{time.monotonic() - self._started:.1f} s"
        self._write(f"{self.current:<{NAME_WIDTH}} {'cached' if self._cached else seconds:>9}  ")
        self._write(f"{words}\n")
        self.current = None

    def _write(self, text: str) -> None:
        self._console.write(text)
        self._console.flush()


@contextlib.contextmanager
def watching(console: TextIO, describe: Describe) -> Iterator[Progress]:
    """Reports the components that TFX runs meanwhile; see `Progress`."""
    progress = Progress(console, describe)
    before = absl_logging.get_verbosity()
    # Through absl, not its logger: TensorFlow sets it back to what absl says now and then.
    absl_logging.set_verbosity(absl_logging.INFO)
    logger = absl_logging.get_absl_logger()
    logger.addHandler(progress)
    try:
        yield progress
    finally:
        logger.removeHandler(progress)
        absl_logging.set_verbosity(before)


def cause(error: BaseException) -> str:
    """Returns one sentence about why a component failed."""
    for link in _chain(error):
        if known := link if isinstance(link, UserError) else disk_full(link):
            return str(known)
    if interrupted(error):
        return "Interrupted: the same command goes on from here."
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def interrupted(error: BaseException) -> int:
    """Returns the number of the signal that an error goes back to, 0 for none."""
    for link in _chain(error):
        if isinstance(link, KeyboardInterrupt):
            return link.args[0] if link.args else signal.SIGINT
    return 0


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__
