"""The REST API as a WSGI application: predict, status, metadata, metrics, and the page."""

import contextlib
import json
import re
from collections.abc import Iterator
from inspect import signature
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message
from werkzeug.wrappers import Request, Response

from stargan_tf.devserver.bodies import Budget, check_encoding, decompressed
from stargan_tf.devserver.errors import error_of, invalid, not_found, shown
from stargan_tf.devserver.json_tensors import parse_request, with_hint, write_answer
from stargan_tf.devserver.metrics import CONTENT_TYPE, PATH, Metrics
from stargan_tf.devserver.page import Page
from stargan_tf.devserver.repository import Repository, Target

_MODEL = r"/v1/models/(?P<name>[^/:]+)(/versions/(?P<version>\d{1,19})|/labels/(?P<label>[^/:]+))?"
_POST = re.compile(_MODEL + r":predict", re.IGNORECASE)
_GET = re.compile(_MODEL + r"(?P<metadata>/metadata)?", re.IGNORECASE)
_JSON = "application/json"
# Protobuf renamed the option in version 5.
_WITH_ZEROS = (
    "always_print_fields_with_no_presence"
    if "always_print_fields_with_no_presence" in signature(json_format.MessageToDict).parameters
    else "including_default_value_fields"
)


class RestApplication:
    """Answers HTTP requests whose whole body is at hand."""

    def __init__(self, repository: Repository, metrics: Metrics, page: Page) -> None:
        """Answers with the models of a repository, counts the requests, and shows a page at /."""
        self._repository, self._metrics, self._page = repository, metrics, page
        self._budget = Budget()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answers one request, as WSGI has it."""
        try:
            response = self._answer(Request(environ))
        except Exception as error:
            failure = error_of(error)
            text = json.dumps({"error": str(failure)})
            response = Response(text, failure.http_status, content_type=_JSON)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        method, path = request.method, request.path
        if path == PATH and method in ("GET", "HEAD"):
            return Response(self._metrics.text(), content_type=CONTENT_TYPE)
        if method == "POST" and (match := _POST.fullmatch(path)):
            return Response(self._predict(match, request), content_type=_JSON)
        if method == "GET" and (match := _GET.fullmatch(path)):
            answer = (self._metadata if match["metadata"] else self._status)(_target(match))
            return Response(json.dumps(answer, indent=1), content_type=_JSON)
        if not path.lower().startswith("/v1/"):
            return self._file(request)
        expected = "POST /v1/models/NAME:predict, GET /v1/models/NAME or /v1/models/NAME/metadata"
        raise invalid(f"Malformed request: {shown(method)} {shown(path)}, expected {expected}.")

    def _file(self, request: Request) -> Response:
        """A file of the page, which TensorFlow Serving does not have."""
        path = request.path
        if request.method in ("GET", "HEAD"):
            if (response := self._page.answer(path, request.environ)) is not None:
                return response
            if path == "/" and not self._page.is_built:
                raise not_found("The page is not built: build it with make page, and reload this.")
        raise not_found(f"Found nothing at {shown(path)}, expected a path in /v1/models/.")

    def _predict(self, match: re.Match[str], request: Request) -> bytes:
        with self._repository.lease(_target(match)) as servable:
            with self._metrics.request(servable.name, "REST"), self._body(request) as body:
                parsed = parse_request(body, servable.inputs_of)
                try:
                    outputs = servable.run(parsed.signature, parsed.inputs)
                except Exception as error:
                    raise with_hint(error_of(error), parsed) from error
                return write_answer(outputs, parsed.is_row)

    @contextlib.contextmanager
    def _body(self, request: Request) -> Iterator[bytes]:
        """The body, decompressed, for as long as it counts as one that is worked on."""
        compressed = check_encoding(request.headers.get("Content-Encoding", ""))
        with self._budget.hold(request.content_length or 0, compressed=compressed):
            body = request.get_data(cache=False)
            yield decompressed(body) if compressed else body

    def _status(self, target: Target) -> dict[str, Any]:
        return _as_dict(self._repository.status(target))

    def _metadata(self, target: Target) -> dict[str, Any]:
        with self._repository.lease(target) as servable:
            answer = _as_dict(servable.metadata())
        del answer["metadata"]["signature_def"]["@type"]  # TensorFlow Serving writes none
        return answer


def _as_dict(message: Message) -> dict[str, Any]:
    options = {_WITH_ZEROS: True, "preserving_proto_field_name": True}
    return json_format.MessageToDict(message, **options)


def _target(match: re.Match[str]) -> Target:
    """Which model, and which version of it, a path names."""
    version = match["version"]
    return Target(match["name"], None if version is None else int(version), match["label"])
