"""What the command's flags and files ask of the server, checked before TensorFlow is loaded."""

from collections.abc import Callable
from pathlib import Path

from stargan_tf.config.serve import ServeConfig
from stargan_tf.devserver.discovery import ModelSettings, find_models
from stargan_tf.devserver.http_server import bind
from stargan_tf.devserver.model_config import read_models
from stargan_tf.errors import UserError

ModelsFinder = Callable[[], list[ModelSettings]]


def models_finder(config: ServeConfig) -> ModelsFinder:
    """What finds the models at each look; raises UserError for a bad file or no models."""
    models_dir, file = Path(config.models_dir), Path(config.model_config_file)
    if config.model_config_file:
        read_models(file, models_dir)  # its mistakes, at once
        return lambda: read_models(file, models_dir)
    if config.model_name or config.model_base_path:
        base_path = Path(config.model_base_path or models_dir / config.model_name)
        return lambda: [ModelSettings(config.model_name or "default", base_path)]
    if not find_models(models_dir):
        raise UserError(
            f"--models_dir={config.models_dir} holds no models, expected folders NAME/VERSION with "
            "a SavedModel: export one, or name another folder."
        )
    return lambda: find_models(models_dir)


def check_ports(config: ServeConfig) -> None:
    """Raises UserError unless both ports can be had now."""
    for flag in ("port", "rest_api_port"):
        try:
            bind(config.host, getattr(config, flag)).close()
        except OSError as error:
            raise UserError(
                f"--{flag}={getattr(config, flag)} cannot be used on --host={config.host} "
                f"({error.strerror}): choose another port, such as 0 for any that is free, or stop "
                "what uses it."
            ) from error
