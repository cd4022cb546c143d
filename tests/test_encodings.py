"""Text files are UTF-8 wherever they are written and read, whatever the locale says."""

import ast
from pathlib import Path

import pytest

from tests.source_tree import ROOT, python_files

FILES = python_files("stargan_tf", "pipeline")


def by_locale(source: str) -> list[str]:
    """The calls that open a file as text in the encoding of the locale."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [ast.unparse(call) for call in calls if _opens_text(call) and not _has_encoding(call)]


def _opens_text(call: ast.Call) -> bool:
    function = call.func
    if isinstance(function, ast.Name):
        return function.id == "open" and _is_text(call.args[1:2], call.keywords)
    if not isinstance(function, ast.Attribute):
        return False
    if function.attr == "open":  # of a path, not of PIL's Image or tarfile
        of_path = not call.args or isinstance(getattr(call.args[0], "value", None), str)
        return of_path and _is_text(call.args[:1], call.keywords)
    return function.attr == "read_text" or (
        # `files.write_text` takes a path too, and writes UTF-8.
        function.attr == "write_text" and len(call.args) == 1
    )


def _is_text(mode: list[ast.expr], keywords: list[ast.keyword]) -> bool:
    given = [*mode, *(keyword.value for keyword in keywords if keyword.arg == "mode")]
    return not any("b" in str(getattr(value, "value", "")) for value in given)


def _has_encoding(call: ast.Call) -> bool:
    return any(keyword.arg == "encoding" for keyword in call.keywords)


@pytest.mark.parametrize(
    "source, found",
    [
        ("path.read_text()", True),
        ("path.read_text(encoding='utf-8')", False),
        ("path.write_text(text)", True),
        ("write_text(path, text)", False),
        ("path.open('a')", True),
        ("path.open()", True),
        ("path.open('rb')", False),
        ("Image.open(path)", False),
        ("open(path)", True),
        ("open(path, 'w')", True),
        ("open(path, mode='wb')", False),
        ("open(path, encoding='utf-8')", False),
    ],
)
def test_calls_are_told_apart(source, found):
    assert bool(by_locale(source)) == found


def test_no_text_depends_on_the_locale():
    found = {file: by_locale(Path(ROOT, file).read_text(encoding="utf-8")) for file in FILES}
    assert {file: calls for file, calls in found.items() if calls} == {}
