"""Where TFX can be had, its tests run or fail; elsewhere they are skipped, in one line."""

import subprocess
import sys

import pytest

from pipeline import availability
from pipeline.availability import Machine, can_have_tfx, require_tfx, why_not
from stargan_tf.errors import UserError
from tests.lanes import MODERN, needs_tfx
from tests.source_tree import ROOT, python_files

OLD, NEW, OTHER = (2, 36), (2, 39), ()
# Names of commands with flags that they take, short of what only TFX knows.
COMMANDS = {
    "pipeline.run_local": ["--data.source=portraits", "--pipeline_root={folder}"],
    "pipeline.compile_kubeflow": ["--data.source=portraits", "--image=x", "--out={folder}/a.yaml"],
    "pipeline.lineage": ["1", "--mysql=user@localhost:1/name"],
}
ABSENT = """
import runpy, sys
from pipeline import availability

availability.this_machine = lambda: availability.Machine({python}, {glibc}, has_tfx=False)
sys.modules["tfx"] = sys.modules["ml_metadata"] = None  # importing them fails
sys.argv = {arguments}
runpy.run_module({module!r}, run_name="__main__", alter_sys=True)
"""


def run_without_tfx(
    python: tuple[int, int], glibc: tuple[int, ...], module: str, *arguments: str
) -> subprocess.CompletedProcess:
    program = ABSENT.format(
        python=python, glibc=glibc, module=module, arguments=[module, *arguments]
    )
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize("has_tfx", [True, False])
@pytest.mark.parametrize(
    ("python", "glibc", "possible"),
    [
        ((3, 10), OLD, True),
        ((3, 11), OLD, True),
        ((3, 11), OTHER, True),
        ((3, 12), OLD, False),
        ((3, 12), (2, 38), False),
        ((3, 12), NEW, True),
        ((3, 13), OLD, False),
        ((3, 13), (2, 41), True),
        ((3, 13), (3, 0), True),
        ((3, 13), OTHER, False),
    ],
)
def test_where_tfx_can_be_had(python, glibc, possible, has_tfx):
    machine = Machine(python, glibc, has_tfx)
    assert can_have_tfx(machine) == (possible or has_tfx)
    assert bool(why_not(machine)) == (not has_tfx)
    assert can_have_tfx(machine._replace(processor="aarch64")) == (python < (3, 12) or has_tfx)


def test_setup_installs_tfx_by_the_same_rule():
    script = (ROOT / "scripts/setup.sh").read_text()
    assert f">= {availability._GLIBC}" in script and f'"{availability._PROCESSOR}"' in script
    assert "3.10 | 3.11) echo requirements.txt" in script
    assert availability._FIRST_MODERN == (3, 12)


@pytest.mark.parametrize(
    ("python", "glibc", "words"),
    [
        ((3, 11), OLD, ["Python 3.11", "requirements.txt", "make setup"]),
        ((3, 13), NEW, ["Python 3.13", "requirements-pipeline-modern.txt", "make setup"]),
        ((3, 13), OLD, ["Python 3.13", "glibc 2.36", "3.10 or 3.11", "glibc 2.39", "make PYTHON="]),
        ((3, 13), OTHER, ["Python 3.13", "no glibc", "3.10 or 3.11", "glibc 2.39"]),
    ],
)
def test_the_sentence_says_what_to_do(python, glibc, words):
    sentence = why_not(Machine(python, glibc, has_tfx=False))
    assert sentence.startswith("Found ") and ", expected " in sentence and ": run " in sentence
    assert all(word in sentence for word in words)


def test_this_machine_is_looked_at(monkeypatch):
    assert availability.this_machine().python == sys.version_info[:2]
    monkeypatch.setattr(availability.platform, "libc_ver", lambda: ("glibc", "2.36"))
    assert availability.this_machine().glibc == OLD
    monkeypatch.setattr(availability.platform, "libc_ver", lambda: ("musl", "1.2"))
    assert availability.this_machine().glibc == OTHER
    monkeypatch.setitem(sys.modules, "ml_metadata", None)
    assert not availability.this_machine().has_tfx
    with pytest.raises(UserError, match="no TFX"):
        require_tfx()


@pytest.mark.parametrize(("module", "arguments"), COMMANDS.items())
def test_a_command_ends_with_the_sentence(module, arguments, tmp_path):
    filled = [argument.format(folder=tmp_path / "out") for argument in arguments]
    done = run_without_tfx((3, 13), OLD, module, *filled)
    assert done.returncode == 1
    assert done.stderr == f"error: {why_not(Machine((3, 13), OLD, has_tfx=False))}\n"
    assert not done.stdout and not (tmp_path / "out").exists()


def test_only_files_that_import_tfx_need_it():
    need = {file for file in python_files("tests") if "/test_" in file and needs_tfx(file)}
    assert {"tests/e2e/test_pipeline.py", "tests/pipeline/test_metadata.py"} <= need
    assert all(file.startswith(("tests/pipeline/", "tests/e2e/test_pipeline")) for file in need)
    assert not {"tests/pipeline/test_config.py", "tests/pipeline/test_deploy.py"} & need


FILES = [f"tests/pipeline/test_{name}.py" for name in ("metadata", "history", "paths")]


def test_tests_are_skipped_where_tfx_cannot_be_had():
    """Each file counts as one; together they take one line."""
    done = run_without_tfx((3, 13), OLD, "pytest", "-p", "no:cacheprovider", *FILES)
    assert done.returncode == 0, done.stdout
    lines = [line for line in done.stdout.splitlines() if line.startswith("SKIPPED")]
    assert len(lines) == 1 and lines[0].startswith("SKIPPED [2] ")
    assert lines[0].endswith(why_not(Machine((3, 13), OLD, has_tfx=False)))
    assert "passed, 2 skipped" in done.stdout.splitlines()[-1]


def test_tests_fail_where_tfx_is_not_installed():
    done = run_without_tfx((3, 13), NEW, "pytest", "-p", "no:cacheprovider", *FILES)
    assert done.returncode == 1
    assert done.stdout.count(why_not(Machine((3, 13), NEW, has_tfx=False))) >= 2
    assert "2 failed" in done.stdout.splitlines()[-1] and "skipped" not in done.stdout


def test_tests_of_ended_packages_are_skipped_in_the_modern_lane_alone():
    files = [f"tests/conformance/test_tensorflow_{name}.py" for name in ("addons", "gan")]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith("SKIPPED")]
    assert done.returncode == 0 and len(lines) == (2 if MODERN else 0), done.stdout
