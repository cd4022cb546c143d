"""Progress bars, as logs have them."""

import ast
import io
import sys
import time

from stargan_tf.bars import bar
from tests.source_tree import python_files, tree


class Terminal(io.StringIO):
    def isatty(self):
        return True


def updates(monkeypatch, stderr, **options):
    """How often a bar draws itself in a second of many updates."""
    monkeypatch.setattr(sys, "stderr", stderr)
    end = time.monotonic() + 1
    with bar(total=10**9, **options) as shown:
        while time.monotonic() < end:
            shown.update()
            time.sleep(0.002)
    return stderr.getvalue().count("\r")


def test_a_log_gets_a_line_now_and_then(monkeypatch):
    assert updates(monkeypatch, io.StringIO()) <= 2  # the first and the last
    assert updates(monkeypatch, io.StringIO(), seconds=0.5) <= 2


def test_in_a_terminal_it_moves(monkeypatch):
    assert updates(monkeypatch, Terminal()) > 4


def test_there_is_no_other_kind_of_bar():
    """A bar of tqdm's own writes ten lines a second into a log."""
    wrong = [
        f"{file}:{node.lineno}"
        for file in python_files("stargan_tf", "pipeline")
        if file != "stargan_tf/bars.py"
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("tqdm", "trange")
    ]
    assert not wrong
