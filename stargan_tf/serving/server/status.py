"""What may go wrong with a request: a code and a sentence, the same for gRPC and REST."""

import re

import grpc
import tensorflow as tf

# As tensorflow_model_server answers; what is not named here is 500.
_HTTP_STATUS = {
    grpc.StatusCode.OK: 200,
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.CANCELLED: 499,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}
_BY_NUMBER = {code.value[0]: code for code in grpc.StatusCode}
# gRPC sends messages as headers, which are limited to 8 KiB.
_LONGEST_MESSAGE = 2000
# What TensorFlow puts around the message of an operation that failed in a graph.
_BEFORE = re.compile(
    r"^Graph execution error:\s*|^Detected at node .*?<stack traces unavailable>\s*"
    r"|^\d+ root error\(s\) found\.\s*\(0\) ?\w+:\s*|^\{\{(function_)?node [^}]*\}\}\s*",
    re.DOTALL,
)
_AFTER = re.compile(r"\s*(\[\[\{\{(function_)?node |\[Op:|\d+ successful operations).*", re.DOTALL)
_ASSERTION = re.compile(r"^assertion failed: \[(.*)\]$", re.DOTALL)


class ServingError(Exception):
    """A request that cannot be answered.

    Attributes:
      code: gRPC's status code, which also gives the HTTP status.
    """

    def __init__(self, code: grpc.StatusCode, sentence: str) -> None:
        """Keeps the code beside the sentence, which is shortened when it is endless."""
        super().__init__(shortened(sentence, _LONGEST_MESSAGE))
        self.code = code

    @property
    def http_status(self) -> int:
        """The status of the HTTP answer."""
        return _HTTP_STATUS.get(self.code, 500)


def invalid(sentence: str) -> ServingError:
    """The error of a request that was not made as it should be."""
    return ServingError(grpc.StatusCode.INVALID_ARGUMENT, sentence)


def not_found(sentence: str) -> ServingError:
    """The error of a request for something that is not there."""
    return ServingError(grpc.StatusCode.NOT_FOUND, sentence)


def shortened(text: str, limit: int) -> str:
    """The text, or its beginning when it is longer than `limit` characters."""
    return text if len(text) <= limit else text[: limit - 3] + "..."


def shown(value: object) -> str:
    """A value out of a request as an error can show it, however long it is."""
    if isinstance(value, str | bytes):
        value = value[:80]  # repr of a large image would take its time
    elif isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    return shortened(repr(value), 60)


def error_of(error: BaseException) -> ServingError:
    """The answer to a request that ended in an exception.

    It is always a new object, which refers to no frames: one that is kept, or raised
    again where it is kept, would hold all that the failed request had in memory.
    """
    if isinstance(error, ServingError):
        return ServingError(error.code, str(error))
    if isinstance(error, tf.errors.OpError):
        code = _BY_NUMBER.get(error.error_code, grpc.StatusCode.UNKNOWN)
        return ServingError(code, sentence_of(str(error.message)))
    if isinstance(error, MemoryError):
        return ServingError(
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "The request needs more memory than there is: send fewer or smaller inputs.",
        )
    return ServingError(
        grpc.StatusCode.INTERNAL,
        f"The server failed with {type(error).__name__}: {shortened(str(error), 200)}",
    )


def sentence_of(message: str) -> str:
    """What an operation of the graph said, without TensorFlow's talk about the graph."""
    while (shorter := _BEFORE.sub("", message, count=1)) != message:
        message = shorter
    message = _AFTER.sub("", message).strip()
    assertion = _ASSERTION.match(message)
    # An assertion lists the pieces that it was given, each in brackets of its own.
    return assertion.group(1).replace("] [", " ") if assertion else message
