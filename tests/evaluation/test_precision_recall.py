import numpy as np
import pytest

from stargan_tf.errors import UserError
from stargan_tf.evaluation import precision_recall as module
from stargan_tf.evaluation.precision_recall import precision_recall, real_manifold


def normal(count, dim=8, seed=0):
    return np.random.default_rng(seed).standard_normal((count, dim))


def on_a_line(*positions):
    return np.array(positions, float)[:, None]


def point_by_point(real, fake, k):
    """The definition, with distances taken as they are written."""

    def share(points, manifold):
        radii = [np.sort(np.linalg.norm(manifold - p, axis=1))[k] for p in manifold]  # [0]: p
        inside = [
            any(
                np.linalg.norm(point - p) <= radius
                for p, radius in zip(manifold, radii, strict=True)
            )
            for point in points
        ]
        return np.mean(inside)

    return share(fake, real), share(real, fake)


def test_by_hand():
    # Radii of the real, to the nearest: 1 1 2 4. Balls: [-1, 2], [1, 5] and [3, 11].
    # Radii of the fake: 0.5 0.5 9.5. Balls: [1.5, 3] and [2.5 - 0.5, 3] and [2.5, 21.5].
    real, fake = on_a_line(0, 1, 3, 7), on_a_line(2, 2.5, 12)
    found = precision_recall(real, fake, k=1)
    assert found.precision == pytest.approx(2 / 3)  # 12 lies outside
    assert found.recall == pytest.approx(2 / 4)  # 3 and 7 lie inside


def test_k_is_three_by_default():
    real = on_a_line(0, 1, 2, 3)  # the third neighbours are 3, 2, 2 and 3 away
    assert precision_recall(real, on_a_line(6, 6, 6, 6)).precision == 1
    assert precision_recall(real, on_a_line(6.01, 6.01, 6.01, 6.01)).precision == 0


@pytest.mark.parametrize("block", [1, 7, 2048])
@pytest.mark.parametrize("k", [1, 3])
def test_agrees_with_the_definition(k, block, monkeypatch):
    monkeypatch.setattr(module, "BLOCK_ROWS", block)
    real, fake = normal(40), 0.8 * normal(31, seed=1) + 0.4
    expected = point_by_point(real, fake, k)
    assert 0.1 < min(expected) < max(expected) < 0.99
    assert precision_recall(real, fake, k=k) == pytest.approx(expected)


def test_radii_of_real_images_are_computed_once(monkeypatch):
    real, fakes = normal(40), [0.8 * normal(31, seed=seed) + 0.4 for seed in (1, 2)]
    expected = [precision_recall(real, fake, k=2) for fake in fakes]
    manifold, calls = real_manifold(real, k=2), []
    distances = module._squared_distances

    def counting(first, second, center):
        calls.append(first is second)
        return distances(first, second, center)

    monkeypatch.setattr(module, "_squared_distances", counting)
    assert [precision_recall(manifold, fake) for fake in fakes] == expected
    assert sum(calls) == 1 + 2  # of the real set, and of each other one


def test_equal_sets():
    points = normal(200)
    assert precision_recall(points, points) == (1, 1)
    assert precision_recall(points, points[::-1]) == (1, 1)


def test_sets_far_apart():
    assert precision_recall(normal(100), normal(100, seed=1) + 100) == (0, 0)


def test_one_mode_of_two():
    """The outputs are perfect, and all of one kind."""
    mode, other = normal(100), normal(100, seed=1) + 100
    outputs = normal(100, seed=2) * 0.5
    found = precision_recall(np.concatenate([mode, other]), outputs)
    assert found.precision == 1
    assert found.recall < 0.5


def test_outputs_beyond_the_real():
    """All of the real is covered, and half of the outputs is none of it."""
    outputs = np.concatenate([normal(200, seed=1), normal(200, seed=2) + 100])
    found = precision_recall(0.5 * normal(200), outputs)
    assert found.precision < 0.5
    assert found.recall > 0.95


def test_copies_of_one_image():
    """Balls of radius 0 hold their own centre, whatever the rounding."""
    copies = np.tile(normal(1, 300), (20, 1)) * np.pi + 1e3
    assert precision_recall(copies, copies) == (1, 1)
    assert precision_recall(copies, copies + 1e-3) == (0, 0)
    found = precision_recall(np.concatenate([copies, normal(20, 300)]), copies)
    assert found == (1, 0.5)


def test_copies_whose_distances_are_rounded_differently():
    """Products of matrices of other shapes may differ in the last bit."""
    for seed in range(30):
        image = normal(1, 300, seed)
        for copies, outputs in ((4, 5), (5, 37), (6, 11)):
            real = np.concatenate([np.repeat(image, copies, 0), normal(23, 300, 100 + seed)])
            assert precision_recall(real, np.repeat(image, outputs, 0)).precision == 1


def test_far_from_zero():
    """Where |x|^2 + |y|^2 - 2 x.y has no digit left."""
    real, fake = normal(60), 0.8 * normal(60, seed=1) + 0.4
    assert precision_recall(real + 1e7, fake + 1e7) == precision_recall(real, fake)


def test_float32_is_computed_in_float64():
    real, fake = normal(60).astype(np.float32), normal(60, seed=1).astype(np.float32)
    expected = precision_recall(real.astype(np.float64), fake.astype(np.float64))
    assert precision_recall(real, fake) == expected


@pytest.mark.parametrize(
    ("real", "fake", "sentence"),
    [
        (np.ones((3, 2)), np.ones((9, 2)), "Found 3 images among the real images.* at least 4"),
        (np.ones((9, 2)), np.ones((0, 2)), "Found 0 images among the generated images"),
        (np.ones((9, 2)), np.ones((9, 3)), "length 2 and 3"),
        (np.ones((9, 2)), np.full((9, 2), np.nan), "infinite or NaN for the generated images"),
    ],
)
def test_bad_input(real, fake, sentence):
    with pytest.raises(UserError, match=sentence):
        precision_recall(real, fake)
