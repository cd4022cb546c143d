"""Ctrl-C and SIGTERM ask a run to stop; they do not tear it apart."""

import signal
import sys
from types import FrameType, TracebackType

# What a second signal does; not what was set before, for shells let processes in the
# background ignore Ctrl-C.
_AT_ONCE = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}


class StopRequest:
    """Notes a request to stop, for the loop to see between iterations; a context manager.

    A second one of the same kind ends the process at once.
    """

    def __init__(self) -> None:
        """Makes a request that nobody has made yet."""
        self.signal: signal.Signals | None = None
        self._before = {}

    def __enter__(self) -> "StopRequest":
        """Starts listening."""
        for kind in (signal.SIGINT, signal.SIGTERM):
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
        print(
            f"\n{self.signal.name}: saving after this iteration; a second one stops at once.",
            file=sys.stderr,
        )
