"""The kernel distance between two sets of images: unbiased, so that few images are enough."""

import numpy as np
from numpy.typing import ArrayLike

from stargan_tf.evaluation.activations import check_same_dim, checked_activations

# Small sets are cut as well. Another number would change the distances of published tables.
_MIN_BLOCKS = 4


def kernel_distance(
    first: ArrayLike, second: ArrayLike, *, block_size: int = 1000, seed: int = 0
) -> float:
    """Squared maximum mean discrepancy under the kernel (x.y / dim + 1)^3.

    Both sets are shuffled and cut into as many blocks; the estimate is the mean over the
    blocks' unbiased ones. So time grows with the number of images, not its square, and
    the memory beside the activations is that of one block. Where one set is far larger
    than the other, only `block_size` of its images are used per block of the other.

    Source: Binkowski et al. 2018, section 4 (KID, for Inception-v3), with
    disjoint blocks (Zaremba et al. 2013) in place of subsets that overlap.

    Args:
      first: [n, dim], any real type.
      second: [m, dim], any real type.
      block_size: images of each set in one block, at most.
      seed: of the shuffling.

    Returns:
      The estimate; it may fall slightly below 0, for it is unbiased.

    Raises:
      UserError: a set has fewer than four images, the lengths of the activations differ, or
        one is not finite.
    """
    sets = [
        checked_activations(first, of="the first set", least=4),
        checked_activations(second, of="the second set", least=4),
    ]
    check_same_dim(sets[0].shape[1], sets[1].shape[1])
    fewer, more = sorted(map(len, sets))
    # A block needs two images of each set, for pairs of different images.
    blocks = min(max(-(-more // block_size), _MIN_BLOCKS), fewer // 2)
    order = np.random.default_rng(seed)
    cuts = [np.array_split(order.permutation(len(rows)), blocks) for rows in sets]
    values = [
        _block_distance(*(rows[index[:block_size]] for rows, index in zip(sets, pair, strict=True)))
        for pair in zip(*cuts, strict=True)
    ]
    return float(np.mean(values))


def _block_distance(first: np.ndarray, second: np.ndarray) -> float:
    """The unbiased estimate from all pairs of one block."""
    # In float32 the difference of such similar means would be off by 1e-7; it is often 1e-3.
    first, second = first.astype(np.float64), second.astype(np.float64)
    across = _kernel(first, second).mean()
    return float(_mean_within(first) + _mean_within(second) - 2 * across)


def _mean_within(rows: np.ndarray) -> float:
    """The kernel's mean over the pairs of different images of one set."""
    values = _kernel(rows, rows)
    np.fill_diagonal(values, 0.0)
    return values.sum() / (len(rows) * (len(rows) - 1))


def _kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """[n, m]: every image of one set with every image of the other."""
    return (first @ second.T / first.shape[1] + 1) ** 3
