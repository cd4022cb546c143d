"""The Frechet distance agrees with the reference implementation, activations being equal."""

import numpy as np
import pytest

from stargan_tf.evaluation.frechet_distance import frechet_distance
from tests.evaluation.fakes import statistics_of
from tests.golden.weights import GOLDEN

EXPECTED = float(np.load(GOLDEN / "v1_and_metrics.npz")["frechet"][0])


def test_frechet_distance():
    rs = np.random.RandomState(70)
    first = rs.standard_normal((300, 64))
    second = rs.standard_normal((200, 64)) @ np.diag(np.linspace(0.5, 2, 64)) + 0.3
    batches = [second[i : i + 32] for i in range(0, 200, 32)]
    found = frechet_distance(statistics_of([first]), statistics_of(batches))
    assert found == pytest.approx(EXPECTED, rel=1e-12)
