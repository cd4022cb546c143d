"""What the contract tests talk to.

By default the development server with a small model of random weights. With
STARGAN_SERVING_ADDR=HOST (or HOST:GRPC_PORT:REST_PORT) and
STARGAN_SERVING_MODEL=FOLDER/NAME/VERSION, a server that runs already, such as
TensorFlow Serving, and that serves this SavedModel under this name and version.
"""

import os
from pathlib import Path

import pytest

from tests.contract.target import Target


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest):
    """The server under test."""
    address = os.environ.get("STARGAN_SERVING_ADDR")
    if address:
        host, _, ports = address.partition(":")
        grpc_port, _, rest_port = (ports or "8500:8501").partition(":")
        folder = Path(os.environ["STARGAN_SERVING_MODEL"])
        yield Target(folder, f"grpc://{host}:{grpc_port}", f"http://{host}:{rest_port}")
        return
    from tests.devserver.running import running_server

    exported = request.getfixturevalue("exported")
    with running_server(exported.models_dir) as server:
        grpc, rest = f"127.0.0.1:{server.grpc_port}", f"127.0.0.1:{server.rest_port}"
        yield Target(exported.base / "1", f"grpc://{grpc}", f"http://{rest}")


@pytest.fixture(scope="session", params=["grpc", "rest"])
def client(target, request: pytest.FixtureRequest):
    """A client of it, over each of the two protocols."""
    from stargan_tf.serving.client import Client

    url = target.grpc if request.param == "grpc" else target.rest
    with Client(url, target.name, timeout=60) as made:
        made.wait_until_ready(60)
        yield made
