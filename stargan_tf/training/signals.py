"""Ctrl-C, SIGTERM and a terminal that closes ask a run to stop; they do not tear it apart."""

import os
import signal
import sys
from types import FrameType, TracebackType

# What a second signal does; not what was set before, for shells let processes in the
# background ignore Ctrl-C. A terminal that closes and its shell both send SIGHUP.
_AT_ONCE = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGHUP: signal.SIG_IGN,
}


class StopRequest:
    """Notes a request to stop, for the loop to see between iterations; a context manager.

    A second one of the same kind ends the process at once; not so SIGHUP, which means that the
    terminal is gone. It is left ignored where it is, as by nohup.
    """

    def __init__(self) -> None:
        """Makes a request that nobody has made yet."""
        self.signal: signal.Signals | None = None
        self._before = {}

    def __enter__(self) -> "StopRequest":
        """Starts listening."""
        self._terminals = [descriptor for descriptor in (1, 2) if os.isatty(descriptor)]
        for kind in _AT_ONCE:
            if (kind, signal.getsignal(kind)) != (signal.SIGHUP, signal.SIG_IGN):
                self._before[kind] = signal.signal(kind, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stops listening."""
        for kind_, handler in self._before.items():
            signal.signal(kind_, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.signal = signal.Signals(number)
        signal.signal(number, _AT_ONCE[self.signal])
        if self.signal == signal.SIGHUP:
            _leave(self._terminals)
        print(
            f"\n{self.signal.name}: saving after this iteration; a second one stops at once.",
            file=sys.stderr,
        )


def _leave(terminals: list[int]) -> None:
    """Lets what is printed go nowhere: writing to a terminal that is gone is an error."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in terminals:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
