import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.errors import UserError
from stargan_tf.evaluation.statistics import BLOCK_ROWS, RunningStatistics
from tests.evaluation.fakes import statistics_of


def rows(count, dim=7, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((count, dim)) @ rng.standard_normal((dim, dim)) + 3


def batches(values, size):
    return [values[i : i + size] for i in range(0, len(values), size)]


def assert_statistics_of(values, statistics, tolerance=1e-13):
    assert statistics.count == len(values)
    np.testing.assert_allclose(statistics.mean, values.mean(axis=0), rtol=tolerance)
    expected = np.cov(values, rowvar=False)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(statistics.covariance, expected, atol=tolerance * scale)
    np.testing.assert_array_equal(statistics.covariance, statistics.covariance.T)


def test_by_hand():
    statistics = statistics_of([[[0.0, 1.0], [2.0, 1.0]], [[4.0, 7.0]]])
    assert statistics.count == 3
    np.testing.assert_array_equal(statistics.mean, [2, 3])
    # Squares about the mean: 4 + 0 + 4 and 4 + 4 + 16; products: 4 + 0 + 8. Over n - 1 = 2.
    np.testing.assert_allclose(statistics.covariance, [[4, 6], [6, 12]], rtol=1e-15)
    assert statistics.dim == 2


@pytest.mark.parametrize("count", [2, BLOCK_ROWS - 1, BLOCK_ROWS, 2 * BLOCK_ROWS + 1])
def test_agrees_with_numpy(count):
    values = rows(count)
    assert_statistics_of(values, statistics_of(batches(values, 100)))


def test_batches_change_nothing():
    values = rows(BLOCK_ROWS + 500)
    whole = statistics_of([values])
    for size in (1, 8, 333):
        cut = statistics_of(batches(values, size))
        np.testing.assert_array_equal(cut.mean, whole.mean)
        np.testing.assert_array_equal(cut.covariance, whole.covariance)


@pytest.mark.parametrize("count", [2, 5, 40])  # of 7 dimensions: singular up to 7 images
def test_factor_of_the_covariance(count):
    statistics = statistics_of([rows(count)])
    factor = statistics.factor
    assert factor.shape == (7, min(count - 1, 7)) and factor is statistics.factor
    scale = np.abs(statistics.covariance).max()
    np.testing.assert_allclose(factor @ factor.T, statistics.covariance, atol=1e-14 * scale)


def test_factor_of_images_that_are_all_the_same():
    assert statistics_of([np.ones((4, 7))]).factor.shape == (7, 0)


def test_no_row_is_kept():
    running = RunningStatistics(4)
    held = sum(v.nbytes for v in vars(running).values() if isinstance(v, np.ndarray))
    for seed in range(5):
        running.update(rows(BLOCK_ROWS, 4, seed))
    assert sum(v.nbytes for v in vars(running).values() if isinstance(v, np.ndarray)) == held


def test_stable_far_from_zero():
    """Where the sum of squares less the square of the sum has no digit left."""
    values = rows(3000) + 1e9
    naive = (values * values).mean(axis=0) - values.mean(axis=0) ** 2
    assert not np.allclose(naive, values.var(axis=0), rtol=0.5)
    statistics = statistics_of(batches(values, 64))
    expected = np.cov(values - 1e9, rowvar=False)
    np.testing.assert_allclose(statistics.covariance, expected, rtol=1e-6)


def test_more_rows_may_follow_a_result():
    values = rows(900)
    running = RunningStatistics(7)
    running.update(values[:400])
    early = running.result()
    running.update(values[400:])
    assert_statistics_of(values, running.result())
    assert_statistics_of(values[:400], early)


@pytest.mark.parametrize("dtype", [tf.float32, tf.float16, tf.bfloat16, tf.int32])
def test_any_type_is_computed_in_float64(dtype):
    given = tf.cast(tf.constant(100 * rows(50)), dtype)
    statistics = statistics_of([given])
    assert statistics.mean.dtype == statistics.covariance.dtype == np.float64
    assert_statistics_of(tf.cast(given, tf.float64).numpy(), statistics)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], "Found 0 images among the cats, expected at least 2"),
        ([np.ones((0, 3))], "Found 0 images among the cats"),
        ([np.ones((1, 3))], "Found 1 images among the cats"),
        ([np.ones((2, 3)), np.ones((2, 4))], "activations of length 3 and 4"),
        ([np.ones((2, 3, 3))], r"shape \[2, 3, 3\] for the cats, expected \[images, dim\]"),
        ([np.ones((2, 0))], r"shape \[2, 0\]"),
        ([np.ones((2, 3)), [[1, np.nan, 1]]], "infinite or NaN for the cats"),
        ([np.full((2, 3), np.float32(np.inf))], "infinite or NaN for the cats"),
    ],
)
def test_bad_input(given, sentence):
    with pytest.raises(UserError, match=sentence):
        statistics_of(given, of="the cats")
