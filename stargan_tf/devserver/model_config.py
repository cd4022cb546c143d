"""The model config file of TensorFlow Serving, read and checked."""

from pathlib import Path
from typing import Any

from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from stargan_tf.devserver.discovery import ModelSettings
from stargan_tf.errors import UserError


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
