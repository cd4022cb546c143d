"""An HTTP/1.1 server for a WSGI application: kept connections, bounded threads and bodies."""

import contextlib
import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Response

MAX_CONNECTIONS = 256
LARGEST_BODY = 256 * 2**20
# Larger ones take turns: as Python objects, JSON takes many times its size.
LARGE_BODY = 16 * 2**20
# Seconds that a connection may be silent, within a request or between two.
PATIENCE = 60


class _BadRequest(Exception):
    """A request that cannot be read to its end, so that the connection must close."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class _Handler(WSGIRequestHandler):
    """One connection, with one request after the other.

    Werkzeug's own way to answer closes the connection after each, since an application
    may leave a part of the body unread; here the body is read before.
    """

    protocol_version = "HTTP/1.1"
    timeout = PATIENCE
    # An answer goes out in one piece, not its headers first.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: "HttpServer"

    def run_wsgi(self) -> None:
        """Answers one request."""
        with contextlib.ExitStack() as stack:
            try:
                environ = self.make_environ()
                body = self._read_body(environ, stack)
            except _BadRequest as error:
                self.close_connection = True
                self._send(error.status, "application/json", _error(str(error)))
                self._drain()
                return
            except ValueError:  # an address that is no address
                self.close_connection = True
                self._send(400, "application/json", _error("The request's address is damaged."))
                return
            environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
            del body
            response = Response.from_app(self.server.app, environ)
            if self.server.stopping:
                self.close_connection = True
            self._send(response.status_code, response.content_type or "", response.get_data())

    def handle_one_request(self) -> None:
        """Waits for a request, and marks the connection as busy only from then on."""
        if not self.rfile.peek(1):  # type: ignore[attr-defined]
            self.close_connection = True
            return
        with self.server.busy(self.connection):
            super().handle_one_request()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answers what http.server itself refuses, as JSON."""
        self.close_connection = True
        self.request_version = "HTTP/1.1"  # unknown, or not to be trusted
        self.command = self.command or ""
        sentence = f"The request cannot be read: {message or explain or code}."
        self._send(int(code), "application/json", _error(sentence[:500]))
        self._drain()

    def handle_expect_100(self) -> bool:
        """Tells a client that waits for it to send the body."""
        go_on = super().handle_expect_100()
        self.wfile.flush()
        return go_on

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing about each request."""

    def log_error(self, format: str, *args: Any) -> None:  # noqa: A002
        """Says nothing about clients that fall silent."""

    def _read_body(self, environ: dict[str, Any], stack: contextlib.ExitStack) -> bytes:
        """Reads the body to its end; what `stack` holds allows for a large one."""
        if environ.get("wsgi.input_terminated"):
            stack.enter_context(self.server.large_bodies)
            return self._read_chunks(environ["wsgi.input"])
        if "Transfer-Encoding" in self.headers:
            raise _BadRequest(501, "Found an unknown Transfer-Encoding, expected chunked.")
        lengths = set(self.headers.get_all("Content-Length", []))
        if not lengths:
            # No body, then; but whoever sends one all the same must not have it taken
            # for the next request.
            if self.command not in ("GET", "HEAD"):
                self.close_connection = True
                stack.callback(self._drain)
            return b""
        (length,) = lengths if len(lengths) == 1 else ("",)
        if not (length.isascii() and length.isdigit() and len(length) < 19):
            raise _BadRequest(400, "The Content-Length is no whole number.")
        if int(length) > LARGEST_BODY:
            raise _too_large()
        if int(length) > LARGE_BODY:
            stack.enter_context(self.server.large_bodies)
        try:
            body = self.rfile.read(int(length))
        except TimeoutError as error:
            raise _BadRequest(408, f"The body did not arrive within {PATIENCE} s.") from error
        if len(body) < int(length):
            raise _BadRequest(400, f"The body ended after {len(body)} of {int(length)} bytes.")
        return body

    def _read_chunks(self, chunks: io.RawIOBase) -> bytes:
        body = bytearray()
        try:
            while piece := chunks.read(2**20):
                body += piece
                if len(body) > LARGEST_BODY:
                    raise _too_large()
        except (OSError, ValueError) as error:
            raise _BadRequest(400, "The chunks of the body are damaged.") from error
        return bytes(body)

    def _send(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _drain(self) -> None:
        """Reads what is still being sent, for a while, or the client would miss the answer."""
        deadline = time.monotonic() + 5
        buffer = bytearray(2**20)
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(1)
            while time.monotonic() < deadline and self.rfile.readinto(buffer):  # type: ignore[attr-defined]
                pass


class HttpServer(ThreadedWSGIServer):
    """Serves a WSGI application on a socket that is bound already."""

    def __init__(self, bound: socket.socket, app: Any) -> None:
        """Takes over the socket `bound`; `start` begins to answer."""
        host, port = bound.getsockname()[:2]
        super().__init__(host, port, app, _Handler, fd=bound.fileno())
        bound.close()
        self.socket.listen(self.request_queue_size)
        self.stopping = False
        self.large_bodies = threading.Semaphore()
        self._connections: dict[socket.socket, bool] = {}
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), name="rest")
        self._thread.daemon = True

    def start(self) -> None:
        """Answers from now on, in threads of its own."""
        self._thread.start()

    def stop(self, patience: float) -> None:
        """Accepts nothing more and waits, `patience` seconds at most, for what is running."""
        self.stopping = True
        self.shutdown()
        self._thread.join()
        deadline = time.monotonic() + patience
        with self._changed:
            while self._connections and (left := deadline - time.monotonic()) > 0:
                for connection, is_busy in self._connections.items():
                    if not is_busy:
                        with contextlib.suppress(OSError):
                            connection.shutdown(socket.SHUT_RD)
                self._changed.wait(left)

    @contextlib.contextmanager
    def busy(self, connection: socket.socket) -> Iterator[None]:
        """Marks a connection as answering a request."""
        with self._changed:
            self._connections[connection] = True
        try:
            yield
        finally:
            with self._changed:
                self._connections[connection] = False
                self._changed.notify_all()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Starts a thread for a connection, unless there are too many."""
        with self._changed:
            full = len(self._connections) >= MAX_CONNECTIONS
            if not full:
                self._connections[request] = False
        if not full:
            super().process_request(request, client_address)
            return
        body = _error(f"There are {MAX_CONNECTIONS} connections already: try again later.")
        head = f"HTTP/1.1 503 Service Unavailable\r\nContent-Length: {len(body)}\r\n"
        with contextlib.suppress(OSError):
            request.settimeout(1)
            request.sendall(f"{head}Content-Type: application/json\r\n".encode())
            request.sendall(b"Connection: close\r\n\r\n" + body)
        super().shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        """Closes a connection and forgets it."""
        with self._changed:
            self._connections.pop(request, None)
            self._changed.notify_all()
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing about clients that hang up; requests have been answered before."""


def bind(host: str, port: int) -> socket.socket:
    """Binds a socket, for `HttpServer`.

    Raises:
      OSError: the host is unknown or the port is taken.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


def _too_large() -> _BadRequest:
    return _BadRequest(413, f"The body is larger than {LARGEST_BODY >> 20} MiB: send less at once.")


def _error(sentence: str) -> bytes:
    return json.dumps({"error": sentence}).encode()
