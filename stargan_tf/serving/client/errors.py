"""What can go wrong, and the server's reasons as clean sentences."""

import re

MAX_LENGTH = 1000

# `assertion failed: [one] [two]`, up to what TensorFlow itself adds. A server may have cut the
# text anywhere, so the end may be missing. New lines within the pieces are escaped.
_ASSERTION = re.compile(r"assertion failed: \[(.*?)(?:\](?=\s*(?:$|\n|\[\[|\[Op:))|$)", re.DOTALL)
_FUNCTIONS = re.compile(r"\{\{function_node [^}]*\}\}\s*")
# From here on come names of nodes, which mean nothing to a caller.
_TAIL = re.compile(r"\s*(?:\[\[.*|\[Op:.*)", re.DOTALL)
_FURTHER_ROOTS = re.compile(r"\n\s*\([1-9]\d*\) .*", re.DOTALL)
_FIRST_ROOT = re.compile(r"\s*\(0\) (?:[A-Za-z_ ]+: )?")
_NOISE = re.compile(
    r"\s*(?:Graph execution error:?|Detected at node .*|File \".*|Node: '.*|"
    r"<stack traces unavailable>|\d+ root error\(s\) found\.|\d+ successful operations?\.|"
    r"\d+ derived errors? ignored\.)\s*"
)
_ESCAPES = {"n": " ", "r": " ", "t": " "}


class ServingError(Exception):
    """A request that brought no result; the text is one sentence that says why."""


class InvalidRequestError(ServingError, ValueError):
    """The request cannot be answered as it is: a wrong argument, image or domain."""


class ImageError(InvalidRequestError):
    """A file is no image that can be used; nothing was sent."""


class NotFoundError(ServingError):
    """The server has no such model, version or label."""


class UnavailableError(ServingError):
    """There is no server, or it cannot answer now; later it may."""


class DeadlineError(ServingError):
    """The answer did not come in time."""


def sentence(text: str) -> str:
    """Makes one clean sentence of a server's error message.

    Args:
      text: as TensorFlow Serving sends it, with or without TensorFlow's wrapping: the words
        "assertion failed", nodes and functions of the graph, traces.

    Returns:
      One line of at most `MAX_LENGTH` characters; what was asserted, where that is the reason.
    """
    assertion = _ASSERTION.search(text)
    text = _asserted(assertion.group(1)) if assertion else _unwrapped(text)
    text = " ".join(text.split())
    if len(text) > MAX_LENGTH:
        text = text[: MAX_LENGTH - 3] + "..."
    return text or "The server gave no reason."


def _asserted(body: str) -> str:
    """The text of an assertion, whose pieces TensorFlow sets in brackets of their own."""
    joined = ""
    for piece in body.split("] ["):
        piece = re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), piece)
        if joined and piece.startswith("Condition "):
            break  # what follows is TensorFlow's own comparison
        in_quotes = joined.count('"') % 2 == 1
        close = in_quotes or joined.endswith((" ", "(")) or re.match(r"[\s),.:;]", piece)
        joined += piece if close or not joined else " " + piece
    return joined


def _unwrapped(text: str) -> str:
    """Any other message without what TensorFlow puts around it."""
    lines = _FURTHER_ROOTS.sub("", _FUNCTIONS.sub("", text)).splitlines()
    kept = [_FIRST_ROOT.sub("", line) for line in lines if not _NOISE.fullmatch(line)]
    return _TAIL.sub("", "\n".join(kept))
