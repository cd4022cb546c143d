"""REST down to its bytes, and answers that TensorFlow Serving would not give."""

import contextlib
import json
import socket
import threading
import time

import pytest

from stargan_tf.serving.client import (
    Client,
    DeadlineError,
    InvalidRequestError,
    NotFoundError,
    ServingError,
    UnavailableError,
    retries,
)
from tests.serving.client.fake_rest import rest_server

OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
PIXEL = {"b64": "iVBORw=="}  # the first bytes of a PNG


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.01)


@contextlib.contextmanager
def raw_server(*answers, received=None):
    """Yields the address of a server that gives each connection one of some answers.

    Args:
      answers: bytes to send, or functions that are given the connection.
      received: list to add the requests to.
    """
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        for answer in answers:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                request = read_request(connection)
                if received is not None:
                    received.append(request)
                answer(connection) if callable(answer) else connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # wakes accept
        listener.close()
        thread.join(5)


def read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length")
    ]
    while len(body) < sum(lengths):
        body += connection.recv(65536)
    return head, body


def ok(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return OK % (len(data), data)


def answer_to(answer, **options):
    with raw_server(answer) as address, Client(address, "pets", retries=0, **options) as client:
        return client.translate(b"image", "cat", seed=1, psi=0.5)


def test_a_request_byte_by_byte():
    received = []
    with raw_server(ok({"outputs": [PIXEL]}), received=received) as address:
        with Client(f"{address}/models of mine/", "pe ts", label="a/b") as client:
            assert client.translate(b"\xff\xd8", "käse", seed=-1, psi=0.5) == b"\x89PNG"
    head, body = received[0]
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /models%20of%20mine/v1/models/pe%20ts/labels/a%2Fb:predict HTTP/1.1"
    assert "Content-Type: application/json" in lines
    assert json.loads(body) == {
        "signature_name": "translate_random",
        "inputs": {
            "image_bytes": [{"b64": "/9g="}],
            "target_domain": ["käse"],
            "seed": [-1],
            "psi": [0.5],
        },
    }


def test_outputs_with_or_without_their_name():
    assert answer_to(ok({"outputs": [PIXEL]})) == b"\x89PNG"
    assert answer_to(ok({"outputs": {"image_bytes": [PIXEL]}})) == b"\x89PNG"


@pytest.mark.parametrize(
    "answer",
    [
        ok(b"<html>hello</html>"),
        ok(b"\xff\xfe"),
        ok(b"[" * 100_000),
        ok([1, 2]),
        ok({}),
        ok({"outputs": None}),
        ok({"outputs": {"other": [PIXEL]}}),
        ok({"outputs": []}),
        ok({"outputs": [PIXEL, PIXEL]}),
        ok({"outputs": ["text"]}),
        ok({"outputs": [[0.5]]}),
        ok({"outputs": [{"b64": "%%%"}]}),
        ok({"outputs": [{"b64": 5}]}),
        ok({"outputs": [{"b46": "AAAA"}]}),
        b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>",
        b'HTTP/1.1 500 Oh\r\nContent-Length: 13\r\n\r\n{"error": {}}',
    ],
)
def test_strange_answers(answer):
    with pytest.raises(ServingError) as caught:
        answer_to(answer)
    assert type(caught.value) is ServingError
    assert str(caught.value).endswith((".", "address.", "project?"))


@pytest.mark.parametrize(
    "answer",
    [{}, {"model_version_status": [{}]}, {"model_version_status": 5}, {"model_spec": {}}],
)
def test_strange_states(answer):
    with raw_server(ok(answer), ok(answer)) as address:
        with Client(address, "pets", retries=0) as client:
            for call in (client.status, client.metadata):
                with pytest.raises(ServingError, match="TensorFlow Serving's JSON"):
                    call()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequestError),
        (413, InvalidRequestError),
        (404, NotFoundError),
        (503, UnavailableError),
        (504, DeadlineError),
        (500, ServingError),
        (401, ServingError),
    ],
)
def test_statuses(status, kind):
    body = b'{"error": "assertion failed: [No cat.]\\n\\t [[{{node A}}]]"}'
    with pytest.raises(ServingError, match=r"^No cat\.$") as caught:
        answer_to(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
    assert type(caught.value) is kind
    with pytest.raises(kind, match=f"HTTP status {status}"):
        answer_to(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)


def test_a_connection_that_breaks_off():
    for answer in (b"", OK % (5000, b"{"), OK % (5000, b"")):
        with pytest.raises(UnavailableError, match="broke off|reset"):
            answer_to(answer)


def test_a_broken_connection_is_tried_again():
    answers = (b"", OK % (5000, b"{"), ok({"outputs": [PIXEL]}))
    with raw_server(*answers) as address, Client(address, "pets") as client:
        assert client.translate(b"image", "cat") == b"\x89PNG"


def test_an_answer_in_drops_keeps_to_the_deadline():
    def drop(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(40):
            connection.sendall(b"1\r\n \r\n")
            time.sleep(0.05)

    start = time.monotonic()
    with pytest.raises(DeadlineError):
        answer_to(drop, timeout=0.3)
    assert time.monotonic() - start < 3


def test_an_answer_that_stops_in_the_middle_keeps_to_the_deadline():
    def stop(connection):
        connection.sendall(OK % (5000, b"{"))
        time.sleep(1)

    with pytest.raises(DeadlineError):
        answer_to(stop, timeout=0.3)


def test_another_protocol(model):
    with raw_server(b"SSH-2.0-OpenSSH\r\n") as address:
        with Client(address, "pets", retries=0) as client, pytest.raises(UnavailableError):
            client.status()
    with rest_server(model) as address:
        with Client(address.replace("http", "https"), "pets") as client:
            with pytest.raises(ServingError, match="no secure way"):
                client.status()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("place", ["http://{}/v1/models/pets", "file:///etc/passwd", "/elsewhere"])
def test_a_redirection_is_not_followed(status, place):
    """Images go to the server that was named, and to no other."""
    visited = []
    with raw_server(ok({"outputs": [PIXEL]}), received=visited) as other:
        location = place.format(other.removeprefix("http://"))
        head = f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        with pytest.raises(ServingError, match=f"answered with HTTP status {status}"):
            answer_to(head.encode())
    assert not visited
