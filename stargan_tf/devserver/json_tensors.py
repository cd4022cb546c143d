"""Tensors in JSON, both ways, as TensorFlow Serving's REST API writes them."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any, NamedTuple

import grpc
import numpy as np
import tensorflow as tf

from stargan_tf.devserver.errors import ServingError, invalid, shown
from stargan_tf.devserver.tensors import Arrays, Specs, check_names, check_shape, type_name

# Outputs with this ending are bytes, others are text.
BYTES_SUFFIX = "_bytes"
# What JSON has for NumPy's kinds of types.
_WHOLE = ({int}, "whole numbers")
_JSON_TYPES = {"b": ({bool}, "true or false"), "i": _WHOLE, "u": _WHOLE}
_JSON_TYPES["f"] = ({int, float}, "numbers")


class JsonRequest(NamedTuple):
    """A signature ("" for the default) and its inputs.

    Attributes:
      is_row: whether they came row by row.
      as_text: those inputs of bytes that came as text, which is allowed and seldom meant.
    """

    signature: str
    is_row: bool
    inputs: Arrays
    as_text: list[str]


def parse_request(body: bytes, inputs_of: Callable[[str], Specs]) -> JsonRequest:
    """Reads {"instances": [...]} or {"inputs": ...}, perhaps with a "signature_name".

    Raises ServingError if that does not fit what `inputs_of` says of the signature.
    """
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        hint = " It is gzip data: say so by Content-Encoding." if body[:2] == b"\x1f\x8b" else ""
        raise invalid(f"The body is not valid JSON: {error}.{hint}") from error
    if not isinstance(document, dict):
        raise invalid(f"The body is {shown(document)}, expected a JSON object.")
    signature = document.get("signature_name", "")
    if not isinstance(signature, str):
        raise invalid(f'"signature_name" is {shown(signature)}, expected a string.')
    specs = inputs_of(signature)
    is_row = "instances" in document
    if is_row == ("inputs" in document):
        count = "both" if is_row else "none"
        raise invalid(f'Found {count} of "instances" and "inputs", expected one of them.')
    values = _columns(document["instances"], specs) if is_row else _named(document["inputs"], specs)
    inputs = {name: to_array(name, values[name], spec) for name, spec in specs.items()}
    as_text = [name for name in specs if name.endswith(BYTES_SUFFIX) and _has_text(values[name])]
    return JsonRequest(signature, is_row, inputs, as_text)


def with_hint(error: ServingError, request: JsonRequest) -> ServingError:
    """The error of a request that was run, with what is likely meant where bytes came as text."""
    if error.code != grpc.StatusCode.INVALID_ARGUMENT or not request.as_text:
        return error
    names = " and ".join(map(shown, request.as_text))
    return invalid(f'{error} Found text for {names}: encoded images are {{"b64": "BASE64"}}.')


def write_answer(outputs: Arrays, is_row: bool) -> bytes:
    """Writes "predictions" by rows, or "outputs"; raises ServingError if they have no such form."""
    values = {name: _to_values(name, array) for name, array in outputs.items()}
    answer: Any = next(iter(values.values())) if len(values) == 1 else values
    if not is_row:
        return json.dumps({"outputs": answer}).encode()
    sizes = {array.shape[0] if array.ndim else None for array in outputs.values()}
    if len(sizes) != 1 or None in sizes:
        shapes = ", ".join(f"{name} {list(array.shape)}" for name, array in outputs.items())
        raise invalid(f'Outputs ({shapes}) do not all have a row for each instance: use "inputs".')
    if answer is values:
        answer = [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
    return json.dumps({"predictions": answer}).encode()


def to_array(name: str, value: Any, spec: tf.TensorSpec) -> np.ndarray:
    """Makes the array of the input `name` out of a value, or nested lists of values.

    Raises ServingError if lists of a level differ in length, or a value has another type.
    """
    nested = np.array(value, object)  # where lists are ragged, some stay as its values
    check_shape(name, nested.shape, spec)
    leaves = nested.ravel().tolist()
    if spec.dtype == tf.string:
        return np.array([_to_bytes(name, leaf) for leaf in leaves], object).reshape(nested.shape)
    return _numbers(f"Input {shown(name)} has", leaves, spec.dtype).reshape(nested.shape)


def _is_b64(value: Any) -> bool:
    """Whether a value is bytes, and no object of named inputs."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def _has_text(value: Any) -> bool:
    return any(isinstance(leaf, str) for leaf in np.array(value, object).flat)


def _named(value: Any, specs: Specs) -> dict[str, Any]:
    """The value of each input, out of an object; an only input needs no name."""
    if not isinstance(value, dict) or _is_b64(value):
        if len(specs) != 1:
            names = ", ".join(sorted(specs))
            raise invalid(f"Found plain values, expected objects with the inputs {names}.")
        value = {next(iter(specs)): value}
    check_names(value, specs)
    return value


def _columns(rows: Any, specs: Specs) -> dict[str, list[Any]]:
    """The values of each input, out of the row form."""
    if not isinstance(rows, list) or not rows:
        raise invalid('"instances" must be a list with at least one instance.')
    named = []
    for number, row in enumerate(rows):
        try:
            named.append(_named(row, specs))
        except ServingError as error:
            raise invalid(f"Instance {number}: {error}") from error
    return {name: [row[name] for row in named] for name in specs}


def _numbers(prefix: str, leaves: list[Any], dtype: tf.dtypes.DType) -> np.ndarray:
    """The values as a flat array; `prefix` begins the sentence of an error."""
    kind, called = np.dtype(dtype.as_numpy_dtype), type_name(dtype.as_datatype_enum)
    if kind.kind not in _JSON_TYPES:
        raise invalid(f"{prefix} type {called}, which JSON cannot hold: ask over gRPC.")
    types, words = _JSON_TYPES[kind.kind]
    for leaf in leaves:
        if type(leaf) not in types:
            expected = f"{words} ({called}) in lists of one length"
            raise invalid(f"{prefix} {shown(leaf)}, expected {expected}.")
    is_float = kind.kind == "f"
    try:
        exact = np.array(leaves, np.float64 if is_float else None)
        with np.errstate(over="ignore", invalid="ignore"):
            array = exact.astype(kind)
        is_exact = np.isinf(array) == np.isinf(exact) if is_float else array == exact
    except OverflowError:
        is_exact = False
    if not np.all(is_exact):
        raise invalid(f"{prefix} a number too large for {called}.")
    return array


def _to_bytes(name: str, leaf: Any) -> bytes:
    """The bytes of a string, or of {"b64": ...}."""
    prefix = f"Input {shown(name)} has"
    try:
        if isinstance(leaf, str):
            return leaf.encode()
        if _is_b64(leaf):  # as in the real server, perhaps without the = at the end
            return b64decode(leaf["b64"] + "=" * (-len(leaf["b64"]) % 4), validate=True)
    except ValueError as error:
        hint = ""
        if isinstance(leaf, dict) and leaf["b64"].startswith("data:"):
            hint = " Leave its beginning out, up to the comma."
        raise invalid(f"{prefix} text or base64 that cannot be read: {error}.{hint}") from error
    raise invalid(f'{prefix} {shown(leaf)}, expected a string or {{"b64": "BASE64"}}.')


def _to_values(name: str, array: np.ndarray) -> Any:
    """An output as nested lists of JSON values."""
    if array.dtype.kind == "f" and array.dtype.itemsize < 8:
        # Just the digits that tell a number apart: 0.1, not the double nearest to it.
        return array.astype(str).astype(np.float64).tolist()
    if array.dtype != object:
        return array.tolist()
    is_bytes = name.endswith(BYTES_SUFFIX)
    try:
        values = [{"b64": b64encode(v).decode()} if is_bytes else v.decode() for v in array.flat]
    except UnicodeDecodeError as error:
        needed = f"a name that ends in {BYTES_SUFFIX}"
        raise invalid(f"Output {name} is no text and needs {needed}: ask over gRPC.") from error
    return np.array(values, object).reshape(array.shape).tolist()
