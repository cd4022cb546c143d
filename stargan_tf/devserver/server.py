"""The development server: models, gRPC and REST together."""

from collections.abc import Callable
from pathlib import Path

from stargan_tf.config.serve import ServeConfig
from stargan_tf.devserver.grpc_service import GrpcService, make_server
from stargan_tf.devserver.http_server import HttpServer, bind
from stargan_tf.devserver.metrics import Metrics
from stargan_tf.devserver.page import Page
from stargan_tf.devserver.repository import Repository
from stargan_tf.devserver.rest_service import RestApplication
from stargan_tf.devserver.settings import ModelsFinder
from stargan_tf.errors import UserError

# Seconds that running requests have to end when the server stops.
PATIENCE = 30.0


class Server:
    """A server in this process; `start` sets `grpc_port` and `rest_port`."""

    def __init__(
        self, config: ServeConfig, find_models: ModelsFinder, report: Callable[[str], None]
    ) -> None:
        """Prepares a server that neither loads nor answers yet, and reports in lines."""
        self._config, self._report = config, report
        self.grpc_port = self.rest_port = 0
        self.repository = Repository(find_models, report=report)
        metrics = Metrics()
        self._page = Page(Path(config.page_dir))
        self._rest_application = RestApplication(self.repository, metrics, self._page)
        self._grpc, self._grpc_threads = make_server(GrpcService(self.repository, metrics))
        self._rest: HttpServer | None = None

    def start(self) -> None:
        """Loads the models, then answers; raises UserError for want of a model or a port."""
        config, host = self._config, self._config.host
        address = f"[{host}]" if ":" in host else host
        self.repository.start(config.file_system_poll_wait_seconds)
        available = self.repository.available()
        if not any(available.values()):
            problem = f"None of the models could be loaded ({', '.join(available)})"
            raise UserError(f"{problem}: see the warnings above, or export a model again.")
        try:
            self.grpc_port = self._grpc.add_insecure_port(f"{address}:{config.port}")
            self._rest = HttpServer(bind(host, config.rest_api_port), self._rest_application)
        except (OSError, RuntimeError) as error:
            problem = f"Port {config.port} or {config.rest_api_port} on {host} was taken meanwhile"
            raise UserError(f"{problem}: choose another one.") from error
        self.rest_port = self._rest.port
        self._grpc.start()
        self._rest.start()
        where = f"http://{address}:{self.rest_port}/"
        if self._page.is_built:
            self._report(f"A page that translates in the browser: {where}")
        else:
            self._report(f"No page in {self._page.folder} for {where} yet: make page builds it.")
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
