"""The client's own messages against the published ones."""

import subprocess
import sys

import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_pb2,
    predict_pb2,
    status_pb2,
)

from stargan_tf.serving.client.messages import CLASSES
from stargan_tf.serving.client.rpc import STATES
from stargan_tf.serving.client.tensors import DTYPES

REAL = {
    "TensorShapeProto.Dim": tensor_shape_pb2.TensorShapeProto.Dim,
    "TensorShapeProto": tensor_shape_pb2.TensorShapeProto,
    "TensorProto": tensor_pb2.TensorProto,
    "TensorInfo": meta_graph_pb2.TensorInfo,
    "SignatureDef": meta_graph_pb2.SignatureDef,
    "ModelSpec": model_pb2.ModelSpec,
    "PredictRequest": predict_pb2.PredictRequest,
    "PredictResponse": predict_pb2.PredictResponse,
    "StatusProto": status_pb2.StatusProto,
    "GetModelStatusRequest": get_model_status_pb2.GetModelStatusRequest,
    "ModelVersionStatus": get_model_status_pb2.ModelVersionStatus,
    "GetModelStatusResponse": get_model_status_pb2.GetModelStatusResponse,
    "GetModelMetadataRequest": get_model_metadata_pb2.GetModelMetadataRequest,
    "GetModelMetadataResponse": get_model_metadata_pb2.GetModelMetadataResponse,
    "SignatureDefMap": get_model_metadata_pb2.SignatureDefMap,
}


def wire_type(field):
    # Numbers of enumerations and of int32 look the same on the wire.
    return field.TYPE_INT32 if field.type == field.TYPE_ENUM else field.type


def is_repeated(field):
    # Protobuf 6 has an attribute for it, and warns of the older one.
    repeated = getattr(field, "is_repeated", None)
    return field.label == field.LABEL_REPEATED if repeated is None else repeated


def assert_same_fields(ours, real):
    assert ours.full_name == real.full_name
    assert ours.fields
    for field in ours.fields:
        other = real.fields_by_name[field.name]
        assert (field.number, wire_type(field)) == (other.number, wire_type(other)), field.name
        assert is_repeated(field) == is_repeated(other)
        oneofs = [f.containing_oneof and f.containing_oneof.name for f in (field, other)]
        assert oneofs[0] == oneofs[1] or other.full_name.startswith("tensorflow.TensorInfo")
        if field.message_type:
            assert field.message_type.full_name == other.message_type.full_name
            ours_is_map, real_is_map = (
                f.message_type.GetOptions().map_entry for f in (field, other)
            )
            assert ours_is_map == real_is_map
            assert_same_fields(field.message_type, other.message_type)


def test_every_message_is_compared():
    assert REAL.keys() == CLASSES.keys()


@pytest.mark.parametrize("name", sorted(REAL))
def test_fields_are_the_published_ones(name):
    assert_same_fields(CLASSES[name].DESCRIPTOR, REAL[name].DESCRIPTOR)


def fill_request(request):
    request.model_spec.name = "pets"
    request.model_spec.version.value = 2**40
    request.model_spec.signature_name = "translate_random"
    strings = request.inputs["image_bytes"]
    strings.dtype = 7
    strings.tensor_shape.dim.add(size=2, name="N")
    strings.string_val.extend([b"\xff\xd8", b""])
    seeds = request.inputs["seed"]
    seeds.dtype = 9
    seeds.tensor_shape.dim.add(size=-1)
    seeds.int64_val.extend([-5, 2**63 - 1])
    floats = request.inputs["psi"]
    floats.dtype = 1
    floats.float_val.extend([0.5, -1.25])
    floats.tensor_content = b"\x00\x01"
    floats.tensor_shape.unknown_rank = True
    return request


def fill_label(request):
    request.model_spec.version_label = "stäble"
    return request


def fill_response(response):
    response.model_spec.version.value = 0
    response.outputs["style_code"].float_val.extend([1.0, 2.0])
    response.outputs["style_code"].int_val.extend([-1, 7])
    return response


def fill_status(response):
    version = response.model_version_status.add(version=3, state=30)
    version.status.error_code = 5
    version.status.error_message = "nothing"
    return response


def fill_metadata(response):
    response.model_spec.name = "pets"
    signatures = fill_signatures(get_model_metadata_pb2.SignatureDefMap())
    response.metadata["signature_def"].type_url = f"x.com/{signatures.DESCRIPTOR.full_name}"
    response.metadata["signature_def"].value = signatures.SerializeToString()
    return response


def fill_signatures(signatures):
    signature = signatures.signature_def["encode_style"]
    signature.inputs["reference_bytes"].dtype = 7
    signature.outputs["style_code"].tensor_shape.dim.add(size=64)
    return signatures


def fill_metadata_request(request):
    request.metadata_field.append("signature_def")
    return request


@pytest.mark.parametrize(
    ("name", "fill"),
    [
        ("PredictRequest", fill_request),
        ("PredictRequest", fill_label),
        ("PredictResponse", fill_response),
        ("GetModelStatusResponse", fill_status),
        ("GetModelStatusRequest", fill_label),
        ("GetModelMetadataResponse", fill_metadata),
        ("GetModelMetadataRequest", fill_metadata_request),
        ("SignatureDefMap", fill_signatures),
    ],
)
def test_one_reads_what_the_other_wrote(name, fill):
    ours, real = fill(CLASSES[name]()), fill(REAL[name]())
    assert CLASSES[name].FromString(real.SerializeToString()) == ours
    assert REAL[name].FromString(ours.SerializeToString()) == real
    assert ours.SerializeToString(deterministic=True) == real.SerializeToString(deterministic=True)


def test_unknown_fields_are_skipped():
    real = predict_pb2.PredictRequest(output_filter=["x"])
    real.model_spec.name = "pets"
    assert CLASSES["PredictRequest"].FromString(real.SerializeToString()).model_spec.name == "pets"


def test_names_of_numbers_are_the_published_ones():
    real = dict(get_model_status_pb2.ModelVersionStatus.State.items())
    assert {**STATES, 0: "UNKNOWN"} == {number: name for name, number in real.items()}
    for number, name in DTYPES.items():
        assert tf.dtypes.as_dtype(number) == tf.dtypes.as_dtype(name)


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_both_live_in_one_process(first):
    imports = [
        "from stargan_tf.serving.client.messages import PredictRequest as ours",
        "from tensorflow_serving.apis.predict_pb2 import PredictRequest as real",
    ]
    program = "\n".join(imports if first == "ours" else imports[::-1])
    program += "\nassert ours().SerializeToString() == real().SerializeToString()"
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
