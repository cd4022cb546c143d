"""LPIPS agrees with the reference implementation, weights and inputs being equal."""

import pytest

from tests.evaluation.fakes import distances
from tests.golden.metrics import EXPECTED, lpips, uniform


def test_lpips():
    found = distances(lpips(), uniform(60, 3, 256, 256, 3), uniform(61, 3, 256, 256, 3))
    assert found.shape == (3,)
    assert float(found.mean()) == pytest.approx(EXPECTED["lpips_random"].item(), rel=1e-5)
