"""The Frechet distance agrees with the reference implementation, activations being equal."""

import numpy as np
import pytest

from stargan_tf.evaluation.frechet_distance import frechet_distance
from stargan_tf.evaluation.statistics import RunningStatistics
from tests.golden.weights import GOLDEN

EXPECTED = float(np.load(GOLDEN / "v1_and_metrics.npz")["frechet"][0])


def test_frechet_distance():
    rs = np.random.RandomState(70)
    first = rs.standard_normal((300, 64))
    second = rs.standard_normal((200, 64)) @ np.diag(np.linspace(0.5, 2, 64)) + 0.3
    statistics = RunningStatistics(64), RunningStatistics(64)
    statistics[0].update(first)
    for start in range(0, 200, 32):
        statistics[1].update(second[start : start + 32])
    found = frechet_distance(statistics[0].result(), statistics[1].result())
    assert found == pytest.approx(EXPECTED, rel=1e-12)
