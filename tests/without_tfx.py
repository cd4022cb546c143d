"""What becomes of tests that need TFX where it is not installed.

Each such file counts as one test. It is skipped where TFX cannot be had, and fails where TFX
could be installed. Files of tests/pipeline that run without TFX run everywhere.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.availability import can_have_tfx, this_machine, why_not
from tests.source_tree import ROOT, file_of, imports

_TOPS = {"tfx", "ml_metadata", "tensorflow_data_validation", "kfp"}


def needs_tfx(file: str) -> bool:
    """Whether a test file imports TFX, itself or through files of this project.

    Args:
      file: as a path from the root of the project.
    """
    todo, seen = [file], set()
    while todo:
        current = todo.pop()
        if current in seen:
            continue
        seen.add(current)
        if any(i.top in _TOPS for i in imports(current)):
            return True
        # stargan_tf never imports TFX, which test_imports.py holds.
        modules = [i.module for i in imports(current) if i.top != "stargan_tf"]
        todo += filter(None, map(file_of, modules))
    return False


def stand_in(path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """What pytest collects instead of a file whose tests need TFX; None where it can run."""
    machine = this_machine()
    if machine.has_tfx or not needs_tfx(path.relative_to(ROOT).as_posix()):
        return None
    return _File.from_parent(parent, path=path)


class _File(pytest.Module):
    def collect(self) -> Iterator[pytest.Item]:
        yield _Test.from_parent(self, name="without_tfx")


class _Test(pytest.Item):
    def runtest(self) -> None:
        machine = this_machine()
        if can_have_tfx(machine):
            pytest.fail(why_not(machine), pytrace=False)
        pytest.skip(why_not(machine))
