"""Damages JSON: other structure, other types, other numbers, other text."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

# In place of what json.dumps cannot write, or only in a way that is valid.
_RAW = {
    "@deep lists@": "[" * 100_000 + "]" * 100_000,
    "@deep objects@": '{"a":' * 3000 + "1" + "}" * 3000,
    "@digits@": "9" * 5000,
    "@exponent@": "1e999999",
    "@half a character@": '"\\ud800"',
    "@negative zero@": "-0",
    "@twice@": '{"a": 1, "a": 2}',
    "@bare@": "nothing",
}
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**31, 2**63, -(2**63) - 1, 2**64, 10**30, 10**400),
    *(0.0, 0.5, -0.5, 1e-320, 1e308, float("nan"), float("inf"), float("-inf"), 1.0, 3.7),
    *("", "x", "0", "1", "true", "x" * 100_000, "\0", "a\nb\r\n", "\x1b[31m", "\u202eabc", "🐱"),
    *("e\u0301", "../../etc/passwd", "/", ".", "~", "%s%n", "{}", "\ufeff", "\udcff", "\u2028"),
    *([], {}, [[]], [None], {"": ""}, [1, "a"], {"b64": "YQ=="}, {"b64": "#"}, ["a"] * 5000),
    *_RAW,
)
_KEYS = ("", "x", "b64", "name", "domains", "a\nb", "\ud800", "k" * 10_000, "__class__")


def damage_json(document: Any, chance: random.Random) -> bytes:
    """Changes a document in one place or a few.

    Args:
      document: what json.loads gives; it stays as it is.
      chance: decides what is changed.

    Returns:
      JSON, or nearly.
    """
    document = json.loads(json.dumps(document))
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        document = _change(document, chance)
    text = json.dumps(document, indent=chance.choice((None, 2)), ensure_ascii=chance.random() < 0.9)
    for name, raw in _RAW.items():
        text = text.replace(json.dumps(name), raw)
    return text.encode("utf-8", "surrogatepass")


def _change(document: Any, chance: random.Random) -> Any:
    places = list(_places(document))
    if not places or chance.random() < 0.03:
        return _value(chance)
    holder, key = chance.choice(places)
    kind = chance.randrange(9)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, dict):
        holder[chance.choice((*_KEYS, f"{key}x", key.upper()))] = holder.pop(key)
    elif kind == 2:
        holder[key] = chance.choice(([holder[key]], {"a": holder[key]}, str(holder[key])))
    elif kind == 3:
        other_holder, other = chance.choice(places)
        if not isinstance(holder[key], list | dict):  # else a value could come to hold itself
            other_holder[other] = holder[key]
    elif kind == 4 and isinstance(holder, dict):
        holder[chance.choice(_KEYS)] = _value(chance)
    elif kind == 5 and isinstance(holder[key], int | float) and abs(holder[key]) < 2**53:
        holder[key] = _other_number(holder[key], chance)
    else:
        holder[key] = _value(chance)
    return document


def _value(chance: random.Random) -> Any:
    """A value of its own, which later changes may change."""
    return copy.deepcopy(chance.choice(_VALUES))


def _other_number(number: float, chance: random.Random) -> float:
    return chance.choice((-number, number + 1, number * 10**9, float(number), int(number), 0.1))


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Every object or list in a document, with each key or position in it."""
    if isinstance(document, list | dict):
        keys = document if isinstance(document, dict) else range(len(document))
        for key in list(keys):
            yield document, key
            yield from _places(document[key])
