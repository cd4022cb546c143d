"""Progress bars, as logs have them."""

import ast
import io
import re
import sys
import time

from stargan_tf.bars import bar
from tests.source_tree import python_files, tree


class Terminal(io.StringIO):
    def isatty(self):
        return True


def updates(monkeypatch, stderr, **options):
    """What a bar draws in a second of many updates."""
    monkeypatch.setattr(sys, "stderr", stderr)
    end = time.monotonic() + 1
    with bar(total=10**9, **options) as shown:
        while time.monotonic() < end:
            shown.update()
            time.sleep(0.002)
    return re.split("[\r\n]", stderr.getvalue().strip())


def test_a_log_gets_a_line_now_and_then(monkeypatch):
    for options in ({}, {"seconds": 0.5}):
        log = io.StringIO()
        drawn = updates(monkeypatch, log, desc="training", **options)
        assert 1 <= len(drawn) <= 2  # the first and the last
        assert log.getvalue() == "".join(f"{line}\n" for line in drawn)
        assert all(line.startswith("training: ") and line == line.rstrip() for line in drawn)


def test_what_is_said_between_is_a_line_of_its_own(monkeypatch):
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    with bar(total=2, desc="training", log_seconds=0.0) as shown:
        shown.update()
        shown.write("saved", file=log)
        shown.update()
    lines = log.getvalue().splitlines()
    assert "saved" in lines and "" not in lines
    assert lines[-1].startswith("training: 100%")


def test_in_a_terminal_it_moves(monkeypatch):
    terminal = Terminal()
    assert len(updates(monkeypatch, terminal)) > 4
    assert terminal.getvalue().count("\n") == 1  # at its end


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
