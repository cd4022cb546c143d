"""What the values of dataset_info.json must be."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from stargan_tf.errors import UserError
from stargan_tf.names import check_file_names, normalised


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


def _is_groups(value: Any) -> bool:
    if not isinstance(value, list) or not all(_is_names(names) for names in value):
        return False
    return _is_names([name for names in value for name in names])


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_sides(value: Any) -> bool:
    return _is_numbers(value) and set(value) in (set(), {"least", "median", "most"})


# By field of `DatasetInfo`, but schema_version.
FITS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("name", "source", "licence"), _is_text),
    **dict.fromkeys(("domains", "attributes"), _is_names),
    **dict.fromkeys(("img_size", "rejected"), _is_number),
    **dict.fromkeys(("counts", "encoded_bytes", "positives"), _is_table),
    **dict.fromkeys(("credits", "settings"), _is_object),
    "sides": _is_sides,
    "exclusive": _is_groups,
}


def check_values(values: dict[str, Any], path: Path) -> None:
    """Checks the values of dataset_info.json, all fields of which are there.

    Raises:
      UserError: one is not what prepare_data writes, or contradicts another.
    """
    wrong = [name for name, fits in FITS.items() if not fits(values[name])]
    if wrong:
        raise UserError(
            f"{path} has {wrong[0]}: {values[wrong[0]]!r:.80}, expected what prepare_data "
            "wrote: copy it anew, or prepare the data set again."
        )
    check_file_names(values["domains"], "domain", path)
    if bool(values["domains"]) == bool(values["attributes"]):
        raise UserError(
            f"{path} has {len(values['domains'])} domains and {len(values['attributes'])} "
            "attributes, expected either: prepare the data set again."
        )
    attributes = {*map(normalised, values["attributes"])}
    for field in ("exclusive", "positives"):
        tables = values[field] if field == "exclusive" else values[field].values()
        unknown = sorted({normalised(name) for names in tables for name in names} - attributes)
        if unknown:
            raise UserError(
                f"{path} has {field} of {unknown[0]!r:.80}, expected only names of its attributes: "
                "copy it anew, or prepare the data set again."
            )
