"""A server in this process."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stargan_tf.config.serve import ServeConfig
from stargan_tf.devserver.discovery import find_models
from stargan_tf.devserver.server import Server
from stargan_tf.devserver.settings import ModelsFinder


@contextlib.contextmanager
def running_server(
    models_dir: Path, models_finder: ModelsFinder | None = None, **settings: Any
) -> Iterator[Server]:
    """Runs a server while the block runs.

    Args:
      models_dir: folder of models, NAME/VERSION.
      models_finder: finds other models.
      **settings: fields of `ServeConfig`; ports are free ones by default.
    """
    defaults = {"port": 0, "rest_api_port": 0, "file_system_poll_wait_seconds": 0.05}
    config = ServeConfig(**{**defaults, **settings})
    find = models_finder or (lambda: find_models(models_dir))
    server = Server(config, find, report=lambda line: None)
    try:
        server.start()
        yield server
    finally:
        server.stop()
