"""What every source of images offers to the one writer."""

import dataclasses
import re
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from stargan_tf.errors import UserError


@dataclasses.dataclass(frozen=True)
class Candidate:
    """One image of a source, not yet looked at.

    Attributes:
      name: where it comes from, unique within the source.
      domain: one of the source's domains.
      split: train or val, or empty to let the content decide.
      content: the image file's bytes.
      error: why the bytes could not be read, or empty.
    """

    name: str
    domain: str
    split: str
    content: bytes
    error: str = ""


class Source(Protocol):
    """A set of images, read in chunks that can be spread over workers.

    Attributes:
      name: of the data set.
      licence: of the images, in words.
      credits: more about the origin, for dataset_info.json.
      domains: names, in the order of their labels.
      total: images to expect.
      splits: the splits that must not be empty.
    """

    name: str
    licence: str
    credits: dict[str, Any]
    domains: tuple[str, ...]
    total: int
    splits: tuple[str, ...]

    def chunks(self) -> Sequence[Any]:
        """Small picklable descriptions of parts that together are the source."""
        ...

    def read(self, chunk: Any) -> Iterator[Candidate]:
        """Reads one part; called in worker processes."""
        ...


def domain_names(originals: Sequence[str]) -> dict[str, str]:
    """Maps names as found to names that are safe in file names.

    Raises:
      UserError: two domains would get the same name, or one an empty name.
    """
    names: dict[str, str] = {}
    for original in originals:
        name = re.sub(r"[^\w.+-]+", "_", original).strip("_.-")
        if not name:
            raise UserError(
                f"Found the domain {original!r}, expected letters or digits in its name: rename it."
            )
        if name in names.values():
            raise UserError(
                f"Found two domains that would both be called {name!r} in file names: rename one."
            )
        names[original] = name
    return names


def splits_to_fill(has_val: bool, val_fraction: float) -> tuple[str, ...]:
    """The splits that will exist: val is there already or is cut from train."""
    return ("train", "val") if has_val or val_fraction > 0 else ("train",)
