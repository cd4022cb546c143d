"""The processes of the sides: their answers, their errors, and whose turn it is."""

import dataclasses

import pytest

from stargan_tf.errors import UserError
from tests.pytorch_reference.fakes import JOB, command
from tests.pytorch_reference.side import Side, take_turns


def test_a_side_is_warm_and_runs_when_asked():
    with Side("fake", command(), JOB) as side:
        assert side.facts["results"] == {"sum": 499500, "size": 64}
        assert len(side.facts["warm_up_seconds"]) == JOB.warm_up
        assert side.facts["program_bytes"] <= side.facts["peak_bytes"]
        assert 0 < min(side.run(), side.run()) < 1


def test_an_error_of_a_side_is_told():
    with pytest.raises(UserError, match="Found no iteration: give one."):
        Side("fake", command(), dataclasses.replace(JOB, what="sleep"))


def test_a_side_that_ends_is_told():
    with pytest.raises(UserError, match="The process of fake ended with status 3"):
        Side("fake", command("raise SystemExit(3)"), JOB)
    with Side("fake", command("print('{}', flush=True); input(); exit(4)"), JOB) as side:
        with pytest.raises(UserError, match="ended with status 4"):
            side.run()


def test_a_side_without_its_packages_says_which():
    program = (
        "import runpy, sys; sys.modules['torch'] = None; "
        "sys.argv[1:] = ['torch_side']; runpy.run_module('tests.pytorch_reference')"
    )
    with pytest.raises(UserError, match="Found no package torch for .*python"):
        Side("fake", command(program), JOB)


def test_turns():
    calls = []

    def run_of(name, seconds):
        def run():
            calls.append(name)
            return next(seconds)

        return run

    runs = [run_of("a", iter([1.0, 2.0, 3.0])), run_of("b", iter([4.0, 5.0, 6.0]))]
    found = take_turns(runs, 3, lambda: calls.append("-"))
    assert found == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    assert "".join(calls) == "-a-b-b-a-a-b"
