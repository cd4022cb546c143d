"""The two sets of packages that the tests run on, and what becomes of tests of missing ones.

Full: requirements.txt, Python 3.10 and 3.11. Modern: requirements-modern.txt, Python 3.12 and
3.13, with TFX or without. A file of tests that needs what a set lacks counts as one test. It is
skipped where the package cannot be had, and fails where it could be installed. Files of
tests/pipeline that run without TFX run everywhere.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.availability import can_have_tfx, this_machine, why_not
from tests.source_tree import ROOT, file_of, imports

MODERN = sys.version_info >= (3, 12)
_TFX = {"tfx", "ml_metadata", "tensorflow_data_validation", "kfp"}
_ENDED = {"tensorflow_addons", "tensorflow_gan"}


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
        if any(i.top in _TFX for i in imports(current)):
            return True
        # stargan_tf never imports TFX, which test_imports.py holds.
        modules = [i.module for i in imports(current) if i.top != "stargan_tf"]
        todo += filter(None, map(file_of, modules))
    return False


def stand_in(path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """What pytest collects instead of a file whose tests cannot run; None where they can."""
    file = path.relative_to(ROOT).as_posix()
    machine = this_machine()
    ended = sorted(_ENDED & {i.top for i in imports(file)})
    if MODERN and ended:
        return _File.from_parent(parent, path=path, reason=f"{ended[0]} ended with TensorFlow 2.15")
    if not machine.has_tfx and needs_tfx(file):
        fails = can_have_tfx(machine)
        return _File.from_parent(parent, path=path, reason=why_not(machine), fails=fails)
    return None


class _File(pytest.Module):
    def __init__(self, *, reason: str, fails: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reason, self.fails = reason, fails

    def collect(self) -> Iterator[pytest.Item]:
        yield _Test.from_parent(self, name="cannot_run")


class _Test(pytest.Item):
    def runtest(self) -> None:
        if self.parent.fails:
            pytest.fail(self.parent.reason, pytrace=False)
        pytest.skip(self.parent.reason)
