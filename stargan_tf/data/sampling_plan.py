"""Which images each training iteration uses, as a function of the seed alone.

A domain is drawn for every position, uniformly whatever the class sizes, and each
domain's images are dealt out in a shuffled order, anew in every epoch of that domain.
All random numbers come from counters, not from a state: the plan can be asked for any
step, and every worker gets the same answer.
"""

import threading
from collections.abc import Sequence

import numpy as np

from stargan_tf.types import STREAMS

# Steps planned at once. Changing it changes the plan of every seed.
BLOCK_STEPS = 256

# The uses of randomness: the groups of each stream, then the order of each record.
_FIRST_ORDER = len(STREAMS)


class SamplingPlan:
    """The groups (most often the domains) and the images of every training iteration."""

    def __init__(
        self,
        sizes: Sequence[int],
        streams: Sequence[str],
        records: Sequence[str],
        batch_size: int,
        seed: int,
    ) -> None:
        """Makes a plan.

        Args:
          sizes: images of each group.
          streams: each draws a group for every example.
          records: the stream of each image of an example.
          batch_size: examples of one step, over all replicas of all workers.
          seed: decides everything.
        """
        self._batch_size = batch_size
        self._records = tuple(records)
        self._streams = {
            name: _Stream(sizes, batch_size, seed, STREAMS.index(name)) for name in streams
        }

    @property
    def width(self) -> int:
        """Numbers that describe one example."""
        return 1 + len(self._streams) + len(self._records)

    def block(self, number: int) -> np.ndarray:
        """Plans the steps from number * BLOCK_STEPS to (number + 1) * BLOCK_STEPS - 1.

        Returns:
          [BLOCK_STEPS, batch_size, width] int64: the example's position in the whole run,
          its group in each stream, and the numbers of its images within their groups.
        """
        first = number * BLOCK_STEPS * self._batch_size
        turns = {name: stream.turns(number) for name, stream in self._streams.items()}
        images = [
            self._streams[name].images(*turns[name], order)
            for order, name in enumerate(self._records, _FIRST_ORDER)
        ]
        positions = np.arange(first, first + BLOCK_STEPS * self._batch_size)
        groups = [groups for groups, _ in turns.values()]
        plan = np.stack([positions, *groups, *images], axis=-1)
        return plan.reshape(BLOCK_STEPS, self._batch_size, self.width)


class _Stream:
    """Domains drawn uniformly, and the images that follow from them."""

    def __init__(self, sizes: Sequence[int], batch_size: int, seed: int, use: int) -> None:
        self._sizes = list(sizes)
        self._count = BLOCK_STEPS * batch_size
        self._seed = seed
        self._use = use
        self._lock = threading.Lock()
        # How often each domain was drawn before block 0, 1, 2 ...; grows as needed.
        self._drawn_before = [np.zeros(len(self._sizes), np.int64)]

    def turns(self, block: int) -> tuple[np.ndarray, np.ndarray]:
        """Domains of the positions of a block, and how often each was drawn before."""
        with self._lock:  # two iterators may run over one dataset
            while len(self._drawn_before) <= block:
                earlier = self._domains(len(self._drawn_before) - 1)
                counts = np.bincount(earlier, minlength=len(self._sizes))
                self._drawn_before.append(self._drawn_before[-1] + counts)
        domains = self._domains(block)
        turns = np.zeros_like(domains)
        for domain, drawn in enumerate(self._drawn_before[block]):
            here = np.flatnonzero(domains == domain)
            turns[here] = drawn + np.arange(len(here))
        return domains, turns

    def images(self, domains: np.ndarray, turns: np.ndarray, order: int) -> np.ndarray:
        """The image that each position gets in one of the independent orders."""
        images = np.zeros_like(domains)
        for domain, size in enumerate(self._sizes):
            epochs = np.where(domains == domain, turns // size, -1)
            for epoch in np.unique(epochs[epochs >= 0]):
                here = np.flatnonzero(epochs == epoch)
                shuffled = _random(self._seed, order, domain, int(epoch)).permutation(size)
                images[here] = shuffled[turns[here] % size]
        return images

    def _domains(self, block: int) -> np.ndarray:
        return _random(self._seed, self._use, block).integers(len(self._sizes), size=self._count)


def _random(*key: int) -> np.random.Generator:
    """A generator whose numbers depend on `key` alone."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(key)))
