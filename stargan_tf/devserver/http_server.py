"""HTTP for a WSGI application: waitress, with a deadline for each request and errors in JSON."""

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
from waitress.task import ErrorTask
from waitress.utilities import Error

# Of one body, once decompressed, and of all that are worked on at the same time.
LARGEST_BODY = 256 * 2**20
# Seconds for a whole request, from its first byte to its last, and for the silence between two.
PATIENCE = 60
_SETTINGS = {
    "threads": 32,
    "connection_limit": 256,
    "max_request_body_size": LARGEST_BODY,
    "max_request_header_size": 64 * 2**10,
    "recv_bytes": 2**18,
    "outbuf_high_watermark": 2**62,  # no thread shall wait for a client that reads slowly
    "cleanup_interval": 1,
    "asyncore_use_poll": True,
}


class _Request(HTTPRequestParser):
    """A request that is arriving since `began`, in time.time()."""

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self.began = time.time()

    def parse_header(self, header_plus: bytes) -> None:
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError(f"a number or the address is damaged ({error})") from error
        if self.version not in ("", "1.0", "1.1"):
            raise ParsingError(f"found HTTP/{self.version}, expected HTTP/1.1")
        if self.content_length >= self.adj.max_request_body_size:
            self.expect_continue = False  # nobody shall send what is rejected


class _Rejection(ErrorTask):
    """The answer to what waitress rejects, as JSON."""

    def execute(self) -> None:
        error = self.request.error
        said = " ".join(error.body.split())[:200]  # it quotes what was sent
        sentence = f"The request cannot be read ({error.reason}): {said}."
        body = json.dumps({"error": sentence}).encode()
        self.version = "1.1"  # that of the request is unknown, or not to be trusted
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", "application/json"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Connection(HTTPChannel):
    """A connection, whose requests have a deadline."""

    parser_class, error_task_class = _Request, _Rejection

    def tend(self, now: float) -> None:
        """Ends what has taken too long; `now` is time.time()."""
        patience = self.adj.channel_timeout
        if self.requests:
            return  # an answer is on its way
        if not self.request:
            is_idle = self.server.stopping and not self.total_outbufs_len
            self.will_close |= is_idle or now - self.last_activity > patience
        # waitress's own timeout is of silence, and starts again with every byte.
        elif now - self.request.began > patience:
            error = Error(f"it did not arrive whole within {patience} s, send it faster")
            error.code, error.reason = 408, "Request Timeout"
            with self.requests_lock:
                self.request.error, self.request.completed = error, True
                self.requests.append(self.request)
                self.request = None
            self.server.add_task(self)


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
