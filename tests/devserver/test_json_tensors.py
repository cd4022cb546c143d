"""JSON of requests and answers, in TensorFlow Serving's two forms."""

import json

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.devserver.errors import ServingError
from stargan_tf.devserver.json_tensors import parse_request, to_array, write_answer

TEXT = tf.TensorSpec([None], tf.string)
NUMBER = tf.TensorSpec([None], tf.float32)
VECTOR = tf.TensorSpec([None, 2], tf.float32)
ANY = tf.TensorSpec(None, tf.float32)


def spec(dtype, shape=(None,)):
    return tf.TensorSpec(shape, dtype)


def parse(document, **inputs):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return parse_request(body, lambda signature: inputs)


def refusal(document, **inputs):
    with pytest.raises(ServingError) as caught:
        parse(document, **inputs)
    assert caught.value.http_status == 400
    return str(caught.value)


def values(request):
    return {name: array.tolist() for name, array in request.inputs.items()}


def test_rows_of_objects():
    request = parse(
        {"instances": [{"a": "x", "b": 1}, {"a": {"b64": "eQ=="}, "b": 2.5}]}, a=TEXT, b=NUMBER
    )
    assert request.is_row and request.signature == "", "the default"
    assert values(request) == {"a": [b"x", b"y"], "b": [1, 2.5]}
    assert request.inputs["b"].dtype == np.float32


@pytest.mark.parametrize("form", ["instances", "inputs"])
def test_values_of_a_single_input_need_no_name(form):
    assert values(parse({form: ["x", {"b64": "eQ"}]}, a=TEXT)) == {"a": [b"x", b"y"]}
    assert values(parse({form: [[1, 2], [3, 4]]}, a=VECTOR)) == {"a": [[1, 2], [3, 4]]}


def test_columns():
    request = parse(
        {"signature_name": "s", "inputs": {"a": ["x", "ü"], "b": [[1, 2], [3, 4]]}},
        a=TEXT,
        b=VECTOR,
    )
    assert not request.is_row and request.signature == "s"
    assert values(request) == {"a": [b"x", "ü".encode()], "b": [[1, 2], [3, 4]]}


def test_a_mark_of_the_byte_order_is_no_mistake():
    assert values(parse(b'\xef\xbb\xbf{"inputs": [1]}', a=NUMBER)) == {"a": [1]}


def test_scalars_and_tensors_of_any_rank():
    assert values(parse({"inputs": {"a": 3}}, a=ANY)) == {"a": 3}
    assert values(parse({"inputs": 3}, a=ANY)) == {"a": 3}
    assert values(parse({"inputs": {"b64": "eQ=="}}, a=spec(tf.string, ()))) == {"a": b"y"}
    assert parse({"inputs": [[[]]]}, a=ANY).inputs["a"].shape == (1, 1, 0)


def test_an_input_may_be_named_b64():
    assert values(parse({"inputs": {"b64": [1]}}, b64=NUMBER)) == {"b64": [1]}


def test_not_a_number():
    (row,) = parse(b'{"inputs": [[NaN, -Infinity]]}', a=VECTOR).inputs["a"]
    assert np.isnan(row[0]) and row[1] == -np.inf


@pytest.mark.parametrize(
    ("dtype", "good", "bad"),
    [
        (tf.float32, [1, 2.5, -1e38], [True, None, "1", 1e39, [1], 10**400, {"b64": "eQ=="}]),
        (tf.float64, [1e39, 7], [True, None, "1", 10**400]),
        (tf.float16, [0.5], [1e6, True]),
        (tf.int32, [2**31 - 1, -(2**31)], [2**31, 1.0, True, "1", None, 10**400]),
        (tf.int64, [2**63 - 1], [2**63, 1e3, False]),
        (tf.uint8, [0, 255], [256, -1]),
        (tf.uint64, [2**64 - 1], [2**64, -1]),
        (tf.bool, [True, False], [0, 1, "true", None]),
        (tf.string, ["", "a", {"b64": ""}], [1, None, True, {"b64": 1}, {"b64": "a", "c": 1}, {}]),
    ],
)
def test_types(dtype, good, bad):
    array = to_array("a", good, spec(dtype))
    assert array.shape == (len(good),)
    if dtype != tf.string:
        assert array.tolist() == pytest.approx(good) and array.dtype == dtype.as_numpy_dtype
    for value in bad:
        with pytest.raises(ServingError, match="Input 'a' has"):
            to_array("a", [value], spec(dtype))


@pytest.mark.parametrize("text", ["$$$$", "a", "é", "YQ==YQ==", "YQ=a"])
def test_what_is_no_base64(text):
    assert "base64" in refusal({"inputs": [{"b64": text}]}, a=TEXT)


@pytest.mark.parametrize(
    "ragged", [[[1, 2], [3]], [[1, 2], 3], [1, [2, 3]], [[1, 2], [3, [4]]], [[], [1, 2]]]
)
def test_ragged_lists(ragged):
    assert "expected a list of" in refusal({"inputs": ragged}, a=ANY) or "has a list" in refusal(
        {"inputs": ragged}, a=ANY
    )


@pytest.mark.parametrize("shape", [[1, 2], [[1, 2, 3]], [[[1, 2]]], 1])
def test_shapes_that_do_not_fit(shape):
    assert "expected [-1, 2]" in refusal({"inputs": shape}, a=VECTOR)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"\xff\xfe{}", "utf-8"),
        (b"[1]", "expected a JSON object"),
        (b'"x"', "expected a JSON object"),
        (b"null", "expected a JSON object"),
        (b'{"inputs": ' + b"[" * 100_000, "recursion"),
        (b'{"inputs": ' + b'{"a":' * 100_000, "recursion"),
        (b'{"inputs": ' + b"[" * 100 + b"]" * 100 + b"}", "expected [-1]"),
        (b'{"inputs": [' + b"9" * 5000 + b"]}", "not valid JSON"),
        ({}, "none of"),
        ({"instances": [1], "inputs": [1]}, "both of"),
        ({"signature_name": 5, "inputs": [1]}, "signature_name"),
        ({"instances": []}, "at least one"),
        ({"instances": 3}, "must be a list"),
        ({"instances": [{"a": 1}, {}]}, "Instance 1: The request lacks a"),
        ({"instances": [{"a": 1, "z": 1}]}, "Instance 0: The request has 'z'"),
        ({"inputs": {}}, "lacks a"),
        ({"inputs": {"a": [1], "z": 1}}, "has 'z'"),
        (b'{"inputs": {"\\ud800": 1}}', "lacks a"),
    ],
)
def test_malformed_requests(document, words):
    assert words in refusal(document, a=NUMBER)


def test_a_lone_surrogate_is_no_text():
    assert "surrogates not allowed" in refusal(b'{"inputs": ["\\ud800"]}', a=TEXT)


def test_plain_values_need_a_single_input():
    for form in ("instances", "inputs"):
        assert "objects with the inputs a, b" in refusal({form: [1]}, a=NUMBER, b=NUMBER)


def test_errors_do_not_repeat_huge_values():
    assert len(refusal({"inputs": ["x" * 10**6]}, a=NUMBER)) < 300
    assert len(refusal({"inputs": {"x" * 10**6: 1}}, a=NUMBER)) < 300


def answer(is_row, **outputs):
    return json.loads(write_answer(outputs, is_row))


def strings(*values):
    return np.array(values, object)


def test_answers_of_one_output():
    assert answer(True, image_bytes=strings(b"\xff", b"")) == {
        "predictions": [{"b64": "/w=="}, {"b64": ""}]
    }
    assert answer(False, image_bytes=strings(b"\xff")) == {"outputs": [{"b64": "/w=="}]}
    assert answer(True, label=strings("ü".encode())) == {"predictions": ["ü"]}
    assert answer(False, total=np.array(2.0)) == {"outputs": 2.0}


def test_answers_of_two_outputs():
    outputs = {"a": np.array([[1, 2], [3, 4]]), "b": np.array([True, False])}
    assert answer(True, **outputs) == {
        "predictions": [{"a": [1, 2], "b": True}, {"a": [3, 4], "b": False}]
    }
    assert answer(False, **outputs) == {"outputs": {"a": [[1, 2], [3, 4]], "b": [True, False]}}


def test_floats_are_written_as_short_as_they_can_be():
    array = np.array([0.1, 0.123456, 1 / 3, 2, 1e-10, 123456792], np.float32)
    text = write_answer({"a": array}, False)
    assert text == b'{"outputs": [0.1, 0.123456, 0.33333334, 2.0, 1e-10, 123456790.0]}'
    rng = np.random.default_rng(5)
    for kind in (np.float16, np.float32, np.float64):
        array = rng.standard_normal(1000).astype(kind)
        np.testing.assert_array_equal(np.array(answer(False, a=array)["outputs"], kind), array)


def test_floats_that_are_none():
    array = np.array([[np.nan, np.inf], [-np.inf, 1]], np.float32)
    assert (
        write_answer({"a": array}, True) == b'{"predictions": [[NaN, Infinity], [-Infinity, 1.0]]}'
    )


@pytest.mark.parametrize(
    "outputs",
    [
        {"a": np.array(1.0)},
        {"a": np.zeros(2), "b": np.zeros(3)},
        {"a": np.zeros(2), "b": np.array(1)},
    ],
)
def test_rows_that_are_none(outputs):
    with pytest.raises(ServingError, match="inputs"):
        write_answer(outputs, True)
    write_answer(outputs, False)


def test_bytes_need_a_name_that_says_so():
    with pytest.raises(ServingError, match="_bytes"):
        write_answer({"label": strings(b"\xff")}, True)


def test_empty_outputs():
    assert answer(False, a=np.zeros((0, 3), np.float32)) == {"outputs": []}
    assert answer(False, a=np.zeros((2, 0), np.float32)) == {"outputs": [[], []]}
