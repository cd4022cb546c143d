"""Bodies that nobody has thought of: rejected in a sentence, or read as they were meant."""

import base64
import json
from typing import Any

import numpy as np
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from stargan_tf.devserver.errors import ServingError
from stargan_tf.devserver.json_tensors import parse_request

SPECS = {
    "text_bytes": tf.TensorSpec([None], tf.string),
    "number": tf.TensorSpec([None], tf.float32),
    "vector": tf.TensorSpec([None, 2], tf.float32),
    "seed": tf.TensorSpec([None], tf.int64),
    "any": tf.TensorSpec(None, tf.float32),
}
SIGNATURES = {"": SPECS, "one": {"number": SPECS["number"]}, "any": {"any": SPECS["any"]}}

SIGNATURES["rows"] = {name: spec for name, spec in SPECS.items() if name != "any"}

encoded = st.binary(max_size=20).map(lambda b: {"b64": base64.b64encode(b).decode()})
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | encoded
single = st.floats(width=32) | st.integers(-(2**24), 2**24)
# A value of a row, by input.
ROWS = {
    "text_bytes": text,
    "number": single,
    "vector": st.lists(single, min_size=2, max_size=2),
    "seed": st.integers(-(2**63), 2**63 - 1),
}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | encoded,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def inputs_of(signature: str) -> dict[str, tf.TensorSpec]:
    return SIGNATURES.get(signature, SPECS)


def parsed(document: Any):
    """The request; None where it is rejected as it should be."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    try:
        return parse_request(body, inputs_of)
    except ServingError as error:
        assert error.http_status == 400
        assert str(error).isprintable() and str(error).endswith(".")
        return None


def check(request) -> None:
    """Arrays fit the signature, and are read again from what they are written as."""
    specs = inputs_of(request.signature)
    assert set(request.inputs) == set(specs)
    written = {}
    for name, array in request.inputs.items():
        assert specs[name].shape.is_compatible_with(array.shape)
        if specs[name].dtype == tf.string:
            assert all(type(value) is bytes for value in array.flat)
            values = [{"b64": base64.b64encode(value).decode()} for value in array.flat]
            written[name] = np.array(values, object).reshape(array.shape).tolist()
        else:
            assert array.dtype == specs[name].dtype.as_numpy_dtype
            written[name] = array.tolist()
    again = parsed({"signature_name": request.signature, "inputs": written})
    for name, array in request.inputs.items():
        np.testing.assert_array_equal(again.inputs[name], array)


@given(st.binary(max_size=300))
def test_any_bytes(body):
    assert parsed(body) is None or parsed(body).inputs


@given(anything)
def test_any_json(document):
    if request := parsed(document):
        check(request)


@given(st.sampled_from(sorted(SIGNATURES)), st.sampled_from(["inputs", "instances"]), anything)
def test_any_value_where_inputs_are_expected(signature, form, value):
    if request := parsed({"signature_name": signature, form: value}):
        check(request)


@given(st.lists(st.fixed_dictionaries(ROWS), min_size=1, max_size=4), st.data())
def test_rows_with_one_value_of_another_kind(rows, data):
    request = parsed({"signature_name": "rows", "instances": rows})
    assert request.is_row and len(request.inputs["seed"]) == len(rows)
    check(request)
    row = data.draw(st.sampled_from(rows))
    name = data.draw(st.sampled_from([*ROWS, "more"]))
    row[name] = data.draw(anything)
    if changed := parsed({"signature_name": "rows", "instances": rows}):
        check(changed)
        assert name != "more"


@given(st.lists(single, max_size=5), st.integers(1, 5))
def test_any_shape(values, rows):
    nested = [[values] * 2] * rows
    request = parsed({"signature_name": "any", "inputs": nested})
    assert request.inputs["any"].shape == (rows, 2, len(values))
    check(request)
