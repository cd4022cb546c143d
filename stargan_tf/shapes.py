"""Checks of shapes and dtypes at the head of networks, layers and losses.

A check reads what is known of a tensor while Python runs: when a function is traced, or
called eagerly. It adds no operation to a graph.
"""

from collections.abc import Iterable
from typing import NamedTuple

import tensorflow as tf

# A size: a number, a symbol such as "N" that stands for one number in a call, or None for any.
Size = int | str | None


class ShapeError(ValueError):
    """A tensor whose shape or dtype a network, layer or loss does not take."""


class Expected(NamedTuple):
    """A tensor and what is expected of it."""

    tensor: tf.types.experimental.TensorLike
    kind: str  # of the dtype: "float" or "integer"
    shape: tuple[Size, ...]


def floats(tensor: tf.types.experimental.TensorLike, *shape: Size) -> Expected:
    """Expects a tensor of any floating dtype and of this shape."""
    return Expected(tensor, "float", shape)


def integers(tensor: tf.types.experimental.TensorLike, *shape: Size) -> Expected:
    """Expects a tensor of any integer dtype and of this shape."""
    return Expected(tensor, "integer", shape)


def check_shapes(rule: str, /, **tensors: Expected) -> None:
    """Checks the tensors of one call, as far as their shapes are known.

        check_shapes(
            "the discriminator takes images of img_size 32 and a domain for each",
            x=floats(x, "N", 32, 32, 3),
            y=integers(y, "N"),
        )

    Args:
      rule: what the caller takes, for the end of the message.
      **tensors: by name. A symbol stands for the same size in all of them.

    Raises:
      ShapeError: a tensor has another shape or kind of dtype. The message names the
        tensor, what was found and what was expected.
    """
    known: dict[str, tuple[int, str]] = {}  # by symbol: its size and the tensor that set it
    for name, (tensor, kind, expected) in tensors.items():
        if not hasattr(tensor, "shape"):
            continue  # a list or number, of which TensorFlow makes a tensor later
        dtype = tf.as_dtype(tensor.dtype)
        if not (dtype.is_floating if kind == "float" else dtype.is_integer):
            raise ShapeError(f"Found {name} of dtype {dtype.name}, expected {kind}: {rule}.")
        found = tf.TensorShape(tensor.shape)
        if found.rank is not None and not _fits(found.as_list(), expected, known, name):
            raise ShapeError(
                f"Found {name} of shape {_written(found)}, expected {_written(expected)}"
                f"{_origins(expected, known, name)}: {rule}."
            )


def _fits(
    found: list[int | None],
    expected: tuple[Size, ...],
    known: dict[str, tuple[int, str]],
    name: str,
) -> bool:
    """Whether a shape is the expected one; notes in `known` what its symbols stand for."""
    if len(found) != len(expected):
        return False
    for size, wanted in zip(found, expected, strict=True):
        if size is not None and isinstance(wanted, str):
            wanted, _ = known.setdefault(wanted, (size, name))
        if size is not None and wanted is not None and size != wanted:
            return False
    return True


def _written(shape: Iterable[Size]) -> str:
    return f"[{', '.join('any' if size is None else str(size) for size in shape)}]"


def _origins(expected: tuple[Size, ...], known: dict[str, tuple[int, str]], name: str) -> str:
    """Says which other tensor a symbol's size comes from."""
    symbols = [s for s in expected if isinstance(s, str) and s in known and known[s][1] != name]
    origins = [f"{s} = {known[s][0]} as in {known[s][1]}" for s in dict.fromkeys(symbols)]
    return f" with {' and '.join(origins)}" if origins else ""
