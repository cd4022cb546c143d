import numpy as np
import pytest

from stargan_tf.errors import UserError
from stargan_tf.evaluation.frechet_distance import frechet_distance
from stargan_tf.evaluation.statistics import FeatureStatistics
from tests.evaluation.points import distance, from_rows, normal


def gaussian(mean, covariance):
    return FeatureStatistics(10**6, np.asarray(mean, float), np.asarray(covariance, float))


def test_gaussians_with_diagonal_covariances():
    first = gaussian([1, 2, 3], np.diag([1, 4, 9]))
    second = gaussian([1, 0, 3], np.diag([4, 4, 1]))
    # 2^2 of the means; (1 - 2)^2, 0 and (3 - 1)^2 of the deviations.
    assert frechet_distance(first, second) == pytest.approx(9, rel=1e-14)


def test_gaussians_that_do_not_commute():
    """In two dimensions tr sqrt(C1 C2) = sqrt(tr(C1 C2) + 2 sqrt(det(C1 C2)))."""
    first, second = np.array([[2, 1], [1, 1]]), np.array([[1, 0], [0, 5]])
    assert not np.array_equal(first @ second, second @ first)
    overlap = np.sqrt(7 + 2 * np.sqrt(5))
    found = frechet_distance(gaussian([0, 0], first), gaussian([0, 0], second))
    assert found == pytest.approx(3 + 6 - 2 * overlap, rel=1e-14)


def test_the_covariance_is_unbiased():
    """Two points at -a and a have the unbiased variance 2 a^2."""
    assert distance([[-1.0], [1.0]], [[-3.0], [3.0]]) == pytest.approx(8, rel=1e-14)


@pytest.mark.parametrize(
    ("count", "dim", "decades"), [(300, 64, 0), (20, 64, 0), (100, 400, 0), (2000, 64, 6)]
)
def test_equal_sets_have_no_distance(count, dim, decades):
    points = normal(count, dim, decades=decades)
    shuffled = np.random.default_rng(1).permutation(points)
    assert 0 <= distance(points, points) < 1e-11
    assert 0 <= distance(points, shuffled) < 1e-11


def test_rounding_makes_no_distance_negative():
    found = [distance(points, points[::-1]) for points in (normal(20, 8, i) for i in range(30))]
    assert min(found) == 0
    assert max(found) < 1e-13


@pytest.mark.parametrize("count", [30, 500])
def test_sets_in_a_plane(count):
    """Variances of 0 beside large ones, whatever the number of images."""
    rng = np.random.default_rng(0)
    first, second = (
        rng.standard_normal((count, 2)) @ rng.standard_normal((2, 32)) for _ in range(2)
    )
    assert distance(first, first[::-1]) < 1e-12
    assert distance(first, second) == pytest.approx(from_rows(first, second), rel=1e-12)
    filled = normal(300, 32)
    assert distance(first, filled) == pytest.approx(from_rows(first, filled), rel=1e-12)


@pytest.mark.parametrize("decades", [0, 5])
@pytest.mark.parametrize(("count1", "count2"), [(300, 200), (20, 200), (30, 20)])
def test_agrees_with_the_distance_from_rows(count1, count2, decades):
    """Also where the covariance of one set or both is singular."""
    first, second = normal(count1, 128, 0, decades), 1.5 * normal(count2, 128, 1, decades) + 0.1
    assert distance(first, second) == pytest.approx(from_rows(first, second), rel=1e-11)
    assert distance(second, first) == pytest.approx(distance(first, second), rel=1e-11)


@pytest.mark.parametrize("scale", [1e-9, 1e-4, 1e9])
def test_scales_with_the_square_of_the_activations(scale):
    first, second = normal(300, 32, 0), 1.5 * normal(200, 32, 1) + 0.1
    expected = scale**2 * distance(first, second)
    assert distance(scale * first, scale * second) == pytest.approx(expected, rel=1e-11)


def test_far_from_zero():
    first, second = normal(300, 32, 0), 1.5 * normal(200, 32, 1) + 0.1
    expected = distance(first, second)
    assert distance(first + 1e4, second + 1e4) == pytest.approx(expected, rel=1e-9)


def test_only_the_points_relative_to_each_other_matter():
    first, second = normal(300, 32, 0), 1.5 * normal(200, 32, 1, decades=1)
    turn, _ = np.linalg.qr(np.random.default_rng(5).standard_normal((32, 32)))
    assert distance(first @ turn, second @ turn) == pytest.approx(distance(first, second))


def test_noise_is_worse_the_stronger_it_is():
    points, noise = normal(2000, 32, 0, decades=1), np.random.default_rng(3)
    found = [
        distance(points, points + strength * noise.standard_normal(points.shape))
        for strength in (0, 0.1, 0.2, 0.4, 0.8)
    ]
    assert found[0] < 1e-11
    assert all(b > 2 * a for a, b in zip(found[1:], found[2:], strict=False)), found
    assert found[1] > 0.01


def test_sets_without_any_spread():
    assert distance(np.ones((5, 3)), np.ones((9, 3))) == 0
    assert distance(np.ones((5, 3)), np.zeros((9, 3))) == 3
    points = normal(50, 3)
    expected = np.trace(np.cov(points, rowvar=False)) + np.sum(np.square(points.mean(axis=0) - 1))
    assert distance(np.ones((5, 3)), points) == pytest.approx(expected)


def test_few_images_make_the_distance_larger():
    """The same distribution, ever fewer images of it."""
    found = [distance(normal(n, 64, 0), normal(n, 64, 1)) for n in (6400, 640, 64)]
    assert found[0] < found[1] / 5 < found[2] / 25


def test_activations_of_two_networks_are_rejected():
    with pytest.raises(UserError, match="length 3 and 4"):
        distance(np.ones((5, 3)), np.ones((5, 4)))
