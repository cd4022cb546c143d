"""Improved precision and recall: how real the outputs are, and how much of the real they cover."""

import functools
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


class Manifold:
    """Where the images of a set lie: balls around its points.

    Attributes:
      rows: [n, dim] float32 or float64, the points.
      k: which neighbour a ball reaches to.
      center: [dim] float64, subtracted before distances are taken.
    """

    def __init__(
        self, rows: ArrayLike, *, of: str, k: int = 3, center: np.ndarray | None = None
    ) -> None:
        """Computes no distances yet.

        Args:
          rows: [n, dim], any real type.
          of: whose they are, for the error.
          k: which neighbour a ball reaches to.
          center: of another set, to which distances will be taken; their own mean by default.

        Raises:
          UserError: there are no more than k rows, or one is not finite.
        """
        self.rows = checked_activations(rows, of=of, least=k + 1)
        self.k = k
        # Distances stay, but there is less to cancel in them.
        self.center = self.rows.mean(axis=0, dtype=np.float64) if center is None else center

    @functools.cached_property
    def squared_radii(self) -> np.ndarray:
        """Squared distance of each point to its k-th nearest neighbour, [n], computed once."""
        nearest = np.full((len(self.rows), self.k), np.inf)
        for rows, columns, distances, _ in _squared_distances(self.rows, self.rows, self.center):
            if rows == columns:
                np.fill_diagonal(distances, np.inf)  # no point is its own neighbour
            candidates = np.concatenate([nearest[rows], distances], axis=1)
            nearest[rows] = np.partition(candidates, self.k - 1, axis=1)[:, : self.k]
        return nearest.max(axis=1)

    def covered_share(self, points: np.ndarray) -> float:
        """Share of the points [m, dim] that lie in a ball."""
        covered = np.zeros(len(points), bool)
        for rows, columns, distances, rounding in _squared_distances(
            points, self.rows, self.center
        ):
            inside = distances <= self.squared_radii[columns] + rounding  # [rows, columns]
            covered[rows] |= inside.any(axis=1)
        return float(covered.mean())


def real_manifold(rows: ArrayLike, *, k: int = 3) -> Manifold:
    """The manifold of real images, to be compared with several sets of others.

    Raises:
      UserError: see `Manifold`.
    """
    return Manifold(rows, of="the real images", k=k)


def precision_recall(real: ArrayLike | Manifold, fake: ArrayLike, *, k: int = 3) -> PrecisionRecall:
    """Shares of each set that lie on the manifold of the other.

    The manifold of a set is estimated as the union of balls around its points, each
    reaching to the point's k-th nearest neighbour in the set. Both shares depend on the
    number of images: compare shares of equal numbers only. Time grows with the product of
    the numbers; the memory beside the activations does not grow with them.

    Source: Kynkaanniemi et al. 2019, equations 1 and 2.

    Args:
      real: [n, dim], any real type, or their `real_manifold`, whose radii are computed once.
      fake: [m, dim], any real type.
      k: which neighbour a ball reaches to; that of the manifold counts.

    Raises:
      UserError: a set has no more than k images, the lengths of the activations differ, or one
        is not finite.
    """
    if not isinstance(real, Manifold):
        real = real_manifold(real, k=k)
    other = Manifold(fake, of="the generated images", k=real.k, center=real.center)
    check_same_dim(real.rows.shape[1], other.rows.shape[1])
    return PrecisionRecall(
        precision=real.covered_share(other.rows), recall=other.covered_share(real.rows)
    )


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
