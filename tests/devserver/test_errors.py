"""Codes and sentences of what goes wrong."""

import gc
import weakref

import grpc
import pytest
import tensorflow as tf

from stargan_tf.devserver.errors import ServingError, error_of, invalid, sentence_of, shown

TAIL = "\n\t [[{{node Assert/Assert}}]] [Op:__inference_signature_wrapper_echo_236]"
TRACE = "Detected at node A/B defined at (most recent call last):\n<stack traces unavailable>\n"


@pytest.mark.parametrize(
    "message",
    [
        "assertion failed: [Found x, expected y: do z.]",
        "assertion failed: [Found x, expected y: do z.]" + TAIL,
        f"Graph execution error:\n\n{TRACE}assertion failed: [Found x, expected y: do z.]{TAIL}",
        "Graph execution error:\n\nassertion failed: [Found x, expected y: do z.]\n\t [[{{function_"
        "node __inference_f_1}}{{node Assert}}]]",
        "2 root error(s) found.\n  (0) INVALID_ARGUMENT:  assertion failed: [Found x, expected y: "
        "do z.]\n\t [[{{node a}}]]\n\t [[b/_3]]\n  (1) INVALID_ARGUMENT:  more\n"
        "0 successful operations.\n0 derived errors ignored.",
        "{{function_node __wrapped__f}} Found x, expected y: do z. [Op:DecodeImage]",
        "assertion failed: [Found x,] [expected y:] [do z.]" + TAIL,
    ],
)
def test_sentences_of_graphs(message):
    assert sentence_of(message) == "Found x, expected y: do z."


def test_a_sentence_may_have_brackets():
    assert sentence_of("Found shape [2, 3], expected [[1]]." + TAIL) == (
        "Found shape [2, 3], expected [[1]]."
    )


@pytest.mark.parametrize(
    ("error", "code", "http_status"),
    [
        (invalid("x"), "INVALID_ARGUMENT", 400),
        (tf.errors.InvalidArgumentError(None, None, "x"), "INVALID_ARGUMENT", 400),
        (tf.errors.NotFoundError(None, None, "x"), "NOT_FOUND", 404),
        (tf.errors.ResourceExhaustedError(None, None, "x"), "RESOURCE_EXHAUSTED", 429),
        (tf.errors.UnavailableError(None, None, "x"), "UNAVAILABLE", 503),
        (tf.errors.DeadlineExceededError(None, None, "x"), "DEADLINE_EXCEEDED", 504),
        (MemoryError(), "RESOURCE_EXHAUSTED", 429),
        (KeyError("x"), "INTERNAL", 500),
    ],
)
def test_codes(error, code, http_status):
    found = error_of(error)
    assert (found.code.name, found.http_status) == (code, http_status)
    assert str(found)


def test_an_error_that_is_kept_holds_no_request():
    class Body:
        pass

    def fail():
        body = Body()
        refs.append(weakref.ref(body))
        raise invalid("no")

    refs = []
    try:
        fail()
    except ServingError as error:
        kept = error_of(error)
    gc.collect()
    assert refs[0]() is None and str(kept) == "no"


def test_sentences_are_bounded():
    assert len(str(ServingError(grpc.StatusCode.INTERNAL, "x" * 10**6))) == 2000
    for value in ("x" * 10**7, b"x" * 10**7, ["x"] * 10**6, {"x": 1}, 10**3000):
        assert len(shown(value)) <= 60
