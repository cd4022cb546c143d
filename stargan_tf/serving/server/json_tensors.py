"""Tensors in JSON, both ways, as TensorFlow Serving's REST API writes them."""

import base64
import binascii
import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from stargan_tf.serving.server.servable import DEFAULT_SIGNATURE
from stargan_tf.serving.server.status import ServingError, invalid, shown
from stargan_tf.serving.server.tensors import MAX_RANK, Arrays, TensorSpec, check_names

# Outputs with this ending are bytes, others are text.
BYTES_SUFFIX = "_bytes"


class JsonRequest(NamedTuple):
    """A request as its JSON tells it.

    Attributes:
      signature: the signature's name.
      is_row: whether it was written row by row, as the answer will be.
      inputs: an array for each input of the signature.
    """

    signature: str
    is_row: bool
    inputs: Arrays


def parse_request(body: bytes, inputs_of: Callable[[str], Mapping[str, TensorSpec]]) -> JsonRequest:
    """Reads a predict request.

    Args:
      body: {"instances": [...]} or {"inputs": ...}, perhaps with a "signature_name".
      inputs_of: gives the inputs of a signature.

    Raises:
      ServingError: it is no such request, or does not fit the signature.
    """
    document = _parse(body)
    signature = document.get("signature_name", DEFAULT_SIGNATURE)
    if not isinstance(signature, str):
        raise invalid(f'"signature_name" is {shown(signature)}, expected a string.')
    signature = signature or DEFAULT_SIGNATURE
    specs = inputs_of(signature)
    is_row = "instances" in document
    if is_row == ("inputs" in document):
        count = "both" if is_row else "none"
        raise invalid(f'Found {count} of "instances" and "inputs", expected one of them.')
    columns = (
        _columns_of_rows(document["instances"], specs)
        if is_row
        else _columns(document["inputs"], specs)
    )
    inputs = {name: to_array(name, columns[name], spec) for name, spec in specs.items()}
    return JsonRequest(signature, is_row, inputs)


def write_answer(outputs: Arrays, is_row: bool) -> bytes:
    """Writes the answer to a predict request: "predictions" by rows, or "outputs".

    Raises:
      ServingError: the outputs cannot be written so.
    """
    values = {name: _to_values(name, array) for name, array in outputs.items()}
    (only,) = values.values() if len(values) == 1 else (None,)
    if not is_row:
        return json.dumps({"outputs": values if len(values) > 1 else only}).encode()
    sizes = {array.shape[0] if array.ndim else None for array in outputs.values()}
    if len(sizes) != 1 or None in sizes:
        shapes = ", ".join(f"{name} {list(array.shape)}" for name, array in outputs.items())
        raise invalid(
            f"The outputs ({shapes}) do not all have a row for each instance: ask with "
            '"inputs" in place of "instances".'
        )
    if len(values) == 1:
        return json.dumps({"predictions": only}).encode()
    rows = [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
    return json.dumps({"predictions": rows}).encode()


def to_array(name: str, value: Any, spec: TensorSpec) -> np.ndarray:
    """Makes the array of an input out of nested lists.

    Args:
      name: the input's, for errors.
      value: a value, or lists of lists of values, all of a level equally long.
      spec: what the signature expects.

    Raises:
      ServingError: the lists are ragged, or a value has another type.
    """
    shape = []
    first = value
    while isinstance(first, list):
        shape.append(len(first))
        first = first[0] if first else None
        if len(shape) > MAX_RANK:
            raise invalid(f"Input {shown(name)} has lists in more than {MAX_RANK} levels.")
    leaves = [value]
    for level, size in enumerate(shape):
        for item in leaves:
            if not isinstance(item, list) or len(item) != size:
                found = f"a list of {len(item)}" if isinstance(item, list) else shown(item)
                raise invalid(
                    f"Input {shown(name)} has {found} at level {level}, expected a list of {size} "
                    "as in the first row."
                )
        leaves = list(itertools.chain.from_iterable(leaves))
    array = _leaves_to_array(name, leaves, spec).reshape(shape)
    spec.check_shape(name, array.shape)
    return array


def _parse(body: bytes) -> dict[str, Any]:
    """Reads a JSON object."""
    if not body:
        raise invalid('The body is empty, expected a JSON object with "instances" or "inputs".')
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise invalid(f"The body is no UTF-8 (byte {error.start}), expected JSON.") from error
    except RecursionError as error:
        raise invalid("The body is nested too deeply, expected JSON of a few levels.") from error
    except ValueError as error:
        raise invalid(f"The body is not valid JSON: {error}.") from error
    if not isinstance(document, dict):
        raise invalid(f"The body is {shown(document)}, expected a JSON object.")
    return document


def _is_b64(value: Any) -> bool:
    """Whether a value is bytes, and no object of named inputs."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def _columns(inputs: Any, specs: Mapping[str, TensorSpec]) -> dict[str, Any]:
    """The values of each input, out of the column form."""
    if isinstance(inputs, dict) and not _is_b64(inputs):
        check_names(inputs, specs)
        return inputs
    return {_only_input(specs, "inputs"): inputs}


def _columns_of_rows(rows: Any, specs: Mapping[str, TensorSpec]) -> dict[str, list[Any]]:
    """The values of each input, out of the row form."""
    if not isinstance(rows, list) or not rows:
        raise invalid('"instances" must be a list with at least one instance.')
    objects = [isinstance(row, dict) and not _is_b64(row) for row in rows]
    if any(objects) and not all(objects):
        odd = objects.index(not objects[0])
        raise invalid(
            f"Instance {odd} is no {'object' if objects[0] else 'plain value'} as the first."
        )
    if not objects[0]:
        return {_only_input(specs, "instances"): rows}
    for number, row in enumerate(rows):
        try:
            check_names(row, specs)
        except ServingError as error:
            raise invalid(f"Instance {number}: {error}") from error
    return {name: [row[name] for row in rows] for name in specs}


def _only_input(specs: Mapping[str, TensorSpec], key: str) -> str:
    """The name of the one input, for values without names."""
    if len(specs) != 1:
        raise invalid(
            f'"{key}" has plain values, expected objects with the inputs '
            f"{', '.join(sorted(specs))}."
        )
    return next(iter(specs))


def _leaves_to_array(name: str, leaves: list[Any], spec: TensorSpec) -> np.ndarray:
    """The values as a flat array of the type of the signature."""
    if spec.dtype == tf.string:
        array = np.empty(len(leaves), object)
        array[:] = [_to_bytes(name, leaf) for leaf in leaves]
        return array
    kind = spec.dtype.as_numpy_dtype
    if spec.dtype == tf.bool:
        allowed, words = {bool}, "true or false"
    elif spec.dtype.is_integer:
        allowed, words = {int}, f"whole numbers ({spec.type_name})"
    elif spec.dtype.is_floating:
        allowed, words = {int, float}, f"numbers ({spec.type_name})"
    else:
        raise invalid(f"Input {shown(name)} has type {spec.type_name}, which JSON cannot hold.")
    if not set(map(type, leaves)) <= allowed:
        wrong = next(leaf for leaf in leaves if type(leaf) not in allowed)
        raise invalid(f"Input {shown(name)} has {shown(wrong)}, expected {words}.")
    try:
        if spec.dtype.is_integer and leaves:
            limits = np.iinfo(kind)  # NumPy would wrap some numbers around
            if min(leaves) < limits.min or max(leaves) > limits.max:
                raise OverflowError
        if not spec.dtype.is_floating:
            return np.array(leaves, kind)
        exact = np.array(leaves, np.float64)
        with np.errstate(over="ignore"):
            array = exact.astype(kind)
        if (np.isinf(array) & np.isfinite(exact)).any():
            raise OverflowError
        return array
    except OverflowError as error:
        raise invalid(
            f"Input {shown(name)} has a number too large for {spec.type_name}."
        ) from error


def _to_bytes(name: str, leaf: Any) -> bytes:
    """The bytes of a string, or of {"b64": ...}."""
    try:
        if isinstance(leaf, str):
            return leaf.encode()
        if _is_b64(leaf):
            text = leaf["b64"]
            # As the real server, be content without the = at the end.
            return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except UnicodeEncodeError as error:
        raise invalid(f"Input {shown(name)} has a string that is no Unicode text.") from error
    except (binascii.Error, ValueError) as error:
        raise invalid(
            f'Input {shown(name)} has {shown(leaf["b64"])} in "b64", expected base64 '
            "(A-Z, a-z, 0-9, +, / and = at the end)."
        ) from error
    raise invalid(
        f'Input {shown(name)} has {shown(leaf)}, expected a string or {{"b64": "BASE64"}}.'
    )


def _to_values(name: str, array: np.ndarray) -> Any:
    """An output as nested lists of JSON values."""
    if array.dtype == object:
        flat = [_text_or_bytes(name, value) for value in array.ravel().tolist()]
        return _nested(flat, array.shape)
    if array.dtype.kind == "f" and array.dtype.itemsize < 8:
        return _nested(_short_floats(array.ravel()), array.shape)
    return array.tolist()


def _short_floats(array: np.ndarray) -> list[float]:
    """Numbers with just the digits that tell them apart: 0.1, not the double nearest to it."""
    values = [float(f"{value:.6g}") for value in array.tolist()]
    differs = np.array(values).astype(array.dtype) != array
    for index in np.flatnonzero(differs & np.isfinite(array)).tolist():
        values[index] = float(f"{array[index]:.9g}")
    return values


def _text_or_bytes(name: str, value: bytes) -> Any:
    if name.endswith(BYTES_SUFFIX):
        return {"b64": base64.b64encode(value).decode()}
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise invalid(
            f"Output {name} holds bytes that are no text, and JSON has them only for names that "
            f"end in {BYTES_SUFFIX}: ask over gRPC."
        ) from error


def _nested(flat: list[Any], shape: tuple[int, ...]) -> Any:
    """A flat list in lists of the given sizes."""
    if not shape:
        return flat[0]
    if len(shape) == 1:
        return flat
    step = len(flat) // shape[0] if shape[0] else 0
    return [_nested(flat[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0])]
