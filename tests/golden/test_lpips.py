"""LPIPS agrees with the reference implementation, weights and inputs being equal."""

import pytest

from tests.golden.metrics import EXPECTED, lpips, uniform


def test_lpips():
    found = lpips()(uniform(60, 3, 256, 256, 3), uniform(61, 3, 256, 256, 3))
    assert found.shape == (3,)
    assert float(found.numpy().mean()) == pytest.approx(EXPECTED["lpips_random"].item(), rel=1e-5)
