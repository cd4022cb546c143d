"""Trying again while a server is unavailable, within one deadline."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from .errors import DeadlineError, UnavailableError

Result = TypeVar("Result")

FIRST_PAUSE = 0.1  # seconds
LONGEST_PAUSE = 5.0
SHORTEST_TRY = 0.001


def with_retries(call: Callable[[float], Result], timeout: float, retries: int) -> Result:
    """Calls until there is an answer, an error that trying again would not mend, or no time.

    Predictions change nothing on the server, so that repeating one is safe.

    Args:
      call: does one try; given the seconds that are left for it.
      timeout: seconds for all tries and the pauses between them.
      retries: most tries after the first.

    Raises:
      UnavailableError: that of the last try that was refused; also when time ran out in a
        later one, which says less.
      ServingError: any other error of a try, at once.
    """
    end = time.monotonic() + timeout
    refusal = None
    for tried in range(retries + 1):
        try:
            # A pause may have taken longer than it should.
            return call(max(end - time.monotonic(), SHORTEST_TRY))
        except DeadlineError as error:
            if refusal:
                raise refusal from error
            raise
        except UnavailableError as error:
            refusal = error
            wait = pause(tried)
            if tried == retries or time.monotonic() + wait >= end:
                raise
        time.sleep(wait)
    raise AssertionError("the last try returns or raises")


def pause(tried: int) -> float:
    """Seconds before the next try: doubling, and random so that clients do not come together."""
    return min(FIRST_PAUSE * 2**tried, LONGEST_PAUSE) * random.uniform(0.5, 1)
