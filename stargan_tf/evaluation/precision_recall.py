"""Improved precision and recall: how real the outputs are, and how much of the real they cover."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stargan_tf.evaluation.activations import check_same_dim, checked_activations

# Distances of so many rows to so many others are in memory at once: 32 MB.
BLOCK_ROWS = 2048

# Squared distances are differences of larger numbers: this share of those may be rounding.
# Without it, a point would not lie in a ball of radius 0 around itself.
_ROUNDING = 1e-12


class PrecisionRecall(NamedTuple):
    """Two shares, in [0, 1].

    Attributes:
      precision: of the fakes that lie where real images are.
      recall: of the real images that lie where fakes are.
    """

    precision: float
    recall: float


def precision_recall(real: ArrayLike, fake: ArrayLike, *, k: int = 3) -> PrecisionRecall:
    """Shares of each set that lie on the manifold of the other.

    The manifold of a set is estimated as the union of balls around its points, each
    reaching to the point's k-th nearest neighbour in the set. Both shares depend on the
    number of images: compare shares of equal numbers only. Time grows with the product of
    the numbers; the memory beside the activations does not grow with them.

    Source: Kynkaanniemi et al. 2019, equations 1 and 2.

    Args:
      real: [n, dim], any real type.
      fake: [m, dim], any real type.
      k: which neighbour a ball reaches to.

    Raises:
      UserError: a set has no more than k images, the lengths of the activations differ, or one
        is not finite.
    """
    real = checked_activations(real, of="the real images", least=k + 1)
    fake = checked_activations(fake, of="the generated images", least=k + 1)
    check_same_dim(real.shape[1], fake.shape[1])
    # Distances stay, but there is less to cancel in them.
    center = real.mean(axis=0, dtype=np.float64)
    return PrecisionRecall(
        precision=_covered_share(fake, real, center, k),
        recall=_covered_share(real, fake, center, k),
    )


def _covered_share(points: np.ndarray, manifold: np.ndarray, center: np.ndarray, k: int) -> float:
    """Share of the points that lie in a ball of the manifold."""
    squared_radii = _squared_radii(manifold, center, k)
    covered = np.zeros(len(points), bool)
    for rows, columns, distances, rounding in _squared_distances(points, manifold, center):
        inside = distances <= squared_radii[columns] + rounding  # [rows, columns]
        covered[rows] |= inside.any(axis=1)
    return float(covered.mean())


def _squared_radii(points: np.ndarray, center: np.ndarray, k: int) -> np.ndarray:
    """Squared distance of each point to its k-th nearest neighbour: [n]."""
    nearest = np.full((len(points), k), np.inf)
    for rows, columns, distances, _ in _squared_distances(points, points, center):
        if rows == columns:
            np.fill_diagonal(distances, np.inf)  # no point is its own neighbour
        candidates = np.concatenate([nearest[rows], distances], axis=1)
        nearest[rows] = np.partition(candidates, k - 1, axis=1)[:, :k]
    return nearest.max(axis=1)


def _squared_distances(
    first: np.ndarray, second: np.ndarray, center: np.ndarray
) -> Iterator[tuple[slice, slice, np.ndarray, np.ndarray]]:
    """Squared distances block by block, with the rounding error to allow for.

    Yields:
      Which rows of `first`, which of `second`, and for these two [rows, columns] float64.
    """
    for rows in _blocks(len(first)):
        x = first[rows] - center  # float64, as the center is
        x_squared = np.sum(x * x, axis=1)[:, None]  # [rows, 1]
        for columns in _blocks(len(second)):
            y = second[columns] - center
            squares = x_squared + np.sum(y * y, axis=1)  # [rows, columns]
            yield rows, columns, np.maximum(squares - 2.0 * (x @ y.T), 0.0), _ROUNDING * squares


def _blocks(count: int) -> Iterator[slice]:
    return (slice(i, min(i + BLOCK_ROWS, count)) for i in range(0, count, BLOCK_ROWS))
