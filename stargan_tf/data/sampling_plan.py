"""Which images each training iteration uses, as a function of the seed alone.

A stream draws a domain for every position (uniformly, whatever the class sizes) and
deals out each domain's images in a shuffled order, anew for every epoch of that
domain. All random numbers come from counters, not from a state: the plan can start
at any step, and every worker sees the same.
"""

from collections.abc import Iterator, Sequence

import numpy as np

# Steps planned at once. Changing it changes the plan of every seed.
BLOCK_STEPS = 256

# The uses of randomness; each has numbers of its own.
SOURCE_DOMAINS, TARGET_DOMAINS, SOURCE_ORDER, REF_ORDER, REF2_ORDER = range(5)


def plan_blocks(
    sizes: Sequence[int], batch_size: int, seed: int, start_step: int = 0
) -> Iterator[np.ndarray]:
    """Yields the plan in order, many steps at a time.

    Args:
      sizes: images of each domain.
      batch_size: examples of one step.
      seed: decides everything.
      start_step: the first step to plan.

    Yields:
      [steps, batch_size, 6] int64: the example's position in the whole run, its
      source domain, target domain, and the numbers of its source image and of its
      two reference images within their domains.
    """
    source = _Stream(sizes, batch_size, seed, SOURCE_DOMAINS, (SOURCE_ORDER,))
    target = _Stream(sizes, batch_size, seed, TARGET_DOMAINS, (REF_ORDER, REF2_ORDER))
    block, skip = divmod(start_step, BLOCK_STEPS)
    for stream in (source, target):
        for earlier in range(block):  # only counts: no image is touched
            stream.skip(earlier)
    while True:
        y_org, (x_real,) = source.plan(block)
        y_trg, (x_ref, x_ref2) = target.plan(block)
        first = block * BLOCK_STEPS * batch_size
        positions = np.arange(first, first + BLOCK_STEPS * batch_size)
        plan = np.stack([positions, y_org, y_trg, x_real, x_ref, x_ref2], axis=-1)
        yield plan.reshape(BLOCK_STEPS, batch_size, 6)[skip:]
        block, skip = block + 1, 0


class _Stream:
    """Domains drawn uniformly, with one or more independent orders of their images."""

    def __init__(
        self, sizes: Sequence[int], batch_size: int, seed: int, use: int, orders: Sequence[int]
    ) -> None:
        self._sizes = np.asarray(sizes, np.int64)
        self._count = BLOCK_STEPS * batch_size
        self._seed = seed
        self._use = use
        self._orders = orders
        self._drawn = np.zeros(len(sizes), np.int64)  # positions of each domain so far
        self._permutations: dict[tuple[int, int], tuple[int, np.ndarray]] = {}

    def skip(self, block: int) -> None:
        """Goes past one block."""
        self._drawn += np.bincount(self._domains(block), minlength=len(self._sizes))

    def plan(self, block: int) -> tuple[np.ndarray, list[np.ndarray]]:
        """Domains of one block, and for each order the image numbers: [positions] each."""
        domains = self._domains(block)
        images = [np.zeros_like(domains) for _ in self._orders]
        for domain, size in enumerate(self._sizes):
            here = np.flatnonzero(domains == domain)
            turns = self._drawn[domain] + np.arange(len(here))
            for image, order in zip(images, self._orders, strict=True):
                for epoch in np.unique(turns // size):
                    now = turns // size == epoch
                    permutation = self._permutation(order, domain, int(epoch), int(size))
                    image[here[now]] = permutation[turns[now] % size]
            self._drawn[domain] += len(here)
        return domains, images

    def _domains(self, block: int) -> np.ndarray:
        return _random(self._seed, self._use, block).integers(len(self._sizes), size=self._count)

    def _permutation(self, order: int, domain: int, epoch: int, size: int) -> np.ndarray:
        """The shuffled order of one epoch; the last one of each domain is kept."""
        kept_epoch, permutation = self._permutations.get((order, domain), (-1, None))
        if kept_epoch != epoch:
            permutation = _random(self._seed, order, domain, epoch).permutation(size)
            self._permutations[order, domain] = (epoch, permutation)
        return permutation


def _random(*key: int) -> np.random.Generator:
    """A generator whose numbers depend on `key` alone."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(key)))
