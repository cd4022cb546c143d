"""Iterations agree with the reference implementation: losses, weights, averages, outputs."""

import pytest

from tests.golden import agreement
from tests.golden.cases import CASES
from tests.golden.marks import marked
from tests.golden.training import run_often


@pytest.fixture(scope="module", params=marked(CASES, quick=["plain"]))
def case(request):
    return CASES[request.param]


@pytest.fixture(scope="module")
def runs(case):
    return run_often(case)


def test_first_losses(case, runs):
    agreement.check_first_losses(case, runs)


def test_later_losses(case, runs):
    agreement.check_later_losses(case, runs)


def test_later_losses_on_average(case, runs):
    agreement.check_later_losses_on_average(case, runs)


def test_weights_and_averages(case, runs):
    agreement.check_weights_and_averages(case, runs)


def test_averages_move(case, runs):
    agreement.check_averages_move(case, runs)


def test_outputs(case, runs):
    agreement.check_outputs(case, runs)
