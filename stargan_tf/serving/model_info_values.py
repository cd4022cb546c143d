"""What the values of model.json must be."""

from collections.abc import Callable
from typing import Any

from stargan_tf import labels
from stargan_tf.algorithms.signatures import CODE_SIGNATURES
from stargan_tf.names import normalised


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(least: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and least <= value < 2**63


def _is_names(value: Any) -> bool:
    if not isinstance(value, list) or not all(map(_is_text, value)):
        return False
    return 0 < len({*map(normalised, value)}) == len(value)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_range(value: Any) -> bool:
    is_pair = isinstance(value, list) and [type(n) in (int, float) for n in value] == [True, True]
    return is_pair and value[0] < value[1]


def _is_mode(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"name", "source", "title"}
        and all(map(_is_text, value.values()))
        and value["source"] in CODE_SIGNATURES
    )


def _is_modes(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_mode, value))


def _is_kinds(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_text, value.values()))


def _is_signature(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"inputs", "output"}
        and all(map(_is_kinds, value.values()))
    )


def _is_signatures(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_signature, value.values()))


def _is_label_sets(value: Any) -> bool:
    try:
        return bool(labels.from_json(value))
    except ValueError:
        return False


# By field of `ModelInfo`.
FITS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("name", "licence", "stargan_tf", "channels", "algorithm"), _is_text),
    **dict.fromkeys(("version", "img_size"), _is_number(1)),
    **dict.fromkeys(("latent_dim", "style_dim", "step"), _is_number(0)),
    "domains": _is_names,
    "image_format": lambda value: value in ("png", "jpeg"),
    "credits": _is_object,
    "value_range": _is_range,
    "modes": _is_modes,
    "aligned_faces": lambda value: isinstance(value, bool),
    "signatures": _is_signatures,
    "label_sets": _is_label_sets,
}
