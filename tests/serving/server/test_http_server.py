"""HTTP as such: connections, bodies, and everything that is no HTTP."""

import contextlib
import json
import socket
import threading
import time

import pytest
import requests

from stargan_tf.serving.server import http_server
from stargan_tf.serving.server.http_server import HttpServer, bind
from tests.waiting import until


class Echo:
    """A WSGI application that answers with what it was asked, and can be held up."""

    def __init__(self):
        self.gate = threading.Event()
        self.gate.set()
        self.running = 0

    def __call__(self, environ, start_response):
        self.running += 1
        assert self.gate.wait(30)
        body = environ["wsgi.input"].read()
        assert int(environ["CONTENT_LENGTH"]) == len(body)
        answer = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {len(body)}".encode()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [answer]


@pytest.fixture
def echo():
    return Echo()


@pytest.fixture
def server(echo):
    server = HttpServer(bind("127.0.0.1", 0), echo)
    server.start()
    yield server
    echo.gate.set()
    server.stop(10)


@contextlib.contextmanager
def connection(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        yield client


def talk(server, *pieces, half_close=False):
    """Sends bytes and returns all that comes back until the server closes."""
    with connection(server) as client:
        try:
            for piece in pieces:
                client.sendall(piece)
            if half_close:
                client.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it closed already; the answer is there all the same
        answer = b""
        while piece := client.recv(65536):
            answer += piece
        return answer


def assert_error(answer, status, words=""):
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode()), answer
    assert b"application/json" in head
    assert words in json.loads(body)["error"]


def read_answer(reader):
    status = int(reader.readline().split()[1])
    length = 0
    while (line := reader.readline()) != b"\r\n":
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return status, reader.read(length)


def test_a_connection_is_kept_for_many_requests(server):
    with connection(server) as client, client.makefile("rb") as reader:
        for size in (0, 5, 100_000, 1):
            head = f"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n"
            client.sendall(head.encode() + b"x" * size)
            assert read_answer(reader) == (200, f"POST /a {size}".encode())
        client.sendall(b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        for _ in range(3):
            assert read_answer(reader) == (200, b"GET /b 0")


def test_the_next_request_need_not_wait(server):
    """Werkzeug itself looks for more of a body for a while after each answer."""
    with connection(server) as client, client.makefile("rb") as reader:
        start = time.monotonic()
        for _ in range(100):
            client.sendall(b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n")
            read_answer(reader)
        assert time.monotonic() - start < 1


def test_http_1_0_and_connection_close(server):
    assert talk(server, b"GET /a HTTP/1.0\r\n\r\n").endswith(b"GET /a 0")
    answer = talk(server, b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.endswith(b"GET /a 0")


def test_chunks(server):
    head = b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with connection(server) as client, client.makefile("rb") as reader:
        for _ in range(2):
            client.sendall(head + b"3\r\nabc\r\n10\r\n" + b"x" * 16 + b"\r\n0\r\n\r\n")
            assert read_answer(reader) == (200, b"POST /a 19")


def test_the_wait_for_permission_to_send(server):
    with connection(server) as client, client.makefile("rb") as reader:
        client.sendall(b"POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert reader.readline().startswith(b"HTTP/1.1 100")
        assert reader.readline() == b"\r\n"
        client.sendall(b"xy")
        assert read_answer(reader) == (200, b"POST /a 2")


def test_head_has_no_body(server):
    answer = talk(server, b"HEAD /a HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert b"Content-Length: 9" in answer and answer.endswith(b"\r\n\r\n")


POST = b"POST /a HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),  # TLS
        (b"GET /a HTTP/9.9\r\n\r\n", 505),
        (b"GET /a HTTP/x\r\n\r\n", 400),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET /a HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431),
        (b"GET /a HTTP/1.1\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", 431),
        (b"GET http://[x/ HTTP/1.1\r\n\r\n", 400),
        (POST + b"Content-Length: x\r\n\r\n", 400),
        (POST + b"Content-Length: -5\r\n\r\n", 400),
        (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400),
        (POST + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n", 400),
        (POST + b"Content-Length: 999999999999\r\n\r\nxx", 413),
        (POST + b"Transfer-Encoding: gzip\r\n\r\nxx", 501),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n", 400),
    ],
)
def test_what_is_no_http(server, data, status):
    start = time.monotonic()
    assert_error(talk(server, data, half_close=True), status)
    assert time.monotonic() - start < 5
    assert talk(server, b"GET /a HTTP/1.0\r\n\r\n").endswith(b"GET /a 0"), "it goes on"


@pytest.mark.parametrize("data", [b"Content-Length: 10\r\n\r\nabc", b"Content-Length: 10\r\n\r\n"])
def test_a_body_that_ends_early(server, data):
    assert_error(talk(server, POST + data, half_close=True), 400, "of 10 bytes")


def test_a_body_without_a_length_is_not_taken_for_the_next_request(server, echo):
    answer = talk(server, POST + b"\r\nGET /secret HTTP/1.1\r\n\r\n", half_close=True)
    assert b"POST /a 0" in answer and b"secret" not in answer
    assert echo.running == 1


def test_a_body_that_is_too_large(server, monkeypatch):
    monkeypatch.setattr(http_server, "LARGEST_BODY", 2**20)
    big = b"x" * (20 * 2**20)
    head = POST + f"Content-Length: {len(big)}\r\n\r\n".encode()
    # All of it is sent before the client listens, as common clients do.
    assert_error(talk(server, head, big), 413, "larger than 1 MiB")
    chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n" % len(big)
    assert_error(talk(server, chunked, big), 413, "larger than 1 MiB")
    response = requests.post(f"http://127.0.0.1:{server.port}/", data=big, timeout=30)
    assert response.status_code == 413 and "1 MiB" in response.json()["error"]


def test_a_silent_client_is_let_go(server, monkeypatch):
    monkeypatch.setattr(http_server._Handler, "timeout", 0.2)
    assert talk(server) == b""
    assert_error(talk(server, POST + b"Content-Length: 10\r\n\r\nab"), 408)


def test_connections_are_bounded(server, echo, monkeypatch):
    monkeypatch.setattr(http_server, "MAX_CONNECTIONS", 3)
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(connection(server))
        until(lambda: len(server._connections) == 3)
        assert_error(talk(server), 503, "3 connections")
    until(lambda: not server._connections)
    assert talk(server, b"GET /a HTTP/1.0\r\n\r\n").endswith(b"GET /a 0")


def test_threads_end_with_their_connections(server):
    before = threading.active_count()
    for _ in range(50):
        talk(server, b"GET /a HTTP/1.0\r\n\r\n")
    until(lambda: threading.active_count() <= before)


def test_stopping_finishes_requests_and_closes_idle_connections(echo):
    server = HttpServer(bind("127.0.0.1", 0), echo)
    server.start()
    echo.gate.clear()
    with connection(server) as sending, connection(server) as busy:
        sending.sendall(POST + b"Content-Length: 4\r\n\r\nab")  # there is more to come
        with connection(server) as silent:
            until(lambda: list(server._connections.values()).count(True) == 1)
            busy.sendall(b"GET /slow HTTP/1.1\r\n\r\n")
            until(lambda: echo.running == 1)
            stopping = threading.Thread(target=server.stop, args=(20,))
            stopping.start()
            assert silent.recv(1) == b""
            assert stopping.is_alive()
            sending.sendall(b"cd")
            echo.gate.set()
            for client, words in ((busy, b"GET /slow 0"), (sending, b"POST /a 4")):
                with client.makefile("rb") as reader:
                    answer = reader.read()
                assert b"Connection: close" in answer and answer.endswith(words)
            stopping.join(10)
            assert not stopping.is_alive()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", server.port), timeout=5)


def test_a_port_that_is_taken(server):
    with pytest.raises(OSError, match="in use"):
        bind("127.0.0.1", server.port)
