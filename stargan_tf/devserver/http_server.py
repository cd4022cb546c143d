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

MAX_CONNECTIONS = 256
LARGEST_BODY = 256 * 2**20
LARGEST_HEAD = 64 * 2**10
THREADS = 32
# Seconds for a whole request, from its first byte to its last, and for the silence between two.
PATIENCE = 60
# Seconds in which the client must close a connection after the last answer.
LINGER = 5
_SENTENCES = {
    408: "The request did not arrive whole within {patience} s: send it faster.",
    413: "The body is larger than {body} MiB: send less at once.",
    431: "The headers are larger than {head} KiB: send fewer or shorter ones.",
}


class _Request(HTTPRequestParser):
    """A request that is arriving.

    Attributes:
      began: time.time() when its first byte came.
    """

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

    def fail(self, status: int, reason: str, problem: str = "") -> None:
        """Ends the request before it is whole."""
        self.error = Error(problem)
        self.error.code, self.error.reason = status, reason
        self.completed = True


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
        sentence = _SENTENCES.get(error.code, "The request cannot be read: {problem}.").format(
            patience=adj.channel_timeout,
            body=adj.max_request_body_size >> 20,
            head=adj.max_request_header_size >> 10,
            problem=error.body,
        )
        body = json.dumps({"error": sentence}).encode()
        self.version = "1.1"  # that of the request is unknown, or not to be trusted
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", "application/json"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Connection(HTTPChannel):
    """A connection, whose requests have a deadline and whose last answer is not lost.

    Attributes:
      lingers_since: when its last answer was sent; what still arrives is thrown away.
    """

    parser_class = _Request
    task_class = _Answer
    error_task_class = _Rejection
    lingers_since: float | None = None

    def received(self, data: bytes) -> bool:
        return self.lingers_since is None and super().received(data)

    def handle_read(self) -> None:
        if self.request and self.lingers_since is None:
            with contextlib.suppress(OSError):
                if not self.socket.recv(1, socket.MSG_PEEK):
                    self.reject(400, "Bad Request", "it ended before it was whole")
                    return
        super().handle_read()

    def handle_write(self) -> None:
        """Sends what there is to be sent.

        waitress closes a connection right after its last answer. When a part of the request is
        still unread, that discards the answer on its way to the client.
        """
        is_last, self.close_when_flushed = self.close_when_flushed, False
        super().handle_write()
        if is_last and self.connected:
            if self.total_outbufs_len:
                self.close_when_flushed = True
            else:
                self.lingers_since = time.time()
                with contextlib.suppress(OSError):
                    self.socket.shutdown(socket.SHUT_WR)

    def reject(self, status: int, reason: str, problem: str = "") -> None:
        """Answers a request that is not whole with an error."""
        with self.requests_lock:
            self.request.fail(status, reason, problem)
            self.requests.append(self.request)
            self.request = None
        self.server.add_task(self)

    def tend(self, now: float) -> None:
        """Ends what has taken too long; `now` is time.time()."""
        if self.requests:
            return  # an answer is on its way
        patience = self.adj.channel_timeout
        if self.lingers_since is not None:
            self.will_close = now - self.lingers_since > LINGER
        elif self.request:
            # waitress's own timeout is of silence, and starts again with every byte.
            if now - self.request.began > patience:
                self.reject(408, "Request Timeout")
        elif now - self.last_activity > patience:
            self.will_close = True
        elif self.server.stopping and not self.total_outbufs_len:
            self.will_close = True


class HttpServer(TcpWSGIServer):
    """Serves a WSGI application on a socket that is bound already.

    Attributes:
      port: where it listens.
      stopping: whether it was told to stop.
    """

    channel_class = _Connection

    def __init__(self, bound: socket.socket, app: Any, patience: int = PATIENCE) -> None:
        """Takes over the socket `bound`; `start` begins to answer.

        Args:
          bound: what `bind` gives.
          app: the application.
          patience: seconds for a whole request, and for the silence between two.
        """
        # Whatever a client does wrong is no concern of who runs the server.
        logging.getLogger("waitress").setLevel(logging.CRITICAL)
        super().__init__(
            app,
            _sock=bound,
            _start=False,
            bind_socket=False,
            sockinfo=(bound.family, bound.type, bound.proto, bound.getsockname()),
            threads=THREADS,
            connection_limit=MAX_CONNECTIONS,
            max_request_body_size=LARGEST_BODY,
            max_request_header_size=LARGEST_HEAD,
            channel_timeout=patience,
            cleanup_interval=1,
            recv_bytes=2**18,
            outbuf_high_watermark=2**62,  # a thread shall not wait for a client that reads slowly
            asyncore_use_poll=True,
            log_socket_errors=False,
            ident=None,
        )
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
