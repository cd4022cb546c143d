"""Targets that go wrong on purpose: what finds faults must find theirs."""

import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from stargan_tf.errors import UserError
from tests.fuzzing.targets import MIB, Target


class Sound(Target):
    """A target without a fault; the cases of the others are its, up to `BAD`."""

    most_bytes = 64 * MIB
    BAD = 2  # the case that goes wrong

    def __init__(self, work: Path) -> None:
        self._work = work

    def valid(self) -> Sequence[bytes]:
        return [b"valid"]

    def damaged(self, chance: random.Random) -> bytes:
        return chance.randbytes(4)

    def run(self, content: bytes) -> None:
        """Accepts what is valid and half of the rest; one case in the middle is bad."""
        if content == b"valid":
            return
        cases = self._work / "cases"
        count = len(cases.read_bytes()) if cases.exists() else 0
        cases.write_bytes(bytes(count + 1))
        if count == self.BAD:
            self.go_wrong()
        if content[0] % 2:
            raise UserError("Found an odd byte, expected an even one: change it.")

    def go_wrong(self) -> None:
        """Does what the class is named for."""


class Crash(Sound):
    def go_wrong(self) -> None:
        os.kill(os.getpid(), signal.SIGSEGV)


class Exit(Sound):
    def go_wrong(self) -> None:
        os._exit(0)


class Hang(Sound):
    """Hangs again in the second try."""

    def run(self, content: bytes) -> None:
        while content != b"valid":
            time.sleep(1)


class Late(Sound):
    """Hangs once: the machine was busy."""

    def go_wrong(self) -> None:
        time.sleep(20)


class Memory(Sound):
    def go_wrong(self) -> None:
        bytearray(os.urandom(MIB) * 200)


class Traceback(Sound):
    def go_wrong(self) -> None:
        raise KeyError("no sentence")


class Wrong(Sound):
    def go_wrong(self) -> None:
        raise AssertionError("the answer is wrong")


class Silent(Sound):
    def go_wrong(self) -> None:
        sys.exit(1)


class Empty(Sound):
    def go_wrong(self) -> None:
        raise UserError("")


class Lines(Sound):
    def go_wrong(self) -> None:
        print("error: one\ntwo", file=sys.stderr)
        sys.exit(1)


class Escapes(Sound):
    def go_wrong(self) -> None:
        print("error: \x1b[2J", file=sys.stderr)
        sys.exit(1)


class Endless(Sound):
    def go_wrong(self) -> None:
        print(f"error: {'x' * 10**6}", file=sys.stderr)
        sys.exit(1)


class Blind(Sound):
    """Rejects all there is, also what is valid: its cases would show nothing."""

    def run(self, content: bytes) -> None:
        raise UserError("Found something, expected nothing: go away.")


class Broken(Sound):
    def __init__(self, work: Path) -> None:
        raise ValueError("it cannot be made")
