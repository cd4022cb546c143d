import io
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from absl import logging

from pipeline.reporting import cause, interrupted, output_in, watching
from stargan_tf.errors import UserError


def test_a_line_for_each_component() -> None:
    console = io.StringIO()
    with watching(console, lambda node: f"what {node} made") as progress:
        logging.info("Component %s is running.", "ImageExampleGen")
        logging.info("A cached execution %d is used.", 7)
        logging.info("Component %s is finished.", "ImageExampleGen")
        logging.info("Component %s is running.", "Trainer")
        assert progress.current == "Trainer"
        logging.info("something else")
        logging.info("Component %s is finished.", "Trainer")
        logging.info("Component %s is running.", "Pusher")
        progress.fail()
    assert console.getvalue().splitlines() == [
        "ImageExampleGen      cached  what ImageExampleGen made",
        "Trainer               0.0 s  what Trainer made",
        "Pusher                0.0 s  failed",
    ]


def test_a_result_that_is_an_error_ends_the_run() -> None:
    def describe(node: str) -> str:
        raise UserError(f"{node} found nothing.")

    console = io.StringIO()
    with watching(console, describe) as progress:
        logging.info("Component %s is running.", "Baseline")
        with pytest.raises(UserError, match="Baseline found nothing"):
            logging.info("Component %s is finished.", "Baseline")
        progress.fail()
    assert console.getvalue() == "Baseline              0.0 s  failed\n"


def test_afterwards_absl_is_as_before() -> None:
    before = logging.get_verbosity(), list(logging.get_absl_logger().handlers)
    with watching(io.StringIO(), str):
        assert logging.level_info()
    assert (logging.get_verbosity(), logging.get_absl_logger().handlers) == before


def test_everything_else_goes_into_the_file(tmp_path: Path) -> None:
    program = f"""
import os, subprocess, sys
from pathlib import Path
from pipeline.reporting import output_in
with output_in(Path({str(tmp_path / "logs" / "run.log")!r})) as console:
    print("from Python")
    print("an error", file=sys.stderr)
    os.write(2, b"from C++\\n")
    subprocess.run(["echo", "from a child"])
    print("for the console", file=console)
print("afterwards")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("for the console\nafterwards\n", "")
    log = (tmp_path / "logs" / "run.log").read_text()
    assert sorted(log.splitlines()) == ["an error", "from C++", "from Python", "from a child"]


def test_without_a_file_everything_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with output_in(None) as console:
        print("from Python")
        print("for the console", file=console)
    assert capsys.readouterr().out == "from Python\nfor the console\n"


def failure(inner: BaseException) -> BaseException:
    """An error as it comes out of other packages' hands."""
    try:
        try:
            raise inner
        except BaseException:
            raise RuntimeError("while running step 7\nTraceback ...") from inner
    except RuntimeError as error:
        return error


def test_the_cause_is_our_own_sentence_or_the_first_line() -> None:
    assert cause(failure(UserError("Found no images."))) == "Found no images."
    assert cause(failure(ValueError("x"))) == "RuntimeError: while running step 7"
    assert cause(failure(ValueError("database or disk is full query: X"))).startswith("The disk is")
    assert cause(KeyError()) == "KeyError"
    assert cause(KeyboardInterrupt()) == "Interrupted: the same command goes on from here."


def test_an_interrupt_is_known_for_one() -> None:
    assert interrupted(failure(KeyboardInterrupt(signal.SIGTERM))) == signal.SIGTERM
    assert interrupted(KeyboardInterrupt()) == signal.SIGINT
    assert interrupted(failure(UserError("Found no images."))) == 0
