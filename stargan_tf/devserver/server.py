"""The development server: models, gRPC and REST together."""

from collections.abc import Callable

from stargan_tf.config.serve import ServeConfig
from stargan_tf.devserver.grpc_service import GrpcService, make_server
from stargan_tf.devserver.http_server import HttpServer, bind
from stargan_tf.devserver.metrics import Metrics
from stargan_tf.devserver.repository import Repository
from stargan_tf.devserver.rest_service import RestApplication
from stargan_tf.devserver.settings import ModelsFinder
from stargan_tf.errors import UserError

# Seconds that running requests have to end when the server stops.
PATIENCE = 30.0


class Server:
    """A server in this process.

    Attributes:
      grpc_port: set by `start`.
      rest_port: set by `start`.
      repository: the models.
    """

    def __init__(
        self, config: ServeConfig, find_models: ModelsFinder, report: Callable[[str], None]
    ) -> None:
        """Prepares a server that neither loads nor answers yet.

        Args:
          config: where it listens, and how often it looks for new versions.
          find_models: says which models there are, again at each look.
          report: is told a line about whatever happens.
        """
        self._config = config
        self._report = report
        self.grpc_port = 0
        self.rest_port = 0
        self.repository = Repository(find_models, report=report)
        metrics = Metrics()
        self._rest_application = RestApplication(self.repository, metrics)
        self._grpc, self._grpc_threads = make_server(GrpcService(self.repository, metrics))
        self._rest: HttpServer | None = None

    def start(self) -> None:
        """Loads the models, then answers; raises UserError for want of a model or a port."""
        config, host = self._config, self._config.host
        address = f"[{host}]" if ":" in host else host
        self.repository.start(config.file_system_poll_wait_seconds)
        available = self.repository.available()
        if not any(available.values()):
            names = ", ".join(sorted(available)) or "none"
            raise UserError(
                f"None of the models could be loaded ({names}), expected at least one: see the "
                "warnings above, or export a model again."
            )
        try:
            self.grpc_port = self._grpc.add_insecure_port(f"{address}:{config.port}")
            self._rest = HttpServer(bind(host, config.rest_api_port), self._rest_application)
        except (OSError, RuntimeError) as error:
            raise UserError(
                f"Port {config.port} or {config.rest_api_port} on {host} was taken while the "
                "models were loaded: choose another one."
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
        self.repository.stop()
