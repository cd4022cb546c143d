"""Mean and covariance of activations that arrive batch by batch."""

import dataclasses
import functools

import numpy as np
import scipy.linalg
from numpy.typing import ArrayLike

from stargan_tf.config.settings import check
from stargan_tf.evaluation.activations import check_same_dim, checked_activations

# Rows that are taken in at once: one product of large matrices costs far less than many
# updates of a [dim, dim] matrix by a few rows each.
BLOCK_ROWS = 1024


@dataclasses.dataclass(frozen=True, eq=False)
class FeatureStatistics:
    """What the Frechet distance needs to know of a set of images.

    Attributes:
      count: n, how many images, at least two.
      mean: [dim] float64.
      covariance: [dim, dim] float64, symmetric; unbiased, that is over n - 1.
    """

    count: int
    mean: np.ndarray
    covariance: np.ndarray

    @property
    def dim(self) -> int:
        """Length of the activations."""
        return len(self.mean)

    @functools.cached_property
    def factor(self) -> np.ndarray:
        """A [dim, rank] float64 with A A^T = covariance, made once.

        By Cholesky with pivots, a tenth of the time of eigenvectors; it ends where what is left
        is rounding, so that covariances of few images, which are singular, do.

        Source: Higham 2009, Cholesky factorization, WIREs Computational Statistics 1.
        """
        # What rounding leaves of variances that are 0 must go: its roots would not be small.
        least = self.dim * np.finfo(np.float64).eps * max(self.covariance.diagonal().max(), 0.0)
        lower, order, rank, _ = scipy.linalg.lapack.dpstrf(self.covariance, tol=least, lower=1)
        factor = np.empty((self.dim, rank))
        factor[order - 1] = np.tril(lower)[:, :rank]  # LAPACK counts from 1
        return factor


class RunningStatistics:
    """Takes activations in and keeps none of them.

    The memory needed depends on the length of the activations only. What comes out does
    not depend on how the rows were cut into batches, not even in the last bit.

    Source: Chan, Golub and LeVeque 1983, for vectors: means and sums of squares about them
    are combined; large sums are never subtracted from each other.
    """

    def __init__(self, dim: int) -> None:
        """Starts without any rows.

        Args:
          dim: length of the activations.
        """
        self._count = 0  # of the rows in mean and scatter; those waiting are not in them
        self._mean = np.zeros(dim)
        self._scatter = np.zeros((dim, dim))  # sum of (row - mean) (row - mean)^T
        self._waiting = np.empty((BLOCK_ROWS, dim))
        self._filled = 0

    def update(self, activations: ArrayLike, *, of: str = "the images") -> None:
        """Takes in one batch.

        Args:
          activations: [n, dim], any real type; n may be 0.
          of: whose they are, for the error.

        Raises:
          UserError: they have another shape or are not finite.
        """
        rows = checked_activations(activations, of=of, least=0)
        check_same_dim(len(self._mean), rows.shape[1])
        while len(rows):
            taken = rows[: BLOCK_ROWS - self._filled]
            self._waiting[self._filled : self._filled + len(taken)] = taken
            self._filled += len(taken)
            if self._filled == BLOCK_ROWS:
                self._take_in_waiting()
            rows = rows[len(taken) :]

    def result(self, *, of: str = "the images") -> FeatureStatistics:
        """The statistics of all rows so far.

        Raises:
          UserError: there are fewer than two rows, so that nothing can be said of their spread.
        """
        self._take_in_waiting()
        check(
            self._count >= 2,
            f"Found {self._count} images among {of}, expected at least 2: one image has no "
            "covariance; add images or do without this comparison.",
        )
        return FeatureStatistics(self._count, self._mean.copy(), self._scatter / (self._count - 1))

    def _take_in_waiting(self) -> None:
        block = self._waiting[: self._filled]
        self._filled = 0
        if len(block):
            mean = block.mean(axis=0)
            block -= mean
            count, total = len(block), self._count + len(block)
            delta = mean - self._mean
            self._scatter += block.T @ block
            self._scatter += np.outer(delta, delta) * (self._count * count / total)
            self._mean += delta * (count / total)
            self._count = total
