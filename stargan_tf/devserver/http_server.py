"""HTTP for a WSGI application: waitress, with a deadline for each request and errors in JSON."""

import contextlib
import json
import logging
import socket
import threading
import time
from typing import Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import Error

# Seconds for a whole request, from its first byte to its last, and for the silence between two.
PATIENCE = 60
# Seconds in which the client must close a connection after the last answer.
LINGER = 5
_SETTINGS = {
    "threads": 32,
    "connection_limit": 256,
    "max_request_body_size": 256 * 2**20,
    "max_request_header_size": 64 * 2**10,
    "recv_bytes": 2**18,
    "outbuf_high_watermark": 2**62,  # no thread shall wait for a client that reads slowly
    "cleanup_interval": 1,
    "asyncore_use_poll": True,
    "log_socket_errors": False,
    "ident": None,
}


class _Request(HTTPRequestParser):
    """A request that is arriving since `began`, in time.time()."""

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self.began = time.time()

    def received(self, data: bytes) -> int:
        count = super().received(data)
        if self.error:
            self.expect_continue = False  # nobody shall send what was rejected already
        return count

    def parse_header(self, header_plus: bytes) -> None:
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError(f"a number or the address is damaged ({error})") from error
        if self.version not in ("", "1.0", "1.1"):
            raise ParsingError(f"found HTTP/{self.version}, expected HTTP/1.1")
        has_length = self.chunked or "CONTENT_LENGTH" in self.headers
        if self.command not in ("GET", "HEAD") and not has_length:
            # A body without a length must not be taken for the next request.
            self.headers["CONNECTION"] = "close"


class _Answer(WSGITask):
    """An answer, the last one of its connection when the server stops."""

    def build_response_header(self) -> bytes:
        if self.channel.server.stopping:
            self.set_close_on_finish()
        return super().build_response_header()


class _Rejection(ErrorTask):
    """The answer to what waitress rejects, as JSON."""

    def execute(self) -> None:
        error, adj = self.request.error, self.channel.adj
        mib, kib = adj.max_request_body_size >> 20, adj.max_request_header_size >> 10
        sentence = {
            408: f"The request did not arrive whole within {adj.channel_timeout} s: send faster.",
            413: f"The body is larger than {mib} MiB: send less at once.",
            431: f"The headers are larger than {kib} KiB: send fewer or shorter ones.",
        }.get(error.code, f"The request cannot be read: {error.body}.")
        body = json.dumps({"error": sentence}).encode()
        self.version = "1.1"  # that of the request is unknown, or not to be trusted
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", "application/json"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Connection(HTTPChannel):
    """A connection, whose requests have a deadline and whose last answer is not lost."""

    parser_class, task_class, error_task_class = _Request, _Answer, _Rejection
    # When the last answer was sent, in time.time(); what still arrives then is thrown away.
    ended: float | None = None

    def received(self, data: bytes) -> bool:
        return self.ended is None and super().received(data)

    def handle_read(self) -> None:
        if self.request and self.ended is None:
            with contextlib.suppress(OSError):
                if not self.socket.recv(1, socket.MSG_PEEK):
                    self.reject(400, "Bad Request", "it ended before it was whole")
                    return
        super().handle_read()

    def handle_write(self) -> None:
        """Sends what there is, and after the last answer waits for the client to close.

        waitress closes at once. When a part of the request is unread, that discards the answer.
        """
        is_last, self.close_when_flushed = self.close_when_flushed, False
        super().handle_write()
        if is_last and self.total_outbufs_len:
            self.close_when_flushed = True
        elif is_last and self.connected:
            self.ended = time.time()
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)

    def reject(self, status: int, reason: str, problem: str = "") -> None:
        """Answers a request that is not whole with an error."""
        error = Error(problem)
        error.code, error.reason = status, reason
        with self.requests_lock:
            self.request.error, self.request.completed = error, True
            self.requests.append(self.request)
            self.request = None
        self.server.add_task(self)

    def tend(self, now: float) -> None:
        """Ends what has taken too long; `now` is time.time()."""
        patience = self.adj.channel_timeout
        if self.requests:
            return  # an answer is on its way
        if self.ended is not None:
            self.will_close = now - self.ended > LINGER
        elif self.request:
            # waitress's own timeout is of silence, and starts again with every byte.
            if now - self.request.began > patience:
                self.reject(408, "Request Timeout")
        elif now - self.last_activity > patience:
            self.will_close = True
        elif self.server.stopping and not self.total_outbufs_len:
            self.will_close = True


class HttpServer(TcpWSGIServer):
    """Serves a WSGI application on `port`, until it is told to stop (`stopping`)."""

    channel_class = _Connection

    def __init__(self, bound: socket.socket, app: Any, patience: int = PATIENCE) -> None:
        """Takes over a socket; each request has `patience` seconds to arrive."""
        # Whatever a client does wrong is no concern of who runs the server.
        logging.getLogger("waitress").setLevel(logging.CRITICAL)
        info = (bound.family, bound.type, bound.proto, bound.getsockname())
        options = {"_sock": bound, "_start": False, "bind_socket": False, "sockinfo": info}
        super().__init__(app, **options, **_SETTINGS, channel_timeout=patience)
        self.port = int(self.effective_port)
        self.stopping = False
        self._thread = threading.Thread(target=self.run, name="rest", daemon=True)

    def start(self) -> None:
        """Answers from now on, in threads of its own."""
        self.accept_connections()
        self._thread.start()

    def stop(self, patience: float) -> None:
        """Accepts nothing more and waits, `patience` seconds at most, for what is running."""
        self.stopping, self.accepting = True, False
        deadline = time.monotonic() + patience
        while self.active_channels and time.monotonic() < deadline:
            self.next_channel_cleanup = 0
            self.pull_trigger()
            time.sleep(0.02)
        if self._thread.is_alive():
            self.trigger.pull_trigger(lambda: wasyncore.close_all(self._map))
            self._thread.join()
        self.task_dispatcher.shutdown()

    def maintenance(self, now: float) -> None:
        """Closes what is silent for too long, and what does not keep its deadline."""
        for channel in list(self.active_channels.values()):
            channel.tend(now)


def bind(host: str, port: int) -> socket.socket:
    """Binds a socket, for `HttpServer`; raises OSError if the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)
