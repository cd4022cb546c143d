"""Messages of TensorFlow Serving's configuration that tensorflow-serving-api lacks."""

from pathlib import Path

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf.message import Message

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


def message_of(name: str, path: Path) -> Message:
    """Reads a file in text form; raises ParseError unless it is such a message."""
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
    # A pool of their own, so that they can never clash with those of TensorFlow Serving.
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    descriptor = pool.FindMessageTypeByName(f"serving_config.{name}")
    if hasattr(message_factory, "GetMessageClass"):
        message = message_factory.GetMessageClass(descriptor)()
    else:  # protobuf 3
        message = message_factory.MessageFactory(pool).GetPrototype(descriptor)()
    return text_format.Parse(path.read_text(), message)
