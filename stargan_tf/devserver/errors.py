"""What may go wrong with a request: a code and a sentence, the same for gRPC and REST."""

import re

import grpc
import tensorflow as tf

# For each of gRPC's codes, by number, the status that tensorflow_model_server answers.
_HTTP_STATUS = (200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401)
_BY_NUMBER = {code.value[0]: code for code in grpc.StatusCode}
# What an operation of a graph said, among TensorFlow's words about the graph.
_GRAPH_ERROR = re.compile(
    r"(Graph execution error:\s*)?(Detected at node .*<stack traces unavailable>\s*)?"
    r"(\d+ root error\(s\) found\.\s*\(0\) ?\w+:\s*)?(\{\{(function_)?node [^}]*\}\}\s*)?"
    r"(?P<said>.*?)\s*((\[\[\{\{(function_)?node |\[Op:|\d+ successful operations).*)?",
    re.DOTALL,
)
_ASSERTION = re.compile(r"assertion failed: \[(.*)\]", re.DOTALL)


class ServingError(Exception):
    """A request that cannot be answered: gRPC's code, and the HTTP status that belongs to it."""

    def __init__(self, code: grpc.StatusCode, sentence: str) -> None:
        """Takes the sentence for the user, and shortens it when it is endless."""
        # gRPC sends messages as headers, which are limited to 8 KiB.
        super().__init__(_shortened(sentence, 2000))
        self.code = code
        self.http_status = _HTTP_STATUS[code.value[0]]


def invalid(sentence: str) -> ServingError:
    """The error of a request that was not made as it should be."""
    return ServingError(grpc.StatusCode.INVALID_ARGUMENT, sentence)


def not_found(sentence: str) -> ServingError:
    """The error of a request for something that is not there."""
    return ServingError(grpc.StatusCode.NOT_FOUND, sentence)


def shown(value: object) -> str:
    """A value out of a request as an error can show it, however long it is."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    # repr of a large image would take its time.
    return _shortened(repr(value[:80] if isinstance(value, str | bytes) else value), 60)


def error_of(error: BaseException) -> ServingError:
    """The answer to a request that ended in an exception, without its frames and all they hold."""
    if isinstance(error, ServingError):
        return ServingError(error.code, str(error))
    if isinstance(error, tf.errors.OpError):
        code = _BY_NUMBER.get(error.error_code, grpc.StatusCode.UNKNOWN)
        return ServingError(code, sentence_of(str(error.message)))
    if isinstance(error, MemoryError):
        sentence = "The request needs more memory than there is: send fewer or smaller inputs."
        return ServingError(grpc.StatusCode.RESOURCE_EXHAUSTED, sentence)
    sentence = f"The server failed with {type(error).__name__}: {_shortened(str(error), 200)}"
    return ServingError(grpc.StatusCode.INTERNAL, sentence)


def sentence_of(message: str) -> str:
    """What an operation of the graph said, without TensorFlow's words about the graph."""
    said = _GRAPH_ERROR.fullmatch(message)["said"]
    assertion = _ASSERTION.fullmatch(said)
    # An assertion lists the pieces that it was given, each in brackets of its own.
    return assertion.group(1).replace("] [", " ") if assertion else said


def _shortened(text: str, limit: int) -> str:
    """A text, or its beginning if it is longer than `limit` characters."""
    return text if len(text) <= limit else text[: limit - 3] + "..."
