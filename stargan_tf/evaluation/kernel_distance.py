"""The kernel distance between two sets of images: unbiased, so that few images are enough.

The one file of the product that imports tensorflow-gan. In float64 its estimate agrees with
the definition to 1e-15 of values near 1e-3; in float32 only to 1e-7, hence float64 here.
"""

import contextlib
from collections.abc import Iterator

import numpy as np
import tensorflow as tf
import tensorflow_gan as tfgan
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
    with _without_log():
        value = tfgan.eval.kernel_classifier_distance_from_activations(
            tf.constant(first, tf.float64),
            tf.constant(second, tf.float64),
            max_block_size=max(len(first), len(second)),
        )
    return float(value)


@contextlib.contextmanager
def _without_log() -> Iterator[None]:
    """Keeps from the user a notice that is for tensorflow-gan's authors."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(level)
