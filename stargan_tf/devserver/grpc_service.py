"""PredictionService and ModelService over gRPC."""

from concurrent import futures
from typing import Any

import grpc
from google.protobuf.message import DecodeError, Message
from tensorflow_serving.apis.get_model_metadata_pb2 import GetModelMetadataRequest
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse

from stargan_tf.devserver.errors import error_of, invalid, shown
from stargan_tf.devserver.metrics import Metrics
from stargan_tf.devserver.repository import Repository, Target
from stargan_tf.devserver.servable import DEFAULT_SIGNATURE
from stargan_tf.devserver.tensors import inputs_from_protos, to_proto

THREADS = 64
MAX_WAITING = 512
_OPTIONS = [
    ("grpc.so_reuseport", 0),  # or two servers would share a port unnoticed
    ("grpc.max_receive_message_length", 256 * 2**20),
    ("grpc.max_send_message_length", -1),
]


class GrpcService(grpc.GenericRpcHandler):
    """Answers Predict, GetModelMetadata and GetModelStatus; other methods are UNIMPLEMENTED."""

    def __init__(self, repository: Repository, metrics: Metrics) -> None:
        """Answers with the models of a repository, and counts the requests."""
        self._repository, self._metrics = repository, metrics
        self._methods = {
            "PredictionService/Predict": (PredictRequest, self._predict),
            "PredictionService/GetModelMetadata": (GetModelMetadataRequest, self._metadata),
            "ModelService/GetModelStatus": (GetModelStatusRequest, self._status),
        }

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """Gives what answers a method, if any; whatever goes wrong there becomes a status."""
        method = details.method.removeprefix("/tensorflow.serving.")
        if method not in self._methods:
            return None  # gRPC answers UNIMPLEMENTED
        kind, answer = self._methods[method]

        def call(data: bytes, context: grpc.ServicerContext) -> bytes:
            try:
                return answer(kind.FromString(data), context).SerializeToString()
            except DecodeError:
                failure = invalid(f"The message is damaged, expected that of {method}.")
            except Exception as error:
                failure = error_of(error)
            return context.abort(failure.code, str(failure))

        return grpc.unary_unary_rpc_method_handler(call)

    def _predict(self, request: PredictRequest, context: grpc.ServicerContext) -> Message:
        name, seconds = request.model_spec.signature_name, context.time_remaining()
        with self._repository.lease(_target(request)) as servable:
            with self._metrics.request(servable.name, "GRPC"):
                inputs = inputs_from_protos(request.inputs, servable.inputs_of(name))
                outputs = servable.run(name, inputs, seconds)
        response = PredictResponse(model_spec=servable.model_spec)
        response.model_spec.signature_name = name or DEFAULT_SIGNATURE
        for key in request.output_filter or outputs:
            if key not in outputs:
                raise invalid(f"Found no output {shown(key)}, expected some of: {sorted(outputs)}.")
            response.outputs[key].CopyFrom(to_proto(outputs[key]))
        return response

    def _metadata(self, request: GetModelMetadataRequest, context: Any) -> Message:
        if set(request.metadata_field) != {"signature_def"}:
            raise invalid("metadata_field must be signature_def, which is all there is.")
        with self._repository.lease(_target(request)) as servable:
            return servable.metadata()

    def _status(self, request: GetModelStatusRequest, context: Any) -> Message:
        return self._repository.status(_target(request))


def make_server(service: GrpcService) -> tuple[grpc.Server, futures.ThreadPoolExecutor]:
    """Makes a gRPC server without a port, and its threads."""
    threads = futures.ThreadPoolExecutor(THREADS, thread_name_prefix="grpc")
    return grpc.server(threads, [service], None, _OPTIONS, MAX_WAITING), threads


def _target(request: Any) -> Target:
    """Which model, and which version of it, a request names."""
    spec = request.model_spec
    if not spec.name:
        raise invalid("The request names no model: set model_spec.name.")
    version = spec.version.value if spec.HasField("version") else None
    return Target(spec.name, version, spec.version_label or None)
