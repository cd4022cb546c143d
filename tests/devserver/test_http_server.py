"""HTTP as such: connections, bodies, and everything that is no HTTP."""

import contextlib
import json
import select
import socket
import struct
import threading
import time

import pytest

from stargan_tf.devserver.http_server import HttpServer, bind
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
        assert int(environ.get("CONTENT_LENGTH", 0)) == len(body)
        answer = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {len(body)}".encode()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [answer]


@pytest.fixture
def echo():
    return Echo()


@pytest.fixture
def make(echo):
    """Starts servers of `echo`, which stop when the test ends."""
    with contextlib.ExitStack() as stack:

        def make(**settings):
            server = HttpServer(bind("127.0.0.1", 0), echo, **settings)
            server.start()
            stack.callback(server.stop, 10)
            return server

        stack.callback(echo.gate.set)
        yield make
        echo.gate.set()


@pytest.fixture
def server(make):
    return make()


@contextlib.contextmanager
def connection(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        yield client


def talk(server, *pieces):
    """Sends bytes and returns all that comes back until the server closes."""
    with connection(server) as client:
        for piece in pieces:
            client.sendall(piece)
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


POST = b"POST /a HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),  # TLS
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"GET /a HTTP/9.9\r\n\r\n", 400),
        (b"GET /a HTTP/x\r\n\r\n", 400),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 431),
        (b"GET /a HTTP/1.1\r\n" + b"X: yyy\r\n" * 10_000 + b"\r\n", 431),
        (b"GET /a HTTP/1.1\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", 431),
        (b"GET http://[x/ HTTP/1.1\r\n\r\n", 400),
        (POST + b"Content-Length: x\r\n\r\n", 400),
        (POST + b"Content-Length: -5\r\n\r\n", 400),
        (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400),
        (POST + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n", 413),
        (POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
        (POST + b"Content-Length: 999999999999\r\n\r\nxx", 413),
        (POST + b"Transfer-Encoding: gzip\r\n\r\nxx", 501),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n", 400),
    ],
)
def test_what_is_no_http(server, data, status):
    start = time.monotonic()
    assert_error(talk(server, data), status)
    assert time.monotonic() - start < 5
    assert talk(server, b"GET /a HTTP/1.0\r\n\r\n").endswith(b"GET /a 0"), "it goes on"


def test_what_was_sent_is_not_sent_back_whole(server):
    data = b"POST / HTTP/1.1\r\nTransfer-Encoding: " + b"x" * 5000 + b"\r\n\r\n"
    answer = talk(server, data)
    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 501"))
    assert len(answer) < 1000


def test_a_body_that_is_too_large(server):
    server.adj.max_request_body_size = 2**20
    length = f"Content-Length: {20 * 2**20}\r\n\r\n".encode()
    # A client that sends the rest all the same finds the connection closed.
    for head in (POST + length, POST + b"Expect: 100-continue\r\n" + length):
        assert_error(talk(server, head), 413, "exceeds max_body of 1048576")
    chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n" % (20 * 2**20)
    assert_error(talk(server, chunked, b"x" * 2**20), 413, "exceeds max_body of 1048576")
    assert talk(server, b"GET /a HTTP/1.0\r\n\r\n").endswith(b"GET /a 0"), "it goes on"


def test_a_silent_client_is_let_go(make):
    server = make(patience=1)
    start = time.monotonic()
    assert talk(server) == b""
    assert_error(talk(server, POST + b"Content-Length: 10\r\n\r\nab"), 408, "within 1 s")
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    "data",
    [
        POST[:-2],
        POST + b"X: y",
        POST + b"Content-Length: 1000\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n",
    ],
    ids=["line", "headers", "body", "chunks"],
)
def test_a_whole_request_has_a_deadline(make, data):
    """A byte now and then is never silence; others are answered meanwhile."""
    server = make(patience=2)
    with connection(server) as slow, slow.makefile("rb") as reader:
        slow.sendall(data)
        start = time.monotonic()
        answered = 0
        while not select.select([slow], [], [], 0.1)[0]:
            slow.sendall(b"1")
            answered += talk(server, b"GET /a HTTP/1.0\r\n\r\n").endswith(b"GET /a 0")
            assert time.monotonic() - start < 20
        assert time.monotonic() - start > 1.9
        assert_error(reader.read(), 408, "did not arrive whole within 2 s")
        assert answered > 5


def test_the_deadline_is_of_one_request(make):
    """A kept connection may live longer than one request may take."""
    server = make(patience=2)
    with connection(server) as client, client.makefile("rb") as reader:
        for _ in range(6):
            client.sendall(POST + b"Content-Length: 2\r\n\r\na")
            time.sleep(0.6)
            client.sendall(b"b")
            assert read_answer(reader) == (200, b"POST /a 2")


def test_an_answer_that_takes_long_has_no_deadline(make, echo):
    server = make(patience=1)
    echo.gate.clear()
    with connection(server) as client, client.makefile("rb") as reader:
        client.sendall(POST + b"Content-Length: 2\r\n\r\nab")
        time.sleep(3)
        echo.gate.set()
        assert read_answer(reader) == (200, b"POST /a 2")


def test_connections_are_bounded_and_later_ones_wait(server):
    server.adj.connection_limit = 5  # the listening socket and a pipe are among them
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(connection(server))
        until(lambda: len(server.active_channels) == 3)
        late = stack.enter_context(connection(server))
        late.sendall(b"GET /a HTTP/1.0\r\n\r\n")
        late.settimeout(0.5)
        with pytest.raises(TimeoutError):
            late.recv(1)
        first = server.active_channels[min(server.active_channels)]
        first.will_close = True
        server.pull_trigger()
        late.settimeout(30)
        assert late.recv(100).startswith(b"HTTP/1.0 200")


def test_clients_that_hang_up_leave_nothing(server):
    for data in (b"", b"GET /a HTTP/1.1\r\n\r\n" * 10, POST + b"Content-Length: 10\r\n\r\na"):
        for _ in range(10):
            with connection(server) as client:
                # Closed with a reset rather than in peace.
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.sendall(data)
    until(lambda: not server.active_channels)
    start = time.process_time()
    time.sleep(0.5)
    assert time.process_time() - start < 0.25, "the server does not rest"
    assert talk(server, b"GET /a HTTP/1.0\r\n\r\n").endswith(b"GET /a 0")


def test_connections_take_no_threads(server):
    before = threading.active_count()
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(connection(server))
        until(lambda: len(server.active_channels) == 50)
        assert threading.active_count() <= before
    until(lambda: not server.active_channels)


def test_stopping_finishes_requests_and_closes_idle_connections(echo):
    server = HttpServer(bind("127.0.0.1", 0), echo)
    server.start()
    echo.gate.clear()
    with connection(server) as sending, connection(server) as busy:
        sending.sendall(POST + b"Content-Length: 4\r\n\r\nab")  # there is more to come
        with connection(server) as silent:
            until(lambda: len(server.active_channels) == 3)
            until(lambda: any(channel.request for channel in server.active_channels.values()))
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
                assert answer.endswith(words)
            stopping.join(10)
            assert not stopping.is_alive()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", server.port), timeout=5)


def test_a_port_that_is_taken(server):
    with pytest.raises(OSError, match="in use"):
        bind("127.0.0.1", server.port)
