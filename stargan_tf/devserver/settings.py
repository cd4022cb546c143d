"""What the flags and the model config file ask for, checked before TensorFlow is loaded."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from stargan_tf.config.serve import ServeConfig
from stargan_tf.devserver.discovery import ModelSettings, find_models
from stargan_tf.devserver.http_server import bind
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


def read_models(path: Path, models_dir: Path) -> list[ModelSettings]:
    """Reads a --model_config_file.

    Args:
      path: the file, a ModelServerConfig in text form.
      models_dir: where models are looked up whose base path is one inside a container.

    Raises:
      UserError: it cannot be read, or makes no sense.
    """
    models: dict[str, ModelSettings] = {}
    for config in _parsed(path).model_config_list.config:
        if not config.name or not config.base_path or config.name in models:
            raise UserError(
                f"{path} has a model named {config.name!r} with the base_path "
                f"{config.base_path!r}, expected a name of its own and a folder: correct it."
            )
        models[config.name] = _settings(f"{path} gives model {config.name}", config, models_dir)
    if not models:
        raise UserError(
            f"{path} names no models, expected model_config_list {{ config {{ ... }} }}: add one."
        )
    return list(models.values())


def _parsed(path: Path) -> Any:
    try:
        return text_format.Parse(path.read_text(), model_server_config_pb2.ModelServerConfig())
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}): check the path.") from error
    except text_format.ParseError as error:
        # Its own text begins with LINE:COLUMN.
        problem = (str(error).partition(" : ")[2] or str(error)).rstrip(". ")
        line = f" line {error.GetLine()}" if error.GetLine() else ""
        raise UserError(
            f"{path}{line} is no ModelServerConfig of TensorFlow Serving ({problem}): correct it."
        ) from error


def _settings(prefix: str, config: Any, models_dir: Path) -> ModelSettings:
    """Checks one model of the file; `prefix` begins the sentence of an error."""
    if config.model_platform not in ("", "tensorflow"):
        platform = config.model_platform
        raise UserError(f"{prefix} the platform {platform!r}, expected tensorflow: correct it.")
    here = Path(config.base_path)
    inside = models_dir / here.name  # for a path inside a container
    if not here.is_dir() and not inside.is_dir():
        raise UserError(
            f"{prefix} the base_path {here}, but neither that nor {inside} is a folder: correct "
            "it, or pass --models_dir."
        )
    policy = config.model_version_policy
    latest, specific = policy.latest.num_versions or 1, tuple(policy.specific.versions)
    if policy.HasField("specific") and not specific:
        raise UserError(f"{prefix} no specific versions: name at least one.")
    if policy.HasField("all"):
        latest = 0
    folder = here if here.is_dir() else inside
    return ModelSettings(config.name, folder, latest, specific, dict(config.version_labels))
