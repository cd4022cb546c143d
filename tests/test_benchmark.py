"""`python -m stargan_tf.benchmark` as its users meet it: flags and mistakes."""

import subprocess
import sys

import pytest

from tests.source_tree import ROOT

TINY = "--flagfile=stargan_tf/flagfiles/smoke.flags"


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "stargan_tf.benchmark", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--compare=--no_such=1"], "--compare=--no_such=1 cannot be used (Unknown command line"),
        (["--compare=--repeats=1"], "--compare=--repeats=1 cannot be used"),
        (["--compare=fast"], "Found 'fast' in --compare=fast, expected flags alone"),
        (["--compare=--lr='1"], "with quotes that do not end"),
        (["--compare=--img_size=48"], "--img_size=48, expected a power of two"),
        (["--compare=--algorithm=stargan"], "Found --algorithm in --compare="),
        (["--what=everything"], "Found --what=everything, expected some of iteration"),
        (["--run_dir=nowhere"], "Found no config.json in nowhere"),
        (["--data_dir=nowhere"], "Found no dataset_info.json in nowhere"),
    ],
)
def test_a_mistake_is_one_sentence(arguments, message):
    process = run(TINY, *arguments)
    assert process.returncode == 1 and process.stdout == ""
    assert message in process.stderr
    assert process.stderr.startswith("error: ") and process.stderr.count("\n") == 1


def test_help_shows_the_settings_of_the_algorithm():
    text = run("--help", "--algorithm=stargan").stdout
    for flag in ("--repeats", "--model", "--d_repeat_num", "--mixed_precision"):
        assert flag in text
