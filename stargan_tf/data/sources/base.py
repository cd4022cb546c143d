"""What every source of images offers to the one writer."""

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, Protocol

from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.data.schema import ALL


@dataclasses.dataclass(frozen=True)
class Candidate:
    """One image of a source, not yet looked at.

    Attributes:
      name: where it comes from, unique within the source.
      domain: one of the source's domains; empty when the source has attributes.
      split: train or val, or empty to let the content decide.
      content: the image file's bytes.
      error: why the bytes could not be read, or empty.
      attributes: a 0 or 1 for each of the source's attributes; empty when it has domains.
    """

    name: str
    domain: str
    split: str
    content: bytes
    error: str = ""
    attributes: tuple[int, ...] = ()


class Source(Protocol):
    """A set of images, read in chunks that can be spread over workers.

    What is known from the settings alone is asked of the class, before anything is read.
    So the module of a source imports large packages only where it reads.

    Attributes:
      default_size: side of the stored square images when --img_size is 0; 0 keeps each
        image's own.
      name: of the data set.
      licence: of the images, in words.
      credits: more about the origin, for dataset_info.json.
      domains: names, in the order of their labels; empty when labels are attributes.
      attributes: names of binary attributes, in the order of those of a `Candidate`; empty
        when labels are classes. Either domains or attributes are empty.
      total: images to expect.
      splits: the splits that must not be empty.
    """

    default_size: ClassVar[int]
    name: str
    licence: str
    credits: dict[str, Any]
    domains: tuple[str, ...]
    attributes: tuple[str, ...]
    total: int
    splits: tuple[str, ...]

    def __init__(self, config: PrepareDataConfig) -> None:
        """Finds out what there is.

        Raises:
          UserError: the images are not there, or have not at least two domains.
        """

    @classmethod
    def validate(cls, config: PrepareDataConfig) -> None:
        """Checks the settings of this source.

        Raises:
          UserError: one is missing, out of range or contradicts another.
        """
        ...

    @classmethod
    def describe(cls, config: PrepareDataConfig) -> str:
        """Says in a few words which images these are, such as their folder."""
        ...

    @classmethod
    def cache_key(cls, config: PrepareDataConfig) -> str:
        """Returns what decides the images beside the settings: another key, other images."""
        ...

    def chunks(self) -> Sequence[Any]:
        """Small picklable descriptions of parts that together are the source."""
        ...

    def read(self, chunk: Any) -> Iterator[Candidate]:
        """Reads one part; called in worker processes."""
        ...


def label_of(candidate: Candidate, source: Source) -> tuple[str, int | tuple[int, ...]]:
    """The group that an image belongs to, and its label in the record.

    Raises:
      ValueError: the source gave an image a label that it does not have.
    """
    if not source.attributes:
        if candidate.domain not in source.domains or candidate.attributes:
            raise ValueError(
                f"{candidate.name} has the domain {candidate.domain!r} and the attributes "
                f"{candidate.attributes}, expected one of {source.domains} and no attributes"
            )
        return candidate.domain, source.domains.index(candidate.domain)
    values = tuple(int(value) for value in candidate.attributes)
    if candidate.domain or len(values) != len(source.attributes) or not {*values} <= {0, 1}:
        raise ValueError(
            f"{candidate.name} has the domain {candidate.domain!r} and the attributes {values}, "
            f"expected no domain and a 0 or 1 for each of {source.attributes}"
        )
    return ALL, values


def digest(lines: Iterable[str]) -> str:
    """A short key of any number of lines, for `Source.cache_key`."""
    found = hashlib.sha256()
    for line in lines:
        found.update(line.encode("utf-8", "surrogateescape") + b"\n")
    return found.hexdigest()[:16]


def splits_to_fill(has_val: bool, val_fraction: float) -> tuple[str, ...]:
    """The splits that will exist: val is there already or is cut from train."""
    return ("train", "val") if has_val or val_fraction > 0 else ("train",)
