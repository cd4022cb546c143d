"""LPIPS agrees with the reference implementation, weights and inputs being equal."""

import numpy as np
import pytest

from tests.golden.metrics import EXPECTED, lpips, uniform


def test_lpips():
    pairs = np.stack([uniform(seed, 3, 256, 256, 3) for seed in (60, 61)], axis=1)
    found = lpips().mean_over_pairs(pairs).numpy()
    assert found.shape == (3,)
    assert float(found.mean()) == pytest.approx(EXPECTED["lpips_random"].item(), rel=1e-5)
