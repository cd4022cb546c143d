"""What the values of dataset_info.json must be."""

from collections.abc import Callable
from typing import Any

from stargan_tf.names import normalised


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_names(value: Any) -> bool:
    if not isinstance(value, list) or not all(map(_is_text, value)):
        return False
    return len({*map(normalised, value)}) == len(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_numbers(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_number, value.values()))


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_numbers, value.values()))


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_sides(value: Any) -> bool:
    return _is_numbers(value) and set(value) in (set(), {"least", "median", "most"})


# By field of `DatasetInfo`, but schema_version.
FITS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("name", "source", "licence"), _is_text),
    **dict.fromkeys(("domains", "attributes"), _is_names),
    **dict.fromkeys(("img_size", "rejected"), _is_number),
    **dict.fromkeys(("counts", "encoded_bytes"), _is_table),
    **dict.fromkeys(("credits", "settings"), _is_object),
    "sides": _is_sides,
}
