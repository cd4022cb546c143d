"""Requests to the development server, over REST and gRPC."""

import base64
import contextlib
import http.client
import json
import random
import socket
from collections.abc import Sequence
from pathlib import Path

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis.get_model_metadata_pb2 import GetModelMetadataRequest
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest

from stargan_tf.devserver.discovery import find_models
from stargan_tf.devserver.grpc_service import GrpcService, make_server
from stargan_tf.devserver.http_server import HttpServer, bind
from stargan_tf.devserver.metrics import Metrics
from stargan_tf.devserver.page import Page
from stargan_tf.devserver.repository import Repository
from stargan_tf.devserver.rest_service import RestApplication
from stargan_tf.errors import UserError
from tests.devserver import stand_ins
from tests.devserver.requests_of import echo_request, predict_request
from tests.fuzzing.json_target import JsonTarget
from tests.fuzzing.mutator import damage
from tests.fuzzing.targets import Target

_PATIENCE = 1  # seconds that a request may take to arrive
_SECONDS = 4.0  # that an answer may take
# What the server says of itself rather than of the request.
_UNCLEAN = (
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
)


class _Server(Target):
    """Answers with small models, in this process."""

    def __init__(self, work: Path) -> None:
        stand_ins.export(work, 1)
        self._repository = Repository(lambda: find_models(work), report=lambda line: None)
        self._repository.start(0)
        assert self._repository.available() == {"echo": [1]}

    def close(self) -> None:
        self._repository.stop()


class _Rest(_Server):
    def __init__(self, work: Path) -> None:
        super().__init__(work)
        application = RestApplication(self._repository, Metrics(), Page(Path("page/dist")))
        self._http = HttpServer(bind("127.0.0.1", 0), application, _PATIENCE)
        self._http.start()

    def close(self) -> None:
        self._http.stop(_SECONDS)
        super().close()

    def ask(self, request: bytes) -> None:
        """Sends a request and looks at the answer."""
        address = ("127.0.0.1", self._http.port)
        with socket.create_connection(address, _SECONDS) as connection:
            with contextlib.suppress(ConnectionError):  # it may be rejected before it is over
                connection.sendall(request)
            answer = http.client.HTTPResponse(connection)
            try:
                answer.begin()
            except (http.client.RemoteDisconnected, ConnectionResetError):
                # Where nothing was asked, nothing is answered.
                assert not request.strip(b"\r\n"), "there was no answer"
                raise UserError("The connection was closed.") from None
            body = answer.read()
        if answer.status >= 400:
            # RFC 9112, 6.1: for a transfer coding that it does not know.
            assert answer.status < 500 or answer.status == 501, (answer.status, body)
            assert list(json.loads(body)) == ["error"], body
            raise UserError(json.loads(body)["error"])


class RestBody(JsonTarget, _Rest):
    """The body of a :predict."""

    def __init__(self, work: Path) -> None:
        super().__init__(work)
        encoded = {"b64": base64.b64encode(b"\xff\x00\xfe").decode()}
        rows = [{"text_bytes": encoded, "number": 1.5}, {"text_bytes": "ü", "number": -2}]
        self._documents = [
            {"instances": rows},
            {"inputs": {"text_bytes": ["a", encoded], "number": [1, 2e9]}},
            {"signature_name": "pair", "instances": [{"vector": [1, 2, 3.5], "seed": 2**62}]},
            {"signature_name": "total", "inputs": [[1.0, 2], [3, 4]]},
            {"signature_name": "total", "inputs": {"x": 5}},
        ]

    def run(self, content: bytes) -> None:
        self.ask(_post(content))


def _post(body: bytes, head: bytes = b"") -> bytes:
    length = b"Content-Length: %d\r\n\r\n" % len(body)
    line = b"POST /v1/models/echo:predict HTTP/1.1\r\nHost: a\r\n"
    return line + head + length + body


class Http(_Rest):
    """The bytes of a connection."""

    def valid(self) -> Sequence[bytes]:
        body = b'{"signature_name": "total", "inputs": [1, 2, 3]}'
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:9], body[9:], b""))
        chunked = b"POST /v1/models/echo:predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        return [
            _post(body),
            _post(body, b"Connection: close\r\nContent-Type: application/json\r\n"),
            chunked + chunks,
            b"GET /v1/models/echo HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n",
            b"GET /v1/models/echo/versions/1/metadata HTTP/1.0\r\n\r\n",
            b"GET /monitoring/prometheus/metrics HTTP/1.1\r\nHost: a\r\n\r\n",
        ]

    def damaged(self, chance: random.Random) -> bytes:
        return damage(chance.choice(self.valid()), chance, self.valid())

    def run(self, content: bytes) -> None:
        self.ask(content)


class _Grpc(_Server):
    methods: tuple[str, ...]

    def __init__(self, work: Path) -> None:
        super().__init__(work)
        self._grpc, self._threads = make_server(GrpcService(self._repository, Metrics()))
        port = self._grpc.add_insecure_port("127.0.0.1:0")
        self._grpc.start()
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}")

    def close(self) -> None:
        self._channel.close()
        self._grpc.stop(None).wait()
        self._threads.shutdown()
        super().close()

    def damaged(self, chance: random.Random) -> bytes:
        return damage(chance.choice(self.valid()), chance, self.valid())

    def run(self, content: bytes) -> None:
        """Sends the bytes to each method; the first that rejects them says why in the end."""
        reasons = []
        for method in self.methods:
            call = self._channel.unary_unary(f"/tensorflow.serving.{method}")
            try:
                call(content, timeout=_SECONDS)
            except grpc.RpcError as error:
                assert error.code() not in _UNCLEAN, f"{error.code()}: {error.details()}"
                reasons.append(error.details())
        if len(reasons) == len(self.methods):
            raise UserError(reasons[0])


class GrpcPredict(_Grpc):
    """A PredictRequest."""

    methods = ("PredictionService/Predict",)

    def valid(self) -> Sequence[bytes]:
        vector = tf.make_tensor_proto(np.ones((2, 3), np.float32))
        seed = tf.make_tensor_proto(np.array([1, 2], np.int64))
        requests = [
            echo_request("a", b"\xff", version=1),
            echo_request("one", outputs=["text_bytes"]),
            predict_request("pair", vector=vector, seed=seed),
            predict_request("total", x=np.float32(3)),
            predict_request("total", x=np.zeros((3, 0, 2), np.float32)),
        ]
        return [request.SerializeToString(deterministic=True) for request in requests]


class GrpcModel(_Grpc):
    """A GetModelStatusRequest and a GetModelMetadataRequest, each of which both methods get."""

    methods = ("ModelService/GetModelStatus", "PredictionService/GetModelMetadata")

    def valid(self) -> Sequence[bytes]:
        status, metadata = GetModelStatusRequest(), GetModelMetadataRequest()
        for request in (status, metadata):
            request.model_spec.name = "echo"
        status.model_spec.version.value = 1
        metadata.metadata_field.append("signature_def")
        return [request.SerializeToString() for request in (status, metadata)]
