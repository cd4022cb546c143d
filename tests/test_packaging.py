"""What `pip install` gives: a wheel with the two packages, and what they need to run."""

import email
import re
import shutil
import subprocess
import sys
import zipfile
from email.message import Message
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import stargan_tf
from tests.source_tree import ROOT, files, python_files, third_party


class Lane(NamedTuple):
    always: dict[str, Requirement]
    with_pipeline: dict[str, Requirement]
    file: str  # that pins them, without .in or .txt
    pipeline_file: str  # that pins the pipeline's too


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without a network from a copy of the project."""
    copy = tmp_path_factory.mktemp("project")
    for name in (
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "BUILD",
        "stargan_tf",
        "pipeline",
        "tests",
    ):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, copy / name)
    options = ["--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", copy / "dist"]
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, copy], capture_output=True, text=True
    )
    assert built.returncode == 0, built.stdout + built.stderr
    assert not (copy / "build").exists(), "build/ is BUILD where file names ignore case"
    (path,) = (copy / "dist").iterdir()
    return path


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


@pytest.fixture(scope="module", params=["full", "modern"])
def lane(request: pytest.FixtureRequest, metadata: Message) -> Lane:
    """What the wheel requires on the Pythons of a lane, with and without its extras."""
    parsed = [Requirement(text) for text in metadata.get_all("Requires-Dist")]
    pythons, *names = {
        "full": (["3.10", "3.11"], "requirements", "requirements"),
        "modern": (["3.12", "3.13"], "requirements-modern", "requirements-pipeline-modern"),
    }[request.param]

    def on(python: str, extra: str) -> dict[str, Requirement]:
        environment = {"python_version": python, "extra": extra}
        kept = [r for r in parsed if not r.marker or r.marker.evaluate(environment)]
        names = [requirement.name.replace("-", "_") for requirement in kept]
        assert len(names) == len(set(names)), "a package is required twice"
        return dict(zip(names, kept, strict=True))

    first, second = (on(python, "") for python in pythons)
    assert first == second
    return Lane(first, on(pythons[0], "pipeline"), *names)


def pins(file: str) -> dict[str, set[str]]:
    """The versions that a requirements file and those that it takes in pin, by package."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / file).read_text().splitlines():
        if line.startswith("-r "):
            found |= pins(line.removeprefix("-r "))
        name, equals, version = line.partition(";")[0].partition("==")
        if equals and not line.startswith("#"):
            found.setdefault(name.lower().replace("-", "_"), set()).add(version.strip())
    return found


def test_wheel_holds_the_packages_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    product = {file for file in files() if not file.startswith("tests/")}
    kinds = (".py", ".flags", ".pbtxt", "/py.typed")
    others = "stargan_tf/faces/mediapipe/"  # networks, with their licence
    assert names == {f for f in product if f.endswith(kinds) or f.startswith(others)}
    assert f"{others}LICENSE" in names


def test_metadata(wheel, metadata):
    assert metadata["Name"] == "stargan_tf"
    assert metadata["Version"] == stargan_tf.__version__
    assert metadata["License"] == "Apache-2.0"
    pythons = SpecifierSet(metadata["Requires-Python"])
    asked = ("3.9", "3.10", "3.11.9", "3.12.0", "3.13.9", "3.14")
    assert [v for v in asked if v in pythons] == ["3.10", "3.11.9", "3.12.0", "3.13.9"]
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if re.search(r"\.dist-info/(.*/)?LICENSE$", n))
        assert b"Apache License" in archive.read(name)


def test_every_package_that_is_imported_is_required(lane):
    for package, required in (("stargan_tf", lane.always), ("pipeline", lane.with_pipeline)):
        used = {name for file in python_files(package) for name in third_party(file)}
        assert used <= set(required), f"{package}: missing in the dependencies of pyproject.toml"


def test_requirements_leave_users_room(lane):
    assert not {"pytest", "ruff"} & set(lane.with_pipeline)
    assert not [str(r) for r in lane.with_pipeline.values() if "==" in str(r.specifier)]


def test_we_test_with_what_we_require(lane):
    for file, required in ((lane.file, lane.always), (lane.pipeline_file, lane.with_pipeline)):
        asked, locked = pins(f"{file}.in"), pins(f"{file}.txt")
        assert set(required) <= set(asked), f"missing in {file}.in"
        outside = [
            f"{requirement}, but {file}.txt has {version}"
            for name, requirement in required.items()
            for version in locked[name]
            if version not in requirement.specifier
        ]
        assert not outside
        assert all(locked[name] == versions for name, versions in asked.items()), "run make lock"


def test_wheel_runs_without_the_checkout(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    program = f"""
import sys
sys.path.insert(0, {str(tmp_path / "installed")!r})
import importlib.resources, pipeline, stargan_tf.config.train, stargan_tf.flags
for module in (pipeline, stargan_tf, stargan_tf.flags):
    assert "installed" in module.__file__, module.__file__
assert (importlib.resources.files(stargan_tf) / "flagfiles/portraits_64.flags").is_file()
"""
    command = [sys.executable, "-I", "-c", program]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
