import numpy as np
import pytest

from stargan_tf.evaluation.activations import SpreadRows


def spread(total, most, batch):
    rows = SpreadRows(total, most)
    values = np.arange(total)[:, np.newaxis]
    for start in range(0, total, batch):
        rows.add(values[start : start + batch])
    return rows.result()[:, 0]


@pytest.mark.parametrize("batch", [1, 7, 1000])
@pytest.mark.parametrize(("total", "most"), [(10, 10), (9, 10), (11, 10), (100, 7), (50, 10)])
def test_rows_are_evenly_spread(total, most, batch):
    found = spread(total, most, batch)
    assert len(found) == min(total, most) and found[0] == 0
    gaps = np.diff([*found, total])
    assert gaps.min() >= total // len(found) and gaps.max() <= -(-total // len(found))


def test_few_rows_are_all_kept():
    np.testing.assert_array_equal(spread(9, 10, 4), np.arange(9))


def test_every_source_counts():
    """10 outputs of each of 1,000 sources, of which 5,000 are compared."""
    found = spread(10_000, 5_000, 80)
    np.testing.assert_array_equal(np.bincount(found // 10), np.full(1_000, 5))
