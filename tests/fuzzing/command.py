"""Gives damaged files and requests to all that reads what others have written.

    python -m tests.fuzzing --cases=5000 --seed=0
    python -m tests.fuzzing --cases=500 --targets png tfrecord
    python -m tests.fuzzing --only=png:0:17 --write=/tmp/damaged.png

Each case must be accepted or rejected in one sentence: no crash, no traceback, no hang, no
memory without bounds. --only runs one case in this process, and shows where it ends.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.fuzzing import targets
from tests.fuzzing.runner import run
from tests.fuzzing.worker import FAILED, Answer, attempt


def main() -> int:
    """Runs what the arguments say; 1 if a case failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--targets", nargs="+", choices=targets.TARGETS, default=[*targets.TARGETS])
    parser.add_argument("--only", metavar="TARGET:SEED:NUMBER", help="run this case alone, here")
    parser.add_argument("--write", metavar="FILE", help="with --only: write its input there")
    arguments = parser.parse_args()
    if arguments.only:
        return _one(arguments.only, arguments.write)
    from tqdm import tqdm

    from stargan_tf.bars import bar

    with bar(total=arguments.cases, unit="case", dynamic_ncols=True) as shown:

        def tell(case: str, answer: Answer) -> None:
            shown.set_postfix_str(case, refresh=False)
            shown.update()
            if answer.outcome == FAILED:
                tqdm.write(f"{case}: {answer.kind}\n{answer.text}", sys.stderr)

        result = run(arguments.cases, arguments.seed, arguments.targets, tell=tell)
    print(result.table())
    for failure in result.failures:
        print(f"{failure.case}: {failure.kind}")
    return 1 if result.failures else 0


def _one(case: str, path: str | None) -> int:
    """Runs a case in this process."""
    name, seed, number = case.rsplit(":", 2)
    with tempfile.TemporaryDirectory() as work:
        target = targets.make(name, Path(work))
        content = targets.case(target, name, int(seed), int(number))
        if path:
            Path(path).write_bytes(content)
        print(f"{len(content)} bytes: {content[:500]!r}{'...' * (len(content) > 500)}")
        answer = attempt(target, content)
        target.close()
    print(f"{answer.outcome} {answer.kind}\n{answer.text}")
    return answer.outcome == FAILED
