"""Checks of requests, inside the graph: a wrong one gets InvalidArgument with a sentence."""

from collections.abc import Sequence

import tensorflow as tf

_SHOWN_CHARACTERS = 40


def checked(
    value: tf.Tensor, condition: tf.Tensor, message: Sequence[tf.Tensor | str]
) -> tf.Tensor:
    """Passes a tensor on if a condition holds.

    What is computed from the result waits for the check, so nothing is ever
    computed from a wrong value.

    Args:
      value: any tensor.
      condition: scalar bool.
      message: parts of the sentence; numbers are written out.

    Returns:
      `value`; running it raises InvalidArgumentError unless the condition holds.
    """
    parts = [p if isinstance(p, str) or p.dtype == tf.string else _digits(p) for p in message]
    check = tf.debugging.Assert(condition, [tf.strings.join(parts)])
    # In eager mode there is no operation; the check has raised already.
    with tf.control_dependencies([] if check is None else [check]):
        return tf.identity(value)


def same_rows(values: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Passes inputs on if there is a row, and if all have as many rows as the first.

    Args:
      values: by name.
    """
    first, value = next(iter(values.items()))
    message = [f"Found {first} empty, expected at least one row: send an image."]
    value = checked(value, tf.shape(value)[0] > 0, message)
    rows = tf.shape(value)[0]
    passed = {first: value}
    for name, other in values.items():
        if name != first:
            message = [f"Found {name} with ", tf.shape(other)[0], f" rows and {first} with ", rows]
            message += [", expected as many of both: send one for each image."]
            passed[name] = checked(other, tf.equal(tf.shape(other)[0], rows), message)
    return passed


def domain_index(
    name: str, names: tf.Tensor, table: tf.lookup.StaticHashTable, domains: Sequence[str]
) -> tf.Tensor:
    """Finds domains by their names, or by their indices in digits.

    Where a name consists of digits itself, digits are names only: 2 would else be the third
    domain for one who meant a domain called 02.

    Args:
      name: of the input.
      names: [N] string.
      table: from names to indices, -1 for others.
      domains: the names.

    Returns:
      [N] int32.
    """
    index = table.lookup(names)
    by_index = takes_indices(domains)
    if by_index:
        digits = tf.strings.regex_full_match(names, "[0-9]{1,9}")
        by_digits = tf.strings.to_number(tf.where(digits, names, "0"), tf.int64)
        index = tf.where((index < 0) & digits, by_digits, index)
    known = (index >= 0) & (index < len(domains))
    row = first_wrong(known)
    message = [
        f"Found {name} ",
        printable(tf.gather(tf.concat([names, [""]], 0), row)),
        " in row ",
        row,
        f", expected {_listed(domains, by_index)}: correct it.",
    ]
    return tf.cast(checked(index, tf.reduce_all(known), message), tf.int32)


def takes_indices(domains: Sequence[str]) -> bool:
    """Whether digits may stand for a domain's index: not where a name consists of digits."""
    return not any(name.isascii() and name.isdigit() for name in domains)


def domain_in_range(name: str, index: tf.Tensor, domains: Sequence[str]) -> tf.Tensor:
    """Passes domain indices [N] int32 on if all lie in range."""
    known = (index >= 0) & (index < len(domains))
    row = first_wrong(known)
    found = tf.gather(tf.concat([index, [0]], 0), row)
    message = [f"Found {name} ", found, " in row ", row]
    message += [f", expected 0 to {len(domains) - 1} ({', '.join(domains)}): correct it."]
    return checked(index, tf.reduce_all(known), message)


def fraction(name: str, value: tf.Tensor) -> tf.Tensor:
    """Passes numbers [N] float32 on if all lie in [0, 1]; NaN does not."""
    fits = (value >= 0) & (value <= 1)
    row = first_wrong(fits)
    found = tf.gather(tf.concat([value, [0.0]], 0), row)
    message = [f"Found {name} ", found, " in row ", row, ", expected 0 to 1: try 0.7."]
    return checked(value, tf.reduce_all(fits), message)


def code(name: str, value: tf.Tensor, length: int) -> tf.Tensor:
    """Passes codes on if each has the right length and is finite.

    Args:
      name: latent or style_code.
      value: [N, any] float32.
      length: expected.

    Returns:
      [N, length] float32.
    """
    found = tf.shape(value)[1]
    message = [f"Found {name} of length ", found, f", expected {length} numbers for each image."]
    value = checked(value, tf.equal(found, length), message)
    return finite(name, tf.ensure_shape(value, [None, length]))


def finite(name: str, value: tf.Tensor) -> tf.Tensor:
    """Passes a float tensor on if it holds neither NaN nor infinity."""
    message = [f"Found NaN or infinity in {name}, expected finite numbers: correct it."]
    return checked(value, tf.reduce_all(tf.math.is_finite(value)), message)


def first_wrong(fine: tf.Tensor) -> tf.Tensor:
    """The place of the first False among [N] bool, N where there is none."""
    return tf.argmin(tf.cast(tf.concat([fine, [True]], 0), tf.int32))


def _digits(number: tf.Tensor) -> tf.Tensor:
    return tf.as_string(number, shortest=True) if number.dtype.is_floating else tf.as_string(number)


def printable(text: tf.Tensor) -> tf.Tensor:
    """At most 40 characters, whatever bytes were sent."""
    text = tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", replace_control_characters=True)
    return tf.strings.substr(text, 0, _SHOWN_CHARACTERS, unit="UTF8_CHAR")


def _listed(domains: Sequence[str], by_index: bool) -> str:
    names = f"one of {', '.join(domains)}"
    return f"{names}, or an index below {len(domains)}" if by_index else names
