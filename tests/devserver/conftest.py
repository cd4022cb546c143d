"""A model on disk, and a server that serves it."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
import requests
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from stargan_tf.devserver.server import Server
from tests.devserver import stand_ins
from tests.devserver.running import running_server


class Client:
    """Both ways to ask a server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.address = f"http://127.0.0.1:{server.rest_port}"
        self.session = requests.Session()
        self.channel = grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}")
        self.prediction = prediction_service_pb2_grpc.PredictionServiceStub(self.channel)
        self.models = model_service_pb2_grpc.ModelServiceStub(self.channel)

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.address + path, timeout=30)

    def post(self, path: str, **body: object) -> requests.Response:
        return self.session.post(self.address + path, timeout=30, **body)

    def close(self) -> None:
        self.session.close()
        self.channel.close()


@pytest.fixture(scope="package")
def echo_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with versions 1 and 2 of one."""
    models = tmp_path_factory.mktemp("echo_models")
    for version in (1, 2):
        stand_ins.export(models, version)
    return models


@pytest.fixture(scope="package")
def client(echo_models: Path) -> Iterator[Client]:
    """A client of a server that all tests share, which serves version 2."""
    with running_server(echo_models) as server:
        client = Client(server)
        yield client
        client.close()
