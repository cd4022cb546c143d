"""The process that runs cases: one line asks for one, one line says what came of it.

    make TARGET
    run TARGET SEED NUMBER

Answers are JSON: see `Answer`. What the cases print goes to stderr, which is a log.
"""

import contextlib
import gc
import io
import json
import os
import re
import resource
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from stargan_tf import flags
from tests.fuzzing import targets
from tests.fuzzing.targets import MIB, Target

ACCEPTED, REJECTED, FAILED = "accepted", "rejected", "failed"
# A sentence that is longer than this is no help.
_MOST_CHARACTERS = 5000
_STATUS = Path("/proc/self/status")


class Answer(NamedTuple):
    """What came of a case.

    Attributes:
      outcome: ACCEPTED, REJECTED or FAILED.
      kind: of the failure, in a word or two; empty for none.
      text: the sentence of what was rejected, or what failed.
    """

    outcome: str
    kind: str = ""
    text: str = ""


def attempt(target: Target, content: bytes) -> Answer:
    """Runs a case as a command would, whose last line is for the user."""
    printed = io.StringIO()
    try:
        with peak() as grown, contextlib.redirect_stderr(printed):
            with contextlib.redirect_stdout(io.StringIO()), flags._told_in_a_sentence():
                target.run(content)
    except SystemExit as end:
        answer = _judged(printed.getvalue()) if end.code else Answer(ACCEPTED)
    except BaseException:
        answer = Answer(FAILED, "traceback", traceback.format_exc()[-6000:])
    else:
        answer = Answer(ACCEPTED)
    if answer.outcome != FAILED and grown[0] > target.most_bytes:
        text = f"{grown[0] // MIB} MiB more than before, at most {target.most_bytes // MIB} allowed"
        return Answer(FAILED, "memory", text)
    return answer


def _judged(printed: str) -> Answer:
    """Whether what was printed ends in one sentence for the user."""
    begins = [place.start() for place in re.finditer(r"(?m)^error: ", printed)]
    if not begins:
        return Answer(FAILED, "no sentence", printed[-1000:])
    sentence = printed[begins[-1] :].removesuffix("\n").removeprefix("error: ")
    problems = {
        "empty sentence": not sentence.strip(" .:"),
        "several lines": len(begins) > 1 or len(sentence.splitlines()) > 1,
        "endless sentence": len(sentence) > _MOST_CHARACTERS,
        "control characters": bool(re.search(r"[\0-\x1f\x7f]", sentence)),
        "traceback": "Traceback" in printed,
    }
    for kind, found in problems.items():
        if found:
            return Answer(FAILED, kind, printed[-3000:])
    return Answer(REJECTED, text=sentence)


@contextlib.contextmanager
def peak() -> Iterator[list[int]]:
    """Measures by how many bytes the memory of this process grows at most within the block.

    Yields:
      A list that holds the number when the block is left.
    """
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from now on
    before = _bytes("VmRSS")
    grown = [0]
    try:
        yield grown
    finally:
        grown[0] = _bytes("VmHWM") - before


def _bytes(name: str) -> int:
    """A line of this process's status; where there is none, the peak since its start."""
    if not _STATUS.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = re.search(rf"{name}:\s*(\d+) kB", _STATUS.read_text())
    return 1024 * int(found[1]) if found else 0


def _prepared(name: str, work: Path) -> tuple[Target | None, Answer]:
    """Makes a target, which must accept what is valid: else its cases would show nothing."""
    try:
        target = targets.make(name, work)
    except Exception:
        return None, Answer(FAILED, "no target", traceback.format_exc())
    for content in target.valid():
        answer = attempt(target, content)
        if answer.outcome != ACCEPTED:
            return target, Answer(FAILED, f"valid input {answer.outcome}", answer.text)
    return target, Answer(ACCEPTED)


def serve() -> None:
    """Answers on what was stdout, until stdin ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    known: dict[str, Target] = {}
    with tempfile.TemporaryDirectory(prefix="stargan_tf_fuzzing_") as work:
        for line in sys.stdin:
            verb, name, *numbers = line.split()
            if verb == "make":
                target, answer = _prepared(name, Path(work))
                if target:
                    known[name] = target
            else:
                seed, number = map(int, numbers)
                answer = attempt(known[name], targets.case(known[name], name, seed, number))
                gc.collect(0)
            print(json.dumps(answer), file=answers, flush=True)
        for target in known.values():
            target.close()
