import pytest

from stargan_tf.serving.client import Client
from tests.serving.client import fakes
from tests.serving.client.servers import SERVERS


@pytest.fixture
def model():
    return fakes.Model()


@pytest.fixture(params=sorted(SERVERS))
def server(request, model):
    """The address of a server of each kind."""
    with SERVERS[request.param](model) as address:
        yield address


@pytest.fixture
def client(server):
    with Client(server, "pets", timeout=10) as client:
        yield client
