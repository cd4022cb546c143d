"""The configuration files of TensorFlow Serving, read and checked.

They are protocol buffers in text form. Two of the messages are not in the package
tensorflow-serving-api, so the parts of them that matter here are described below.
"""

import dataclasses
import os
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf.message import Message
from tensorflow_serving.config import model_server_config_pb2

from stargan_tf.errors import UserError
from stargan_tf.serving.server.versions import ModelSettings, Policy

DEFAULT_METRICS_PATH = "/monitoring/prometheus/metrics"

_Field = descriptor_pb2.FieldDescriptorProto
_PLAIN = {"int64": _Field.TYPE_INT64, "bool": _Field.TYPE_BOOL, "string": _Field.TYPE_STRING}
# Message: {field: type}, numbered in this order; [] after a type means repeated.
_MESSAGES = {
    "Int": {"value": "int64"},
    "Bool": {"value": "bool"},
    "Text": {"value": "string"},
    "BatchingParameters": {
        "max_batch_size": "Int",
        "batch_timeout_micros": "Int",
        "max_enqueued_batches": "Int",
        "num_batch_threads": "Int",
        "thread_pool_name": "Text",
        "allowed_batch_sizes": "int64[]",
        "pad_variable_length_inputs": "bool",
        "enable_large_batch_splitting": "Bool",
        "max_execution_batch_size": "Int",
    },
    "PrometheusConfig": {"enable": "bool", "path": "string"},
    "MonitoringConfig": {"prometheus_config": "PrometheusConfig"},
}


@dataclasses.dataclass(frozen=True)
class BatchingParameters:
    """How requests are merged, with TensorFlow Serving's names and defaults.

    Attributes:
      max_batch_size: most rows that are run at once, and that one request may have.
      batch_timeout_micros: how long a request waits for others to join it.
      max_enqueued_batches: how many batches of a kind may wait; more requests are
        refused.
      num_batch_threads: how many batches run at the same time.
    """

    max_batch_size: int = 1000
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 10
    num_batch_threads: int = os.cpu_count() or 1


def read_models(path: Path, models_dir: Path) -> list[ModelSettings]:
    """Reads a --model_config_file.

    Args:
      path: the file.
      models_dir: where models are looked up whose base path is one inside a container.

    Raises:
      UserError: it cannot be read, or makes no sense.
    """
    message = _read(path, model_server_config_pb2.ModelServerConfig())
    models: dict[str, ModelSettings] = {}
    for config in message.model_config_list.config:
        if not config.name or not config.base_path or config.name in models:
            raise UserError(
                f"{path} has a model named {config.name!r} with the base_path "
                f"{config.base_path!r}, expected a name of its own and a folder: correct it."
            )
        if config.model_platform not in ("", "tensorflow"):
            raise UserError(
                f"{path} gives model {config.name} the platform {config.model_platform!r}, "
                "expected tensorflow: correct it."
            )
        base_path = _find_base_path(path, config.name, Path(config.base_path), models_dir)
        models[config.name] = ModelSettings(
            config.name,
            base_path,
            _policy(path, config.name, config.model_version_policy),
            dict(config.version_labels),
        )
    if not models:
        raise UserError(
            f"{path} names no models, expected model_config_list {{ config {{ ... }} }}: add one."
        )
    return list(models.values())


def read_batching(path: Path) -> tuple[BatchingParameters, list[str]]:
    """Reads a --batching_parameters_file.

    Returns:
      The parameters, and the names of those in the file that are known but not used.

    Raises:
      UserError: it cannot be read, or makes no sense.
    """
    message = _read(path, _message("BatchingParameters"))
    names = [field.name for field in dataclasses.fields(BatchingParameters)]
    values = {name: getattr(message, name).value for name in names if message.HasField(name)}
    for name, value in values.items():
        least = 0 if name == "batch_timeout_micros" else 1
        if value < least:
            raise UserError(
                f"{path} has {name} {{ value: {value} }}, expected at least {least}: raise it."
            )
    unused = [field.name for field, _ in message.ListFields() if field.name not in names]
    return BatchingParameters(**values), unused


def read_monitoring(path: Path) -> str | None:
    """Reads a --monitoring_config_file.

    Returns:
      The path of Prometheus' metrics, None when they are not enabled.

    Raises:
      UserError: it cannot be read, or makes no sense.
    """
    config = _read(path, _message("MonitoringConfig")).prometheus_config
    metrics_path = config.path or DEFAULT_METRICS_PATH
    if not metrics_path.startswith("/"):
        raise UserError(
            f"{path} has the path {metrics_path!r}, expected one that starts with /: correct it."
        )
    return metrics_path if config.enable else None


def _read(path: Path, message: Any) -> Any:
    """Fills a message from a file in text form."""
    try:
        return text_format.Parse(path.read_text(), message)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}): check the path.") from error
    except text_format.ParseError as error:
        # Its own text begins with LINE:COLUMN.
        problem = str(error).partition(" : ")[2] or str(error)
        line = f" line {error.GetLine()}" if error.GetLine() else ""
        kind = message.DESCRIPTOR.name
        raise UserError(
            f"{path}{line} is no {kind} of TensorFlow Serving ({problem.rstrip('. ')}): correct it."
        ) from error


def _find_base_path(file: Path, name: str, base_path: Path, models_dir: Path) -> Path:
    """The folder of a model, here or, for a path inside a container, in `models_dir`."""
    for folder in (base_path, models_dir / base_path.name):
        if folder.is_dir():
            return folder
    raise UserError(
        f"{file} gives model {name} the base_path {base_path}, but neither that nor "
        f"{models_dir / base_path.name} is a folder: correct it, or pass --models_dir."
    )


def _policy(file: Path, name: str, message: Any) -> Policy:
    choice = message.WhichOneof("policy_choice")
    if choice == "all":
        return Policy(latest=0)
    if choice == "specific":
        if not message.specific.versions:
            raise UserError(f"{file} gives model {name} no specific versions: name at least one.")
        return Policy(specific=tuple(message.specific.versions))
    return Policy(latest=message.latest.num_versions or 1)


def _message(name: str) -> Message:
    """An empty message of those described above.

    They live in a pool of their own, so that they can never clash with those of
    TensorFlow Serving.
    """
    file = descriptor_pb2.FileDescriptorProto(
        name="serving_config.proto", package="serving_config", syntax="proto3"
    )
    for message_name, fields in _MESSAGES.items():
        message = file.message_type.add(name=message_name)
        for number, (field_name, kind) in enumerate(fields.items(), start=1):
            plain = _PLAIN.get(kind.removesuffix("[]"))
            message.field.add(
                name=field_name,
                number=number,
                label=_Field.LABEL_REPEATED if kind.endswith("[]") else _Field.LABEL_OPTIONAL,
                type=plain or _Field.TYPE_MESSAGE,
                type_name=None if plain else f".serving_config.{kind}",
            )
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    descriptor = pool.FindMessageTypeByName(f"serving_config.{name}")
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)()
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)()  # protobuf 3
