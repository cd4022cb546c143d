"""The REST API as a WSGI application: predict, status, metadata, and Prometheus' metrics."""

import json
import re
from typing import Any

import grpc
from google.protobuf import json_format
from werkzeug.wrappers import Request, Response

from stargan_tf.serving.server.json_tensors import parse_request, write_answer
from stargan_tf.serving.server.predict import Predictor, Target, signature_map
from stargan_tf.serving.server.status import ServingError, error_of, invalid, shown

_MODEL = r"/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
_VERB = re.compile(_MODEL + r":(?P<verb>predict|classify|regress)", re.IGNORECASE)
_GET = re.compile(_MODEL + r"(?P<metadata>/metadata)?", re.IGNORECASE)
_JSON = "application/json"


class RestApplication:
    """Answers HTTP requests whose whole body is at hand."""

    def __init__(self, predictor: Predictor, metrics_path: str | None = None) -> None:
        """Answers with `predictor`.

        Args:
          predictor: knows the models.
          metrics_path: where Prometheus finds its numbers; None for nowhere.
        """
        self._predictor = predictor
        self._metrics_path = metrics_path

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answers one request, as WSGI has it."""
        try:
            response = self._answer(Request(environ))
        except Exception as error:
            response = error_response(error_of(error))
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        method, path = request.method, request.path
        if self._metrics_path and path == self._metrics_path and method in ("GET", "HEAD"):
            text = self._predictor.metrics.text()
            return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")
        if method == "POST" and (match := _VERB.fullmatch(path)):
            return self._predict(_target(match), match["verb"].lower(), request)
        if method == "GET" and (match := _GET.fullmatch(path)):
            target = _target(match)
            if match["metadata"]:
                return Response(self._metadata(target), content_type=_JSON)
            return Response(self._status(target), content_type=_JSON)
        if path.lower().startswith("/v1/"):
            raise invalid(
                f"Malformed request: {shown(method)} {shown(path)}, expected POST "
                "/v1/models/NAME:predict, GET /v1/models/NAME or GET /v1/models/NAME/metadata."
            )
        raise ServingError(
            grpc.StatusCode.NOT_FOUND,
            f"Found nothing at {shown(path)}, expected a path that starts with /v1/models/.",
        )

    def _predict(self, target: Target, verb: str, request: Request) -> Response:
        if verb != "predict":
            raise ServingError(
                grpc.StatusCode.UNIMPLEMENTED,
                f"{verb} is not part of the development server, expected predict.",
            )
        coding = request.headers.get("Content-Encoding", "identity").strip().lower()
        if coding != "identity":
            raise invalid(f"The body is encoded with {shown(coding)}, expected plain JSON.")
        with self._predictor.lease(target, "REST") as servable:
            parsed = parse_request(
                request.get_data(cache=False),
                lambda signature: self._predictor.inputs_of(servable, signature),
            )
            outputs = self._predictor.run(servable, parsed.signature, parsed.inputs)
            return Response(write_answer(outputs, parsed.is_row), content_type=_JSON)

    def _status(self, target: Target) -> str:
        statuses = self._predictor.status(target)
        entries = [
            {
                "version": str(entry.version),
                "state": entry.State.Name(entry.state),
                "status": {
                    "error_code": grpc_name(entry.status.error_code),
                    "error_message": entry.status.error_message,
                },
            }
            for entry in statuses.model_version_status
        ]
        return json.dumps({"model_version_status": entries}, indent=1)

    def _metadata(self, target: Target) -> str:
        response = self._predictor.metadata(target)
        signatures = signature_map({})
        response.metadata["signature_def"].Unpack(signatures)
        spec = response.model_spec
        fields = json_format.MessageToDict(
            signatures, including_default_value_fields=True, preserving_proto_field_name=True
        )
        answer = {
            "model_spec": {
                "name": spec.name,
                "signature_name": spec.signature_name,
                "version": str(spec.version.value),
            },
            "metadata": {"signature_def": fields},
        }
        return json.dumps(answer, indent=1)


def error_response(error: ServingError) -> Response:
    """An error as JSON."""
    return Response(json.dumps({"error": str(error)}), error.http_status, content_type=_JSON)


def grpc_name(number: int) -> str:
    """OK for 0."""
    return next(code.name for code in grpc.StatusCode if code.value[0] == number)


def _target(match: re.Match[str]) -> Target:
    """Which model, and which version of it, a path names."""
    version = match["version"]
    if version is not None and (len(version) > 19 or int(version) >= 2**63):
        raise invalid(f"Version {shown(version)} is too large, expected a whole number.")
    return Target(match["name"], None if version is None else int(version), match["label"])
