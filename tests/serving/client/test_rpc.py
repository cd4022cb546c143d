"""gRPC where it differs from REST."""

import threading
from concurrent import futures

import grpc
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from stargan_tf.serving.client import Client, InvalidRequestError, ServingError, UnavailableError
from stargan_tf.serving.client.connection import GRPC_PORT
from tests.serving.client import fake_rpc, fakes
from tests.serving.client.fake_rest import rest_server
from tests.serving.client.fake_rpc import rpc_server
from tests.waiting import until

IMAGE = fakes.make_image()


def test_types_on_the_wire(model):
    with rpc_server(model) as address, Client(address, "pets") as client:
        client.translate_latent(IMAGE, "cat", [1, 2])
        client.translate(IMAGE, "cat")
    assert model.dtypes == {
        "image_bytes": "object",
        "target_domain": "object",
        "latent": "float32",
        "psi": "float32",
        "seed": "int64",
    }


def test_an_address_without_a_port():
    with Client("grpc://somewhere", "pets") as client:
        assert client._transport._address == f"somewhere:{GRPC_PORT}"
    with Client("grpc://[::1]:77/", "pets") as client:
        assert client._transport._address == "[::1]:77"


def answering(monkeypatch, outputs):
    """Makes the fake server answer with some tensors."""
    answer = predict_pb2.PredictResponse()
    for name, values in outputs.items():
        answer.outputs[name].CopyFrom(tf.make_tensor_proto(values))
    monkeypatch.setattr(fake_rpc, "_predict", lambda model, request: answer)


@pytest.mark.parametrize(
    ("outputs", "sentence"),
    [
        ({}, "no image_bytes in the answer"),
        ({"other": [b"x"]}, "no image_bytes in the answer"),
        ({"image_bytes": [b"x", b"y"]}, "2 results .*expected 1"),
        ({"image_bytes": [[0.5]]}, "wrong type for image_bytes"),
        ({"image_bytes": [0.5]}, "expected string"),
    ],
)
def test_strange_answers(monkeypatch, model, outputs, sentence):
    answering(monkeypatch, outputs)
    with rpc_server(model) as address, Client(address, "pets") as client:
        with pytest.raises(ServingError, match=sentence):
            client.translate(IMAGE, "cat")


def test_a_server_without_the_service():
    server = grpc.server(futures.ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with Client(f"grpc://127.0.0.1:{port}", "pets") as client:
        with pytest.raises(ServingError, match="failed with UNIMPLEMENTED") as caught:
            client.status()
    assert type(caught.value) is ServingError
    server.stop(0).wait()


def test_an_unknown_signature_is_a_wrong_request(model):
    text = 'Serving signature name: "translate_style" not found in signature def'
    model.before = [fakes.Refused(grpc.StatusCode.FAILED_PRECONDITION, text)]
    with rpc_server(model) as address, Client(address, "pets") as client:
        with pytest.raises(InvalidRequestError, match=text):
            client.translate_style(IMAGE, [0.5])


def test_the_rest_port(model):
    with rest_server(model) as address:
        with Client(address.replace("http", "grpc"), "pets", retries=0) as client:
            with pytest.raises(UnavailableError, match="gRPC port"):
                client.status()


def test_closing_ends_what_is_under_way(model):
    model.delay = 20.0
    caught = []

    def work(client):
        try:
            client.translate(IMAGE, "cat")
        except ServingError as error:
            caught.append(error)

    with rpc_server(model) as address:
        client = Client(address, "pets")
        thread = threading.Thread(target=work, args=(client,))
        thread.start()
        until(lambda: model.in_flight)
        client.close()
        thread.join(10)
        assert not thread.is_alive() and len(caught) == 1
