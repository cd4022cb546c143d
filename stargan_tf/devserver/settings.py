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
        problem = f"--models_dir={models_dir} holds no models, expected folders NAME/VERSION"
        raise UserError(f"{problem} with a SavedModel: export one, or name another folder.")
    return lambda: find_models(models_dir)


def check_ports(config: ServeConfig) -> None:
    """Raises UserError unless both ports can be had now."""
    for flag in ("port", "rest_api_port"):
        try:
            bind(config.host, getattr(config, flag)).close()
        except OSError as error:
            problem = f"--{flag}={getattr(config, flag)} cannot be used on --host={config.host}"
            advice = "choose another port, such as 0 for any that is free"
            raise UserError(f"{problem} ({error.strerror}): {advice}.") from error


def read_models(path: Path, models_dir: Path) -> list[ModelSettings]:
    """Reads a --model_config_file, a ModelServerConfig in text form.

    A base path that exists in a container only is looked up in `models_dir`. Raises UserError
    if the file cannot be read, or makes no sense.
    """
    models: dict[str, ModelSettings] = {}
    try:
        file = text_format.Parse(
            path.read_text(encoding="utf-8"), model_server_config_pb2.ModelServerConfig()
        )
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}): check the path.") from error
    except text_format.ParseError as error:
        where = f"{path} line {error.GetLine() or 1}"
        raise UserError(f"{where} is no ModelServerConfig ({error}): correct it.") from error
    for config in file.model_config_list.config:
        if not config.name or not config.base_path or config.name in models:
            found = f"a model named {config.name!r} with the base_path {config.base_path!r}"
            raise UserError(f"{path} has {found}, expected a folder and a name of its own.")
        models[config.name] = _settings(f"{path} gives model {config.name}", config, models_dir)
    if not models:
        expected = "model_config_list { config { ... } }"
        raise UserError(f"{path} names no models, expected {expected}: add one.")
    return list(models.values())


def _settings(prefix: str, config: Any, models_dir: Path) -> ModelSettings:
    """Checks one model of the file; `prefix` begins the sentence of an error."""
    if (platform := config.model_platform) not in ("", "tensorflow"):
        raise UserError(f"{prefix} the platform {platform!r}, expected tensorflow: correct it.")
    here = Path(config.base_path)
    folder = here if here.is_dir() else models_dir / here.name
    if not folder.is_dir():
        problem = f"the base_path {here}, but neither that nor {folder} is a folder"
        raise UserError(f"{prefix} {problem}: correct it, or pass --models_dir.")
    policy = config.model_version_policy
    specific = tuple(policy.specific.versions)
    if policy.HasField("specific") and not specific:
        raise UserError(f"{prefix} no specific versions: name at least one.")
    latest = 0 if policy.HasField("all") else policy.latest.num_versions or 1
    return ModelSettings(config.name, folder, latest, specific, dict(config.version_labels))
