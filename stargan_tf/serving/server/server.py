"""The development server: models, gRPC and REST together."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from stargan_tf.errors import UserError
from stargan_tf.serving.server.batching import Batcher
from stargan_tf.serving.server.grpc_service import make_server
from stargan_tf.serving.server.http_server import HttpServer, bind
from stargan_tf.serving.server.metrics import Metrics
from stargan_tf.serving.server.predict import Predictor
from stargan_tf.serving.server.repository import Repository
from stargan_tf.serving.server.rest_service import RestApplication
from stargan_tf.serving.server.setup import ServerSettings
from stargan_tf.serving.server.versions import find_models

# Seconds that running requests have to end when the server stops.
PATIENCE = 30.0


def say(line: str) -> None:
    """Prints a line at once: warnings to stderr, the rest to stdout."""
    with contextlib.suppress(OSError):  # a closed pipe is no reason to stop serving
        print(line, file=sys.stderr if line.startswith("warning:") else sys.stdout, flush=True)


class Server:
    """A server in this process.

    Attributes:
      grpc_port: set by `start`.
      rest_port: set by `start`.
      repository: the models.
    """

    def __init__(self, settings: ServerSettings, report: Callable[[str], None] = say) -> None:
        """Prepares a server that neither loads nor answers yet."""
        self._settings = settings
        self._report = report
        self.grpc_port = 0
        self.rest_port = 0
        self.repository = Repository(settings.find_models, report=report)
        self._batcher = Batcher(settings.batching)
        predictor = Predictor(self.repository, self._batcher, Metrics())
        self._rest_application = RestApplication(predictor, settings.metrics_path)
        self._grpc, self._grpc_threads = make_server(predictor)
        self._rest: HttpServer | None = None

    def start(self) -> None:
        """Loads the models, then answers.

        Raises:
          UserError: a port is taken, or no model can be loaded.
        """
        host = self._settings.host
        address = f"[{host}]" if ":" in host else host
        self.repository.start(self._settings.poll_seconds)
        available = self.repository.available()
        if not any(available.values()):
            names = ", ".join(sorted(available)) or "none"
            raise UserError(
                f"None of the models could be loaded ({names}), expected at least one: see the "
                "warnings above, or export a model again."
            )
        try:
            self.grpc_port = self._grpc.add_insecure_port(f"{address}:{self._settings.port}")
            self._rest = HttpServer(bind(host, self._settings.rest_port), self._rest_application)
        except (OSError, RuntimeError) as error:
            raise UserError(
                f"Port {self._settings.port} or {self._settings.rest_port} on {host} was taken "
                "while the models were loaded: choose another one."
            ) from error
        self.rest_port = self._rest.port
        self._grpc.start()
        self._rest.start()
        self._report(f"gRPC on {address}:{self.grpc_port}")
        self._report(f"REST on http://{address}:{self.rest_port}")

    def stop(self, patience: float = PATIENCE) -> None:
        """Accepts nothing more, finishes what is running, and lets go of the models."""
        finished = self._grpc.stop(patience)
        if self._rest:
            self._rest.stop(patience)
        finished.wait()
        self._grpc_threads.shutdown()
        self._batcher.stop()
        self.repository.stop()


@contextlib.contextmanager
def running_server(models_dir: Path, **settings: Any) -> Iterator[Server]:
    """Runs a server in this process while the block runs, for tests.

    Args:
      models_dir: folder of models, NAME/VERSION.
      **settings: other fields of `ServerSettings`; ports are free ones by default.
    """
    defaults = {"find_models": lambda: find_models(models_dir), "poll_seconds": 0.05}
    server = Server(ServerSettings(**{**defaults, **settings}), report=lambda line: None)
    try:
        server.start()
        yield server
    finally:
        server.stop()
