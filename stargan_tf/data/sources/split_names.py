"""Which splits of a source, or folders beside each other, are for training and validation."""

from collections.abc import Iterable

# In small letters; the first that is there is taken.
TRAIN = ("train", "training")
VALIDATION = ("val", "valid", "validation", "dev", "eval", "test", "testing")


def validation_split(names: Iterable[str]) -> str:
    """The name of the split for validation, in any letter case; empty for none."""
    return next(iter(in_order(names, VALIDATION)), "")


def in_order(names: Iterable[str], known: tuple[str, ...]) -> list[str]:
    """Those names that are among the known ones in any letter case, in the order of these."""
    found = [name for name in names if name.lower() in known]
    return sorted(found, key=lambda name: (known.index(name.lower()), name != name.lower(), name))
