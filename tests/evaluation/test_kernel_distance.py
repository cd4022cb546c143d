import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.errors import UserError
from stargan_tf.evaluation.kernel_distance import kernel_distance


def normal(count, dim=16, seed=0):
    return np.random.default_rng(seed).standard_normal((count, dim))


def unbiased(first, second):
    """The definition, pair by pair."""

    def kernel(x, y):
        return (np.dot(x, y) / len(x) + 1) ** 3

    def within(points):
        pairs = [kernel(x, y) for i, x in enumerate(points) for j, y in enumerate(points) if i != j]
        return np.mean(pairs)

    across = np.mean([kernel(x, y) for x in first for y in second])
    return within(first) + within(second) - 2 * across


def test_blocks_of_two_by_hand():
    """All points of a set being equal, every block says (2^3 - 2 (0 + 1)^3 + 5^3) = 131."""
    first, second = np.tile([1.0, 1.0], (4, 1)), np.tile([-2.0, 2.0], (4, 1))
    found = kernel_distance(first, second)
    assert found == pytest.approx(8 - 2 + 125, rel=1e-14)


@pytest.mark.parametrize(("count1", "count2", "block"), [(24, 31, 1000), (24, 31, 5), (60, 9, 10)])
def test_is_the_mean_over_blocks(count1, count2, block):
    first, second = normal(count1), 1.2 * normal(count2, seed=1) + 0.1
    found = kernel_distance(first, second, block_size=block, seed=3)
    blocks = min(max(int(np.ceil(max(count1, count2) / block)), 4), min(count1, count2) // 2)
    order = np.random.default_rng(3)
    cuts1 = np.array_split(order.permutation(count1), blocks)
    cuts2 = np.array_split(order.permutation(count2), blocks)
    values = [
        unbiased(first[a[:block]], second[b[:block]]) for a, b in zip(cuts1, cuts2, strict=True)
    ]
    assert found == pytest.approx(np.mean(values), rel=1e-12)


def test_is_unbiased():
    """Of equal distributions the estimates scatter about 0, below it as often as above."""
    found = [kernel_distance(normal(40, seed=i), normal(40, seed=999 + i)) for i in range(40)]
    values = np.array(found)
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(len(values))
    assert 10 <= (values < 0).sum() <= 30


def test_noise_is_worse_the_stronger_it_is():
    points, noise = normal(400), np.random.default_rng(3)
    found = [
        kernel_distance(points, normal(400, seed=1) + s * noise.standard_normal(points.shape))
        for s in (0.5, 1, 2)
    ]
    assert 0.01 < found[0] < found[1] / 2 < found[2] / 4


def test_the_order_of_the_images_does_not_matter():
    """Sorted sets, cut as they are, would pair the small with the large."""
    rising = np.sort(normal(600, 1), axis=0)
    falling = np.sort(normal(600, 1, seed=1), axis=0)[::-1]
    found = [kernel_distance(rising, falling, block_size=50, seed=seed) for seed in range(20)]
    assert abs(np.mean(found)) < 3 * np.std(found) < 1.5


def test_the_seed_decides():
    first, second = normal(50), normal(60, seed=1)
    assert kernel_distance(first, second) == kernel_distance(first, second)
    assert kernel_distance(first, second) != kernel_distance(first, second, seed=1)


def test_float32_is_computed_in_float64():
    first = normal(60, 512).astype(np.float32)
    second = normal(60, 512, seed=1).astype(np.float32)
    found = kernel_distance(tf.constant(first), second)
    expected = kernel_distance(first.astype(np.float64), second.astype(np.float64))
    assert found == expected


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        (np.ones((3, 2)), np.ones((9, 2)), "Found 3 images among the first set.* at least 4"),
        (np.ones((9, 2)), np.ones((0, 2)), "Found 0 images among the second set"),
        (np.ones((9, 2)), np.ones((9, 3)), "length 2 and 3"),
        (np.full((9, 2), np.inf), np.ones((9, 2)), "infinite or NaN for the first set"),
    ],
)
def test_bad_input(first, second, sentence):
    with pytest.raises(UserError, match=sentence):
        kernel_distance(first, second)
