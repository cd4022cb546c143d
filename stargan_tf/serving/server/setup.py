"""What the server is told at its start, out of the command's flags and files."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from stargan_tf.config.serve import ServeConfig
from stargan_tf.errors import UserError
from stargan_tf.serving.server.config_files import (
    BatchingParameters,
    read_batching,
    read_models,
    read_monitoring,
)
from stargan_tf.serving.server.http_server import bind
from stargan_tf.serving.server.versions import ModelSettings, find_models


@dataclasses.dataclass(frozen=True)
class ServerSettings:
    """Everything a server needs to know.

    Attributes:
      find_models: says which models there are, again at each look for new versions.
      host: address to listen on.
      port: for gRPC; 0 for any that is free.
      rest_port: for REST; 0 for any that is free.
      batching: how requests are merged; None for not at all.
      metrics_path: where Prometheus finds its numbers; None for nowhere.
      poll_seconds: time between two looks for new versions; 0 for one at the start.
      notes: lines to be shown at the start.
    """

    find_models: Callable[[], list[ModelSettings]]
    host: str = "127.0.0.1"
    port: int = 0
    rest_port: int = 0
    batching: BatchingParameters | None = None
    metrics_path: str | None = None
    poll_seconds: float = 1.0
    notes: tuple[str, ...] = ()


def settings_of(config: ServeConfig) -> ServerSettings:
    """Reads the files that the flags name, and checks that there is something to serve.

    Raises:
      UserError: a file makes no sense, there are no models, or a port is taken.
    """
    models = _models_finder(config)
    batching, notes = None, []
    if config.enable_batching:
        batching = BatchingParameters()
        if config.batching_parameters_file:
            batching, unused = read_batching(Path(config.batching_parameters_file))
            notes = [f"note: the development server does not use {name}." for name in unused]
    monitoring = config.monitoring_config_file
    for flag, port in (("port", config.port), ("rest_api_port", config.rest_api_port)):
        check_port(flag, config.host, port)
    return ServerSettings(
        models,
        config.host,
        config.port,
        config.rest_api_port,
        batching,
        read_monitoring(Path(monitoring)) if monitoring else None,
        config.file_system_poll_wait_seconds,
        tuple(notes),
    )


def check_port(flag: str, host: str, port: int) -> None:
    """Raises UserError unless the port can be had now."""
    try:
        bind(host, port).close()
    except OSError as error:
        raise UserError(
            f"--{flag}={port} cannot be used on --host={host} ({error.strerror}): choose another "
            "port, such as 0 for any that is free, or stop what uses it."
        ) from error


def _models_finder(config: ServeConfig) -> Callable[[], list[ModelSettings]]:
    models_dir = Path(config.models_dir)
    if config.model_config_file:
        read_models(Path(config.model_config_file), models_dir)  # its mistakes, at once
        return lambda: read_models(Path(config.model_config_file), models_dir)
    if config.model_name or config.model_base_path:
        base_path = Path(config.model_base_path or models_dir / config.model_name)
        name = config.model_name or "default"
        return lambda: [ModelSettings(name, base_path)]
    if not find_models(models_dir):
        raise UserError(
            f"--models_dir={config.models_dir} holds no models, expected folders NAME/VERSION with "
            "a SavedModel: export one, or name another folder."
        )
    return lambda: find_models(models_dir)
