"""The process of one side, as the one that asks for runs sees it."""

import contextlib
import dataclasses
import json
import os
import subprocess
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from stargan_tf.errors import UserError


class Side:
    """A process that does a job.

    Attributes:
      name: of the side, for people.
      facts: what `serve` told of the side and the job.
    """

    def __init__(self, name: str, command: Sequence[str], job: Any) -> None:
        """Starts a process, and waits until it is warmed up.

        Args:
          name: of the side, for people.
          command: starts a process that calls `serve`.
          job: a dataclass, the process's first line.

        Raises:
          UserError: it cannot do that.
        """
        self.name = name
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # PyTorch's package is for CPUs, so TensorFlow shall see no GPU either.
            env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"},
            start_new_session=True,  # Ctrl-C is for the process that asks
        )
        with contextlib.ExitStack() as stack:
            stack.callback(self.close)
            self.facts = self._ask(json.dumps(dataclasses.asdict(job)))
            stack.pop_all()

    def run(self) -> float:
        """Has it do the job once; returns the seconds that this took."""
        return self._ask("")

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> "Side":
        """Returns the side."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Ends the process."""
        self.close()

    def _ask(self, line: str) -> Any:
        with contextlib.suppress(BrokenPipeError):  # it has no answer then
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
        text = self._process.stdout.readline()
        if not text:
            raise UserError(
                f"The process of {self.name} ended with status {self._process.wait()}, expected an "
                "answer: see what it printed above; without memory, lower --batch_size."
            )
        answer = json.loads(text)
        if isinstance(answer, dict) and "error" in answer:
            raise UserError(answer["error"])
        return answer


def take_turns(
    runs: Sequence[Callable[[], float]], rounds: int, rest: Callable[[], Any]
) -> list[list[float]]:
    """Has all run once in each round, never at the same time; their order turns each time.

    Args:
      runs: each runs once, and returns the seconds.
      rounds: how many.
      rest: called before each run.

    Returns:
      The seconds of each, by round.
    """
    seconds: list[list[float]] = [[] for _ in runs]
    for number in range(rounds):
        order = range(len(runs))
        for place in order if number % 2 == 0 else reversed(order):
            rest()
            seconds[place].append(runs[place]())
    return seconds
