"""Activations as every distance takes them: finite rows, one for each image, not too many."""

import numpy as np
from numpy.typing import ArrayLike

from stargan_tf.config.settings import check


def checked_activations(
    activations: ArrayLike, *, of: str = "the images", least: int = 2
) -> np.ndarray:
    """Activations as an array that can be worked with.

    float32 stays float32, which halves the memory of a large set: what computes with
    the rows widens them block by block.

    Args:
      activations: [n, dim], any real type, NumPy or TensorFlow.
      of: whose they are, for the error.
      least: how many rows there must be.

    Returns:
      [n, dim] float32 or float64, without copying where the type already fits.

    Raises:
      UserError: they have another rank or no columns, are too few, or hold infinities or NaN.
    """
    rows = np.asarray(activations)
    if rows.dtype not in (np.float32, np.float64):
        rows = rows.astype(np.float64)
    check(
        rows.ndim == 2 and rows.shape[1] > 0,
        f"Found activations of shape {list(rows.shape)} for {of}, expected [images, dim]: pool "
        "the feature network's output over its positions.",
    )
    check(
        len(rows) >= least,
        f"Found {len(rows)} images among {of}, expected at least {least}: add images or do "
        "without this comparison.",
    )
    check(
        bool(np.isfinite(rows).all()),
        f"Found activations that are infinite or NaN for {of}, expected finite numbers: check the "
        "images and the weights of the feature network.",
    )
    return rows


class SpreadRows:
    """Keeps so many of all rows that come, evenly spread over them."""

    def __init__(self, total: int, most: int) -> None:
        """Decides which rows are kept.

        Args:
          total: how many rows will come.
          most: how many are kept at most.
        """
        kept = min(total, most)
        self._kept = np.arange(kept) * total // max(kept, 1)  # indices, ascending
        self._rows: list[np.ndarray] = []
        self._seen = 0

    def add(self, rows: np.ndarray) -> None:
        """Takes the next rows, [n, dim]."""
        first, last = np.searchsorted(self._kept, [self._seen, self._seen + len(rows)])
        self._rows.append(rows[self._kept[first:last] - self._seen])
        self._seen += len(rows)

    def result(self) -> np.ndarray:
        """The kept rows in their order, [min(total, most), dim]."""
        return np.concatenate(self._rows)


def check_same_dim(dim: int, other: int) -> None:
    """Raises UserError unless two sets of activations may come of one feature network.

    Raises:
      UserError: the lengths of the activations differ.
    """
    check(
        dim == other,
        f"Found activations of length {dim} and {other}, expected one length: compare what the "
        "same feature network gives.",
    )
