"""`make setup`: which Python and which packages it takes, on machines that have few or none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.source_tree import ROOT

# Of the real machine, what the script and make need.
TOOLS = ("sh", "rm", "mkdir", "cp", "touch", "make")

# Answers as a Python would; the environments that it makes answer alike.
PYTHON = """#!/bin/sh
echo "$0 $*" >> "$CALLS"
case "$*" in
  *libc_ver*) exit {old_glibc} ;;
  *sys.version_info*) echo {version} ;;
  "-m venv --clear "*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
  "-m pip install "*uv==*) cp "$FAKE_UV" "${{0%/python}}/uv" ;;
  "-m uv pip install "*) ;;
  *) exit 1 ;;
esac
"""
SHIM = '#!/bin/sh\necho "not installed: $0" >&2\nexit 127\n'
# Has a Python to give, or no route to one.
UV = """#!/bin/sh
echo "uv $*" >> "$CALLS"
case "$*" in
  "venv "*)
    {end}
    for folder; do :; done
    mkdir -p "$folder/bin" && cp "$FAKE_PYTHON" "$folder/bin/python" ;;
esac
"""


def program(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


class Machine:
    """A machine with some Pythons on its PATH, and a checkout."""

    def __init__(self, root: Path, pythons: dict[str, str], *, new_glibc=False, uv="true"):
        self.bin, self.checkout = root / "bin", root / "checkout"
        (self.checkout / "scripts").mkdir(parents=True)
        self.bin.mkdir()
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool))
        self.old_glibc = int(not new_glibc)
        for name, version in pythons.items():
            program(self.bin / name, self.python(version) if version else SHIM)
        shutil.copy(ROOT / "scripts/setup.sh", self.checkout / "scripts")
        shutil.copy(ROOT / "Makefile", self.checkout)
        for name in ("pyproject.toml", "requirements.txt"):
            (self.checkout / name).touch()
        self.calls = root / "calls"
        self.calls.touch()
        self.environment = {
            "PATH": str(self.bin),
            "CALLS": str(self.calls),
            "FAKE_UV": str(program(root / "uv", UV.format(end=uv))),
            "FAKE_PYTHON": str(program(root / "fetched", self.python("3.11"))),
        }

    def python(self, version: str) -> str:
        return PYTHON.format(version=version, old_glibc=self.old_glibc)

    def run(self, *command: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            command, cwd=self.checkout, env=self.environment, capture_output=True, text=True
        )

    def setup(self, *python: str) -> subprocess.CompletedProcess:
        return self.run("scripts/setup.sh", ".venv", *python)

    @property
    def installed(self) -> str:
        """The list of packages that was installed, into what."""
        (call,) = (line for line in self.calls.read_text().splitlines() if " -r " in line)
        assert call.startswith(".venv/bin/python -m uv pip install") and "--no-deps" in call
        return call.split(" -r ")[1]


@pytest.mark.parametrize(
    ("pythons", "taken"),
    [
        ({"python3": "3.10"}, "3.10"),
        ({"python3": "3.13", "python3.11": "3.11"}, "3.13"),
        ({"python3": "3.14", "python3.12": "3.12", "python3.13": "3.13"}, "3.13"),
        ({"python3": "3.9", "python3.10": "3.10", "python3.11": "3.11"}, "3.11"),
        ({"python3": "3.14", "python3.13": "3.13", "python3.10": "3.10"}, "3.10"),
        ({"python3.12": "3.12"}, "3.12"),
        ({"python3": "3.14", "python3.11": "", "python3.12": "3.12"}, "3.12"),  # a shim of pyenv
    ],
)
def test_the_first_python_that_will_do_is_taken(tmp_path, pythons, taken):
    machine = Machine(tmp_path, pythons)
    done = machine.setup()
    assert done.returncode == 0, done.stderr
    assert f"Found Python {taken}" in done.stdout
    expected = "requirements.txt" if taken in ("3.10", "3.11") else "requirements-modern.txt"
    assert machine.installed == expected


def test_the_project_itself_comes_last_and_by_a_link(tmp_path):
    machine = Machine(tmp_path, {"python3": "3.11"})
    assert machine.setup().returncode == 0
    *_, packages, project = machine.calls.read_text().splitlines()
    assert " -r requirements.txt" in packages
    assert project.startswith(".venv/bin/python -m uv pip install ")
    words = project.split()
    assert {"--no-deps", "--no-build-isolation"} <= set(words)
    folder = words[words.index("--editable") + 1]
    assert (machine.checkout / folder).samefile(machine.checkout)


def test_every_list_has_what_the_project_is_built_with():
    """Else --no-build-isolation would not do."""
    for file in ROOT.glob("requirements*.txt"):
        lines = file.read_text().splitlines()
        (version,) = (line.split("==")[1] for line in lines if line.startswith("setuptools=="))
        # From 70.1 on, it needs no package wheel.
        assert tuple(map(int, version.split(" ")[0].split(".")[:2])) >= (70, 1), file


@pytest.mark.slow
def test_commands_run_from_any_folder(tmp_path):
    """With the real uv and setuptools, on a copy of the project."""
    checkout, folder = tmp_path / "checkout", tmp_path / ".venv"
    for name in ("stargan_tf", "pipeline"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, checkout / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, checkout)
    script = (ROOT / "scripts/setup.sh").read_text()
    last = script[
        script.index('"$FOLDER/bin/python" -m uv pip install', script.index("by a link")) :
    ]
    # It has the packages of the Python that runs the tests.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "others.pth").write_text("\n".join(p for p in sys.path if "site-packages" in p))
    (checkout / "scripts").mkdir()
    step = program(checkout / "scripts/last.sh", f"#!/bin/sh\nset -eu\nFOLDER={folder}\n{last}")
    subprocess.run([step], check=True, cwd=checkout)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for command in ("stargan_tf.train", "pipeline.lineage"):
        done = subprocess.run(
            [folder / "bin/python", "-m", command, "--help"],
            cwd=elsewhere,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    found = subprocess.run(
        [folder / "bin/python", "-c", "import stargan_tf; print(stargan_tf.__file__)"],
        cwd=elsewhere,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert Path(found.stdout.strip()) == checkout / "stargan_tf/__init__.py"


@pytest.mark.parametrize(("version", "expected"), [("3.11", ""), ("3.13", "-pipeline-modern")])
def test_where_tfx_has_wheels_the_newest_comes_too(tmp_path, version, expected):
    machine = Machine(tmp_path, {"python3": version}, new_glibc=True)
    assert machine.setup().returncode == 0
    assert machine.installed == f"requirements{expected}.txt"


def test_the_python_that_was_named_is_taken(tmp_path):
    machine = Machine(tmp_path, {"python3": "3.11", "mine": "3.12"})
    assert machine.setup("mine").returncode == 0
    assert machine.installed == "requirements-modern.txt"


@pytest.mark.parametrize(
    ("name", "found"),
    [("python3.14", "Python 3.14"), ("shim", "nothing that runs"), ("none", "nothing that runs")],
)
def test_a_named_python_that_will_not_do_is_an_error(tmp_path, name, found):
    machine = Machine(tmp_path, {"python3": "3.11", "python3.14": "3.14", "shim": ""})
    done = machine.setup(name)
    assert done.returncode == 1
    assert f"error: found {found} at PYTHON={name}, expected Python 3.10, 3.11" in done.stderr
    assert not (machine.checkout / ".venv").exists()


def test_an_environment_of_another_checkout_is_not_emptied(tmp_path):
    machine = Machine(tmp_path, {"python3": "3.11"})
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "kept").touch()
    (machine.checkout / ".venv").symlink_to(tmp_path / "others")
    done = machine.setup()
    assert done.returncode == 1
    assert done.stderr.startswith("error: .venv is a link to another folder, expected one of")
    assert (tmp_path / "others" / "kept").exists() and not machine.calls.read_text()


@pytest.mark.parametrize("has_uv", [True, False])
def test_without_any_uv_fetches_one(tmp_path, has_uv):
    machine = Machine(tmp_path, {"python3": "3.14"})
    if has_uv:
        shutil.copy(tmp_path / "uv", machine.bin / "uv")
    done = machine.setup()
    assert done.returncode == 0, done.stderr
    assert "Found Python 3.14, expected 3.10 to 3.13: uv fetches 3.11." in done.stdout
    assert "uv venv --quiet --clear --seed --python 3.11 .venv" in machine.calls.read_text()
    assert machine.installed == "requirements.txt"
    assert [path.name for path in machine.checkout.glob(".venv*")] == [".venv"]


@pytest.mark.parametrize(
    ("pythons", "found"), [({"python3": "3.9"}, "Python 3.9"), ({}, "no Python")]
)
def test_where_none_can_be_fetched_the_user_is_told(tmp_path, pythons, found):
    machine = Machine(tmp_path, pythons, uv="echo no route >&2; exit 1")
    done = machine.setup()
    assert done.returncode == 1
    assert f"Found {found}, expected 3.10 to 3.13" in done.stdout
    *_, last = done.stderr.splitlines()
    assert last.startswith("error: Python 3.11 could not be fetched")
    assert last.endswith("run make PYTHON=/path/to/python setup.")


def test_make_sets_up_once_and_anew_for_another_python(tmp_path):
    machine = Machine(tmp_path, {"python3": "3.11", "python3.11": "3.11", "python3.13": "3.13"})

    def lists_installed():
        return [
            line.split(" -r ")[1]
            for line in machine.calls.read_text().splitlines()
            if " -r " in line
        ]

    assert machine.run("make", "setup").returncode == 0
    assert machine.run("make", "setup").returncode == 0
    assert machine.run("make", "PYTHON=python3.11", "setup").returncode == 0
    assert lists_installed() == ["requirements.txt"]
    assert machine.run("make", "PYTHON=python3.13", "setup").returncode == 0
    assert machine.run("make", "PYTHON=python3.13", "setup").returncode == 0
    assert machine.run("make", "setup").returncode == 0
    assert lists_installed() == ["requirements.txt", "requirements-modern.txt"]
    done = machine.run("make", "PYTHON=python3.9", "setup")
    assert done.returncode and "PYTHON=python3.9, expected" in done.stderr
    assert lists_installed() == ["requirements.txt", "requirements-modern.txt"]


def test_the_script_runs_where_there_is_no_bash():
    assert (ROOT / "scripts/setup.sh").read_text().startswith("#!/bin/sh\n")
    assert os.access(ROOT / "scripts/setup.sh", os.X_OK)
