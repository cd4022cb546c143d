"""Makes equally long columns of plain values of what callers pass."""

import operator
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from .errors import InvalidRequestError

INT64 = 2**63


class Rows:
    """The rows of one request: one for a single image or vector, N for a list of N."""

    def __init__(self, single: bool, count: int, what: str) -> None:
        """Makes rows without columns.

        Args:
          single: whether the caller passed one value without a list.
          count: number of rows.
          what: name of what the rows are made of, for messages.
        """
        self.single = single
        self.count = count
        self.columns: dict[str, list[Any]] = {}
        self._what = what

    @classmethod
    def of_images(cls, name: str, images: bytes | Sequence[bytes]) -> "Rows":
        """Rows as there are encoded images, which are the first column.

        Raises:
          InvalidRequestError: an empty list.
          TypeError: something that is no encoded image.
        """
        single = _is_bytes(images)
        if not single and not _is_list(images):
            raise TypeError(_wrong_image(name, images))
        count = 1 if single else len(images)
        if not count:
            raise InvalidRequestError(f"Found an empty list for {name}, expected images in it.")
        rows = cls(single, count, "image")
        rows.add_images(name, images)
        return rows

    @classmethod
    def of_vectors(cls, name: str, vectors: Sequence[float] | Sequence[Sequence[float]]) -> "Rows":
        """Rows as there are vectors, which are the first column.

        Raises:
          InvalidRequestError: vectors of several lengths.
          TypeError: something that is no list of floats.
        """
        vectors = _vectors(name, vectors)
        single = not _is_list(_plain(vectors[0]))
        rows = cls(single, 1 if single else len(vectors), name)
        rows.add_vector(name, vectors)
        return rows

    def add_images(self, name: str, value: bytes | Sequence[bytes]) -> None:
        """Adds further images, one for all rows or one for each."""
        self._add(name, value, single=_is_bytes(value), convert=lambda v: _image(name, v))

    def add_domain(self, value: str | int | Sequence[str | int]) -> None:
        """Adds the domain, by name or index, as the name in NFC or the index in digits."""
        self._add("target_domain", value, single=not _is_list(value), convert=_domain)

    def add_int(self, name: str, value: int | Sequence[int]) -> None:
        """Adds a 64-bit number."""
        self._add(name, value, single=not _is_list(value), convert=lambda v: _int64(name, v))

    def add_float(self, name: str, value: float | Sequence[float]) -> None:
        """Adds a float."""
        self._add(name, value, single=not _is_list(value), convert=lambda v: _float(name, v))

    def add_vector(self, name: str, value: Sequence[float] | Sequence[Sequence[float]]) -> None:
        """Adds a list of floats, one for all rows or one for each."""
        value = _vectors(name, value)
        single = not _is_list(_plain(value[0]))
        self._add(name, value, single=single, convert=lambda v: _vector(name, v))
        lengths = {len(row) for row in self.columns[name]}
        if len(lengths) > 1:
            raise InvalidRequestError(
                f"Found lists of {min(lengths)} to {max(lengths)} floats for {name}, expected "
                "equally long ones."
            )

    def add_label(self, value: str | Sequence[float] | Sequence[str]) -> bool:
        """Adds labels, one for all rows or one for each, and returns whether they are names.

        Names, in NFC, become the column `label`, numbers the column `style_code`.
        """
        names = isinstance(value, str)
        if not names and _is_list(value) and len(value):
            names = isinstance(next(iter(value)), str)
        if names:
            self._add("label", value, single=isinstance(value, str), convert=_names)
        else:
            self.add_vector("style_code", value)
        return names

    def result(self, values: list[Any]) -> Any:
        """One value for a single image or vector, else all."""
        return values[0] if self.single else values

    def _add(self, name: str, value: Any, *, single: bool, convert: Callable[[Any], Any]) -> None:
        values = [value] * self.count if single else list(value)
        if not single and self.single:
            raise InvalidRequestError(
                f"Found a list for {name} beside a single {self._what}, expected one value: "
                f"pass a list of {self._what}s for more."
            )
        if len(values) != self.count:
            raise InvalidRequestError(
                f"Found {len(values)} values for {name} beside {self.count} {self._what}s, "
                "expected as many, or one for all."
            )
        self.columns[name] = [convert(v) for v in values]


def _plain(value: Any) -> Any:
    """Lists in place of arrays, without knowing their library."""
    return value.tolist() if hasattr(value, "tolist") else value


def _is_bytes(value: Any) -> bool:
    return isinstance(value, bytes | bytearray | memoryview)


def _is_list(value: Any) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, str | bytes)


def _wrong_image(name: str, value: Any) -> str:
    return (
        f"Found {type(value).__name__} for {name}, expected the bytes of an image file, or a list "
        "of such: read files with load_image."
    )


def _image(name: str, value: Any) -> bytes:
    if not _is_bytes(value):
        raise TypeError(_wrong_image(name, value))
    return bytes(value)


def _domain(value: Any) -> str:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)  # as the model has it
    if isinstance(value, bool):
        raise TypeError(f"Found {value} for target_domain, expected a name or an index.")
    return str(_int64("target_domain", value))


def _names(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"Found {value!r:.80} for label, expected names beside names.")
    return unicodedata.normalize("NFC", value)  # as the model has them


def _int64(name: str, value: Any) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"Found {value!r:.80} for {name}, expected a whole number.") from None
    if not -INT64 <= number < INT64:
        raise InvalidRequestError(f"Found {number} for {name}, expected a number of 64 bits.")
    return number


def _float(name: str, value: Any) -> float:
    if isinstance(value, str | bytes):
        raise TypeError(f"Found {value!r:.80} for {name}, expected a number.")
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"Found {value!r:.80} for {name}, expected a number.") from None


def _vectors(name: str, value: Any) -> Any:
    """A vector or a list of them, not yet looked into."""
    value = _plain(value)
    if not _is_list(value) or not value:
        raise TypeError(f"Found {value!r:.80} for {name}, expected a list of floats.")
    return value


def _vector(name: str, value: Any) -> list[float]:
    value = _plain(value)
    if not _is_list(value):
        raise TypeError(f"Found {value!r:.80} for {name}, expected a list of floats.")
    return [_float(name, v) for v in value]
