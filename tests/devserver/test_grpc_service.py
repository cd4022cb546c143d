"""PredictionService and ModelService, over real sockets."""

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_management_pb2,
)

from tests.devserver.requests_of import echo_request, echoes, predict_request


def refusal(call, request):
    with pytest.raises(grpc.RpcError) as caught:
        call(request, timeout=30)
    return caught.value.code(), caught.value.details()


def test_predict(client):
    response = client.prediction.Predict(echo_request("a", "b", "c"), timeout=30)
    assert list(response.outputs["text_bytes"].string_val) == echoes(2, "a", "b", "c")
    assert response.model_spec.name == "echo"
    assert response.model_spec.version.value == 2
    assert response.model_spec.signature_name == "serving_default"


def test_answers_have_their_values_in_the_field_of_their_type(client):
    request = predict_request(
        "pair", vector=np.array([[1, 2, 3], [4, 5, 6]], np.float32), seed=np.array([7, 2**62])
    )
    outputs = client.prediction.Predict(request, timeout=30).outputs
    assert list(outputs["double"].float_val) == [2, 4, 6, 8, 10, 12]
    assert [dim.size for dim in outputs["double"].tensor_shape.dim] == [2, 3]
    assert list(outputs["seed"].int64_val) == [7, 2**62]
    assert list(outputs["label"].string_val) == [b"7", str(2**62).encode()]
    for proto in outputs.values():
        assert tf.make_ndarray(proto).shape[0] == 2
    scalar = client.prediction.Predict(predict_request("total", x=np.float32(2)), timeout=30)
    assert tf.make_ndarray(scalar.outputs["total"]) == 2
    assert scalar.outputs["total"].HasField("tensor_shape")


def test_values_in_fields_and_as_content_are_the_same(client):
    by_field = tensor_pb2.TensorProto(dtype=tf.float32.as_datatype_enum, float_val=[1, 2])
    by_field.tensor_shape.dim.add(size=2)
    content = tf.make_tensor_proto(np.array([1, 2], np.float32))
    assert content.tensor_content
    one_for_all = tensor_pb2.TensorProto(dtype=tf.float32.as_datatype_enum, float_val=[1.5])
    one_for_all.tensor_shape.dim.add(size=2)
    for proto in (by_field, content, one_for_all):
        response = client.prediction.Predict(predict_request("total", x=proto), timeout=30)
        assert list(response.outputs["total"].float_val) == [3]


def test_an_output_filter(client):
    inputs = {"vector": np.zeros((1, 3), np.float32), "seed": np.array([7])}
    request = predict_request("pair", outputs=["seed"], **inputs)
    assert list(client.prediction.Predict(request, timeout=30).outputs) == ["seed"]
    request = predict_request("pair", outputs=["seeds"], **inputs)
    code, sentence = refusal(client.prediction.Predict, request)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "['double', 'label', 'seed']" in sentence


def test_the_models_own_refusal_is_passed_on(client):
    code, sentence = refusal(client.prediction.Predict, echo_request("a", "bad", "c"))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert sentence == "Found bad text in row 1"


@pytest.mark.parametrize(
    ("request_", "code", "words"),
    [
        (echo_request("a", name="nobody"), "NOT_FOUND", "expected one of: echo"),
        (echo_request("a", version=7), "NOT_FOUND", "Version 7 of model echo"),
        (echo_request("a", label="x"), "INVALID_ARGUMENT", "no label 'x'"),
        (echo_request("a", name=""), "INVALID_ARGUMENT", "names no model"),
        (echo_request("a", name="../echo"), "NOT_FOUND", "no model named '../echo'"),
        (echo_request("a", name="echo/.."), "NOT_FOUND", "no model named 'echo/..'"),
        (echo_request("a", signature="x"), "FAILED_PRECONDITION", "serving_default"),
        (echo_request("a", signature="__saved_model_init_op"), "FAILED_PRECONDITION", "pair"),
        (predict_request(text_bytes=[b"a"]), "INVALID_ARGUMENT", "lacks number"),
        (predict_request(), "INVALID_ARGUMENT", "lacks number, text_bytes"),
        (
            predict_request(text_bytes=[b"a"], number=[1.0], x=[1]),
            "INVALID_ARGUMENT",
            "'x' that are unknown",
        ),
        (
            predict_request(text_bytes=[b"a"], number=[1]),
            "INVALID_ARGUMENT",
            "'number' has type DT_INT32, expected DT_FLOAT",
        ),
        (
            predict_request("pair", vector=np.zeros((1, 4), np.float32), seed=np.array([1])),
            "INVALID_ARGUMENT",
            "'vector' has shape [1, 4], expected [-1, 3]",
        ),
        (
            predict_request(text_bytes=[b"a", b"b"], number=[1.0]),
            "INVALID_ARGUMENT",
            "do not match",
        ),
    ],
)
def test_refusals(client, request_, code, words):
    found, sentence = refusal(client.prediction.Predict, request_)
    assert (found.name, "{{node" in sentence) == (code, False)
    assert words in sentence


def tensor(dtype=1, shape=(), unknown=False, **contents):
    proto = tensor_pb2.TensorProto(dtype=dtype, **contents)
    proto.tensor_shape.unknown_rank = unknown
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    return proto


@pytest.mark.parametrize(
    ("proto", "words"),
    [
        (tensor(shape=[3], float_val=[1, 2]), "2 values in float_val, expected 3"),
        (tensor(shape=[3], float_val=[1, 2, 3, 4]), "4 values in float_val, expected 3"),
        (tensor(shape=[3]), "0 values in float_val, expected 3"),
        (tensor(shape=[0], float_val=[1]), "1 values in float_val, expected 0"),
        (tensor(shape=[2], int_val=[1, 2]), "0 values in float_val, expected 2"),
        (tensor(shape=[2], tensor_content=b"1234567"), "cannot be read"),
        (tensor(shape=[2], tensor_content=b"12345678" * 2), "cannot be read"),
        (tensor(shape=[-1], float_val=[1]), "negative"),
        (tensor(unknown=True, float_val=[1]), "unknown"),
        (tensor(shape=[1] * 255, float_val=[1]), "dimensions"),
        (tensor(shape=[2**40], float_val=[1]), "MiB"),
        (tensor(shape=[2**62, 2**62, 2**62], float_val=[1]), "MiB"),
        (tensor(shape=[2**63 - 1] * 32, float_val=[1]), "MiB"),
        (tensor(dtype=0, shape=[1], float_val=[1]), "DT_INVALID, expected DT_FLOAT"),
        (tensor(dtype=20, shape=[1]), "DT_RESOURCE, expected DT_FLOAT"),
        (tensor(dtype=101, shape=[1]), "DT_FLOAT_REF, expected DT_FLOAT"),
    ],
)
def test_tensors_that_contradict_themselves(client, proto, words):
    code, sentence = refusal(client.prediction.Predict, predict_request("total", x=proto))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "'x'" in sentence and words in sentence


def test_strings_that_contradict_themselves(client):
    for proto in (
        tensor(dtype=7, shape=[2], string_val=[b"a"]),
        tensor(dtype=7, shape=[2**28], string_val=[b"a"]),
        tensor(dtype=7, shape=[1], tensor_content=b"abc"),
    ):
        request = predict_request(text_bytes=proto, number=np.zeros(2, np.float32))
        code, sentence = refusal(client.prediction.Predict, request)
        assert code is grpc.StatusCode.INVALID_ARGUMENT
        assert "'text_bytes'" in sentence


@pytest.mark.parametrize("data", [b"\xff", b"a" * 1000, b"\x0a\xff\xff\xff\xff\x0f"])
def test_messages_that_are_none(client, data):
    for method in ("PredictionService/Predict", "ModelService/GetModelStatus"):
        call = client.channel.unary_unary(f"/tensorflow.serving.{method}")
        code, sentence = refusal(call, data)
        assert code is grpc.StatusCode.INVALID_ARGUMENT
        assert "damaged" in sentence


def test_what_the_development_server_lacks(client):
    call, request = client.prediction.Classify, classification_pb2.ClassificationRequest()
    assert refusal(call, request)[0] is grpc.StatusCode.UNIMPLEMENTED
    request = model_management_pb2.ReloadConfigRequest()
    code, sentence = refusal(client.models.HandleReloadConfigRequest, request)
    assert code is grpc.StatusCode.UNIMPLEMENTED and sentence
    call = client.channel.unary_unary("/tensorflow.serving.PredictionService/Guess")
    assert refusal(call, b"")[0] is grpc.StatusCode.UNIMPLEMENTED


def test_a_long_error_still_gets_through(client):
    code, sentence = refusal(client.prediction.Predict, echo_request("a", name="ü" * 100_000))
    assert code is grpc.StatusCode.NOT_FOUND and "ü..." in sentence


def metadata_request(*fields):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
    request.model_spec.name = "echo"
    return request


def test_metadata(client):
    response = client.prediction.GetModelMetadata(metadata_request("signature_def"), timeout=30)
    assert response.model_spec.version.value == 2
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    pair = signatures.signature_def["pair"]
    assert [dim.size for dim in pair.inputs["vector"].tensor_shape.dim] == [-1, 3]
    assert pair.outputs["label"].dtype == tf.string.as_datatype_enum
    for fields in ((), ("signature_def", "weights")):
        code, sentence = refusal(client.prediction.GetModelMetadata, metadata_request(*fields))
        assert code is grpc.StatusCode.INVALID_ARGUMENT and "signature_def" in sentence


def test_status(client):
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "echo"
    (entry,) = client.models.GetModelStatus(request, timeout=30).model_version_status
    assert (entry.version, entry.state) == (2, entry.AVAILABLE)
    assert (entry.status.error_code, entry.status.error_message) == (0, "")
    request.model_spec.version.value = 9
    assert refusal(client.models.GetModelStatus, request)[0] is grpc.StatusCode.NOT_FOUND
    request.model_spec.Clear()
    assert refusal(client.models.GetModelStatus, request)[0] is grpc.StatusCode.INVALID_ARGUMENT
