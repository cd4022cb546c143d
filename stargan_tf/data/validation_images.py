"""Which images are put aside for validation, where a source does not say."""

import collections
from collections.abc import Iterable

# Of each group, put aside for validation whatever the fraction: evaluation needs as many.
LEAST_VALIDATION = 4


def validation_images(places: Iterable[tuple[str, bytes]], val_fraction: float) -> set[bytes]:
    """Chooses the images for validation by the hashes of their contents.

    These are all whose hash lies under the fraction, and at least the LEAST_VALIDATION
    smallest of each group. So copies of an image never lie on both sides, and images that are
    added never move another one from training to validation. An image that lies in several
    groups must be among the smallest of each; else adding it to one group would move it in
    another.

    Args:
      places: the group and the digest of each image whose split is open.
      val_fraction: 0 for none.

    Returns:
      Their digests.
    """
    if not val_fraction:
        return set()
    by_group: dict[str, collections.Counter[bytes]] = collections.defaultdict(collections.Counter)
    for group, digest in places:
        by_group[group][digest] += 1
    smallest: set[bytes] = set()
    other: set[bytes] = set()
    for copies in by_group.values():
        smaller = 0
        for digest in sorted(copies):
            (smallest if smaller < LEAST_VALIDATION else other).add(digest)
            smaller += copies[digest]
    bound = val_fraction * 2**64
    under = {d for d in smallest | other if int.from_bytes(d[:8], "big") < bound}
    return under | (smallest - other)
