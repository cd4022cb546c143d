"""Sources as anybody might add one, for the tests."""

from collections.abc import Iterator
from typing import Any

import pytest

from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.data import sources
from stargan_tf.data.sources.base import Candidate, digest
from stargan_tf.errors import UserError
from tests.data import makers


def register(patch: pytest.MonkeyPatch, source: type) -> None:
    """Makes a class of this file known as --source=fake."""
    patch.setitem(sources._CLASSES, "fake", f"{__name__}.{source.__name__}")


class CheckersSource:
    """Eight images in the domains black and white, all for training."""

    default_size = 24

    @classmethod
    def validate(cls, config: PrepareDataConfig) -> None:
        if config.licence == "none":
            raise UserError("Found --licence=none, expected a licence: state one.")

    @classmethod
    def describe(cls, config: PrepareDataConfig) -> str:
        return "squares"

    @classmethod
    def cache_key(cls, config: PrepareDataConfig) -> str:
        return digest(["version 1"])

    def __init__(self, config: PrepareDataConfig) -> None:
        self.name, self.licence = "checkers", "CC0 1.0"
        self.credits: dict[str, Any] = {}
        self.domains: tuple[str, ...] = ("black", "white")
        self.attributes: tuple[str, ...] = ()
        self.total = 8
        self.splits = ("train",)

    def chunks(self) -> list[Any]:
        return list(self.domains)

    def read(self, chunk: Any) -> Iterator[Candidate]:
        for number in range(4):
            content = makers.encoded(makers.pixels(number + 10 * len(chunk)))
            yield Candidate(f"{chunk}/{number}", chunk, "train", content)


class FacesSource(CheckersSource):
    """Images with three attributes, 40 for training and 9 for validation.

    Image number n has the binary digits of n % 8 as attributes.
    """

    ATTRIBUTES = ("smiling", "young", "glasses")

    def __init__(self, config: PrepareDataConfig) -> None:
        super().__init__(config)
        self.name, self.domains, self.attributes = "faces", (), self.ATTRIBUTES
        self.total = 49
        self.splits = ("train", "val")

    def chunks(self) -> list[Any]:
        return [("train", 0, 25), ("train", 25, 40), ("val", 100, 109)]

    def read(self, chunk: Any) -> Iterator[Candidate]:
        split, first, behind = chunk
        for number in range(first, behind):
            content = makers.encoded(makers.pixels(number, 24, 24))
            attributes = self.attributes_of(number)
            yield Candidate(f"{number}.png", "", split, content, attributes=attributes)

    @staticmethod
    def attributes_of(number: int) -> tuple[int, ...]:
        return tuple(number >> digit & 1 for digit in range(3))
