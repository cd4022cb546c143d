import re

import pytest
import tensorflow as tf

from stargan_tf.serving.client.errors import (
    MAX_LENGTH,
    InvalidRequestError,
    ServingError,
    sentence,
)

SAID = 'Found "fö\\x" [row 3], expected one of [cat, dog]: check the name.'


def message_of(function, value):
    """What TensorFlow says when a graph function fails."""
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        tf.function(function)(tf.constant(value))
    return caught.value.message


def asserting(data):
    def function(value):
        with tf.control_dependencies([tf.debugging.Assert(tf.equal(value, "cat"), data(value))]):
            return tf.identity(value)

    return function


def test_an_assertion_of_tensorflow():
    text = message_of(asserting(lambda value: [SAID]), "fox")
    assert "assertion failed" in text and "node" in text and SAID not in text
    assert sentence(text) == SAID


def test_an_assertion_in_pieces():
    pieces = message_of(asserting(lambda v: ['Found "', v, '", expected ', "another", "."]), "fox")
    assert sentence(pieces) == 'Found "fox", expected another.'
    apart = message_of(asserting(lambda v: ["Found", v]), "fox")
    assert sentence(apart) == "Found fox"


def test_a_comparison_of_tensorflow():
    def function(value):
        tf.debugging.assert_equal(value, "cat", message="Found a fox.")
        return value

    assert sentence(message_of(function, "fox")) == "Found a fox."


def test_other_errors_of_tensorflow():
    text = message_of(tf.io.decode_image, b"no image")
    # Newer ones know more formats.
    known = (
        r"Unknown image file format\. One of JPEG,( JPEG XL,)? PNG, GIF, BMP(, WebP)? required\."
    )
    assert re.fullmatch(known, sentence(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("assertion failed: [Found a.]\n\t [[{{node Assert/Assert}}]]", "Found a."),
        (
            "{{function_node __inference_w_1}} {{function_node __inference_f_2}} "
            "assertion failed: [Found a.] [[{{node Assert}}]]",
            "Found a.",
        ),
        ("assertion failed: [Found a, and then the ser", "Found a, and then the ser"),
        ("assertion failed: [One\\nline.]\n\t [[{{no", "One line."),
        (
            "2 root error(s) found.\n  (0) INVALID_ARGUMENT: Found a.\n\t [[{{node A}}]]\n\t "
            "[[B/_3]]\n  (1) INVALID_ARGUMENT: Found b.\n\t [[{{node A}}]]\n"
            "0 successful operations.\n0 derived errors ignored.",
            "Found a.",
        ),
        (
            "2 root error(s) found.\n  (0) Invalid argument: assertion failed: [Found a.]\n\t "
            "[[{{node A}}]]\n  (1) Invalid argument: assertion failed: [Found b.]\n"
            "0 successful operations.",
            "Found a.",
        ),
        (
            "Graph execution error:\n\nDetected at node 'DecodePng' defined at (most recent call "
            "last):\n    File \"/x/y.py\", line 3, in f\nNode: 'DecodePng'\nFound a.\n\t "
            "[[{{node DecodePng}}]] [Op:__inference_w_12]",
            "Found a.",
        ),
        (
            "Servable not found for request: Latest(pets)",
            "Servable not found for request: Latest(pets)",
        ),
        ("Malformed request: POST /v1/models/a/b", "Malformed request: POST /v1/models/a/b"),
        ("Found [1, 2] and\n  more.", "Found [1, 2] and more."),
        ("", "The server gave no reason."),
        ("\n\t [[{{node A}}]]", "The server gave no reason."),
    ],
)
def test_wrapping_is_removed(text, expected):
    assert sentence(text) == expected


def test_endless_messages_are_cut():
    assert len(sentence("x" * 100_000)) == MAX_LENGTH


def test_a_refusal_is_a_value_error_too():
    assert issubclass(InvalidRequestError, ServingError)
    assert issubclass(InvalidRequestError, ValueError)
