"""The few protocol messages of TensorFlow Serving that the client needs.

They are made here, with the field numbers of the published protocol, because importing the
generated ones imports TensorFlow. They live in a pool of their own: TensorFlow may be imported
in the same process. Fields that are left out are skipped when they arrive, as Protocol Buffers
prescribes; enumerations are plain numbers, which look the same on the wire.
"""

from typing import Any

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2

Field = descriptor_pb2.FieldDescriptorProto

# For each message its fields: number, name, type. After the type, * is repeated, {} a map from
# strings, and |NAME one of a group, whose fields must stand together. Scalars are written as in
# Protocol Buffers, messages of another package with a dot before their full name.
_TENSORFLOW = {
    "TensorShapeProto.Dim": "1 size int64, 2 name string",
    "TensorShapeProto": "2 dim TensorShapeProto.Dim*, 3 unknown_rank bool",
    "TensorProto": (
        "1 dtype int32, 2 tensor_shape TensorShapeProto, 4 tensor_content bytes, "
        "5 float_val float*, 7 int_val int32*, 8 string_val bytes*, 10 int64_val int64*"
    ),
    "TensorInfo": "2 dtype int32, 3 tensor_shape TensorShapeProto",
    "SignatureDef": "1 inputs TensorInfo{}, 2 outputs TensorInfo{}",
}
_SERVING = {
    "ModelSpec": (
        "1 name string, 2 version .google.protobuf.Int64Value|version_choice, "
        "4 version_label string|version_choice, 3 signature_name string"
    ),
    "PredictRequest": "1 model_spec ModelSpec, 2 inputs .tensorflow.TensorProto{}",
    "PredictResponse": "1 outputs .tensorflow.TensorProto{}, 2 model_spec ModelSpec",
    "StatusProto": "1 error_code int32, 2 error_message string",
    "GetModelStatusRequest": "1 model_spec ModelSpec",
    "ModelVersionStatus": "1 version int64, 2 state int32, 3 status StatusProto",
    "GetModelStatusResponse": "1 model_version_status ModelVersionStatus*",
    "GetModelMetadataRequest": "1 model_spec ModelSpec, 2 metadata_field string*",
    "GetModelMetadataResponse": "1 model_spec ModelSpec, 2 metadata .google.protobuf.Any{}",
    "SignatureDefMap": "1 signature_def .tensorflow.SignatureDef{}",
}


def _add_message(
    file: descriptor_pb2.FileDescriptorProto,
    messages: dict[str, descriptor_pb2.DescriptorProto],
    name: str,
    fields: str,
) -> None:
    """Adds one message of the tables above to a file."""
    outer, _, inner = name.rpartition(".")
    if outer and outer not in messages:
        messages[outer] = file.message_type.add(name=outer)
    if name not in messages:
        place = messages[outer].nested_type if outer else file.message_type
        messages[name] = place.add(name=inner)
    message = messages[name]
    for text in fields.split(", "):
        number, field_name, kind = text.split(" ")
        kind, _, choice = kind.partition("|")
        field = message.field.add(name=field_name, number=int(number), label=Field.LABEL_OPTIONAL)
        if kind.endswith(("*", "{}")):
            field.label = Field.LABEL_REPEATED
        if kind.endswith("{}"):
            # On the wire a map is a list of entries, each a message with a key and a value.
            entry = field_name.title().replace("_", "") + "Entry"
            _add_message(
                file, messages, f"{name}.{entry}", f"1 key string, 2 value {kind.rstrip('{}')}"
            )
            messages[f"{name}.{entry}"].options.map_entry = True
            kind = f"{name}.{entry}"
        if choice:
            if choice not in [oneof.name for oneof in message.oneof_decl]:
                message.oneof_decl.add(name=choice)
            field.oneof_index = [oneof.name for oneof in message.oneof_decl].index(choice)
        _set_type(field, kind.rstrip("*"), file.package)


def _set_type(field: Field, kind: str, package: str) -> None:
    scalar = f"TYPE_{kind.upper()}"
    if scalar in Field.Type.keys():
        field.type = Field.Type.Value(scalar)
    else:
        field.type = Field.TYPE_MESSAGE
        field.type_name = kind if kind.startswith(".") else f".{package}.{kind}"


def _make_classes() -> dict[str, Any]:
    """The classes of all messages by name, without their packages."""
    pool = descriptor_pool.DescriptorPool()
    for known in (any_pb2, wrappers_pb2):
        pool.AddSerializedFile(known.DESCRIPTOR.serialized_pb)
    dependencies = [any_pb2.DESCRIPTOR.name, wrappers_pb2.DESCRIPTOR.name]
    classes = {}
    for package, table in (("tensorflow", _TENSORFLOW), ("tensorflow.serving", _SERVING)):
        file = descriptor_pb2.FileDescriptorProto(
            name=f"{package}.proto", package=package, syntax="proto3", dependency=dependencies
        )
        messages: dict[str, descriptor_pb2.DescriptorProto] = {}
        for name, fields in table.items():
            _add_message(file, messages, name, fields)
        pool.AddSerializedFile(file.SerializeToString())
        dependencies = [*dependencies, file.name]
        for name in table:
            classes[name] = _class_of(pool, pool.FindMessageTypeByName(f"{package}.{name}"))
    return classes


def _class_of(pool: descriptor_pool.DescriptorPool, descriptor: Any) -> Any:
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)  # before protobuf 4.22


CLASSES = _make_classes()
TensorProto = CLASSES["TensorProto"]
ModelSpec = CLASSES["ModelSpec"]
PredictRequest = CLASSES["PredictRequest"]
PredictResponse = CLASSES["PredictResponse"]
GetModelStatusRequest = CLASSES["GetModelStatusRequest"]
GetModelStatusResponse = CLASSES["GetModelStatusResponse"]
GetModelMetadataRequest = CLASSES["GetModelMetadataRequest"]
GetModelMetadataResponse = CLASSES["GetModelMetadataResponse"]
SignatureDefMap = CLASSES["SignatureDefMap"]
