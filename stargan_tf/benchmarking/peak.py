"""What the machine can do at best, measured: large matrix products and a memory copy."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf

from stargan_tf.benchmarking.work import Work, timed

_COPIED_BYTES = 256 * 2**20
# Of each dtype; see `Work.what`.
PRODUCT = "matrix product {}"
COPY = "memory copy"


def peak_works(side: int, dtypes: Sequence[str]) -> list[Work]:
    """Works whose speed nothing on this machine exceeds.

    Args:
      side: N of the products of matrices [N, N].
      dtypes: of the products.
    """
    return [*(_product(side, dtype) for dtype in dtypes), _copy()]


def _product(side: int, dtype: str) -> Work:
    rng = np.random.default_rng(0)
    numbers = rng.uniform(-1, 1, [2, side, side]).astype(np.float32)
    a, b = (tf.cast(tf.constant(n), dtype) for n in numbers)
    return Work(
        what=PRODUCT.format(dtype),
        run=timed(lambda: tf.matmul(a, b)),
        operations={dtype: 2 * side**3},
        details={"side": side},
    )


def _copy() -> Work:
    """Within the memory of the CPU, by all cores, into pages that are there already."""
    source = np.ones(_COPIED_BYTES // 8)
    target = np.zeros_like(source)
    cores = os.cpu_count() or 1
    parts = list(zip(np.array_split(target, cores), np.array_split(source, cores), strict=True))
    threads = ThreadPoolExecutor(cores)

    def copy() -> None:
        list(threads.map(lambda part: np.copyto(*part), parts))

    return Work(what=COPY, run=timed(copy), moved_bytes=2 * _COPIED_BYTES)
