"""A gRPC server before the fake model, with TensorFlow Serving's own messages."""

import contextlib
from concurrent import futures

import grpc
import tensorflow as tf
from google.protobuf import any_pb2
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    predict_pb2,
)

from tests.serving.client.fakes import SIGNATURES, Refused


@contextlib.contextmanager
def rpc_server(model, port=0):
    """Yields the address."""
    executor = futures.ThreadPoolExecutor(32)
    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(executor, options=[*unlimited, ("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers(
        (
            _handlers(
                "PredictionService",
                Predict=(_predict, predict_pb2.PredictRequest, model),
                GetModelMetadata=(
                    _metadata,
                    get_model_metadata_pb2.GetModelMetadataRequest,
                    model,
                ),
            ),
            _handlers(
                "ModelService",
                GetModelStatus=(_status, get_model_status_pb2.GetModelStatusRequest, model),
            ),
        )
    )
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    try:
        yield f"grpc://127.0.0.1:{port}"
    finally:
        model.ending.set()
        server.stop(0).wait()
        executor.shutdown()


def _handlers(service, **methods):
    def handler(function, request, model):
        def run(message, context):
            try:
                return function(model, message)
            except Refused as error:
                context.abort(error.code, str(error))
            except ConnectionAbortedError:
                context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")

        return grpc.unary_unary_rpc_method_handler(
            run, request.FromString, lambda answer: answer.SerializeToString()
        )

    return grpc.method_handlers_generic_handler(
        f"tensorflow.serving.{service}", {name: handler(*m) for name, m in methods.items()}
    )


def _choice(spec):
    choice = {"name": spec.name}
    if spec.WhichOneof("version_choice") == "version":
        choice["versions"] = str(spec.version.value)
    elif spec.version_label:
        choice["labels"] = spec.version_label
    return choice


def _predict(model, request):
    columns = {}
    for name, tensor in request.inputs.items():
        array = tf.make_ndarray(tensor)
        values = array.tolist()
        if name == "target_domain":
            values = [value.decode() for value in values]
        columns[name] = values
        model.dtypes = {**getattr(model, "dtypes", {}), name: str(array.dtype)}
    spec = request.model_spec
    output, values = model.predict(_choice(spec), spec.signature_name, columns)
    answer = predict_pb2.PredictResponse()
    dtype = tf.string if output.endswith("_bytes") else tf.float32
    answer.outputs[output].CopyFrom(tf.make_tensor_proto(values, dtype))
    return answer


def _status(model, request):
    model.check(request.model_spec.name)
    answer = get_model_status_pb2.GetModelStatusResponse()
    for version, state, error in model.versions:
        status = answer.model_version_status.add(version=version)
        status.state = get_model_status_pb2.ModelVersionStatus.State.Value(state)
        status.status.error_message = error
    return answer


def _metadata(model, request):
    model.check(request.model_spec.name)
    assert list(request.metadata_field) == ["signature_def"]
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for name, infos in SIGNATURES.items():
        signature = signatures.signature_def[name]
        for side, specs in zip((signature.inputs, signature.outputs), infos, strict=True):
            for key, (dtype, shape) in specs.items():
                side[key].dtype = getattr(types_pb2, f"DT_{dtype.upper()}")
                for size in shape:
                    side[key].tensor_shape.dim.add(size=size)
    answer = get_model_metadata_pb2.GetModelMetadataResponse()
    answer.model_spec.name = request.model_spec.name
    answer.model_spec.version.value = 3
    packed = any_pb2.Any()
    packed.Pack(signatures)
    answer.metadata["signature_def"].CopyFrom(packed)
    return answer
