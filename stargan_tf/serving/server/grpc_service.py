"""PredictionService and ModelService over gRPC."""

import time
from collections.abc import Callable
from concurrent import futures
from typing import Any

import grpc
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from stargan_tf.serving.server.predict import Predictor, Target, model_spec
from stargan_tf.serving.server.servable import DEFAULT_SIGNATURE
from stargan_tf.serving.server.status import error_of, invalid, shown
from stargan_tf.serving.server.tensors import check_names, from_proto, to_proto

# Requests wait in these threads while the model runs in others.
THREADS = 64
MAX_WAITING = 512
LARGEST_REQUEST = 256 * 2**20


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Predict and GetModelMetadata; the rest is answered with UNIMPLEMENTED."""

    def __init__(self, predictor: Predictor) -> None:
        """Answers with `predictor`."""
        self._predictor = predictor

    def Predict(  # noqa: N802 (the name in the protocol)
        self, request: predict_pb2.PredictRequest, context: grpc.ServicerContext
    ) -> predict_pb2.PredictResponse:
        """Runs a signature of a model."""
        remaining = context.time_remaining()
        deadline = None if remaining is None else time.monotonic() + remaining
        signature = request.model_spec.signature_name or DEFAULT_SIGNATURE
        response = predict_pb2.PredictResponse()
        with self._predictor.lease(_target(request.model_spec), "GRPC") as servable:
            specs = self._predictor.inputs_of(servable, signature)
            check_names(request.inputs, specs)
            inputs = {key: from_proto(key, request.inputs[key], specs[key]) for key in specs}
            outputs = self._predictor.run(
                servable, signature, inputs, request.output_filter, deadline
            )
            response.model_spec.CopyFrom(model_spec(servable, signature))
        for name, array in outputs.items():
            response.outputs[name].CopyFrom(to_proto(array))
        return response

    def GetModelMetadata(  # noqa: N802
        self, request: get_model_metadata_pb2.GetModelMetadataRequest, context: grpc.ServicerContext
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """Tells the signatures of a model."""
        unknown = [field for field in request.metadata_field if field != "signature_def"]
        if unknown or not request.metadata_field:
            found = shown(unknown[0]) if unknown else "nothing"
            raise invalid(f"Found {found} in metadata_field, expected signature_def.")
        return self._predictor.metadata(_target(request.model_spec))


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """GetModelStatus; configurations are read at the start only."""

    def __init__(self, predictor: Predictor) -> None:
        """Answers with `predictor`."""
        self._predictor = predictor

    def GetModelStatus(  # noqa: N802
        self, request: get_model_status_pb2.GetModelStatusRequest, context: grpc.ServicerContext
    ) -> get_model_status_pb2.GetModelStatusResponse:
        """Tells the states of a model's versions."""
        return self._predictor.status(_target(request.model_spec))


class _Sentences(grpc.ServerInterceptor):
    """Turns whatever goes wrong, unreadable messages included, into a status."""

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], grpc.RpcMethodHandler | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler | None:
        handler = continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler
        parse, answer = handler.request_deserializer, handler.unary_unary
        method = handler_call_details.method.rpartition("/")[2]

        def call(data: bytes, context: grpc.ServicerContext) -> Any:
            try:
                try:
                    request = parse(data)
                except Exception as error:
                    raise invalid(
                        f"The message is damaged, expected a {method} request."
                    ) from error
                return answer(request, context)
            except NotImplementedError:
                code = grpc.StatusCode.UNIMPLEMENTED
                sentence = f"{method} is not part of the development server."
            except Exception as error:
                failure = error_of(error)
                code, sentence = failure.code, str(failure)
            return context.abort(code, sentence)

        return grpc.unary_unary_rpc_method_handler(
            call, response_serializer=handler.response_serializer
        )


def make_server(predictor: Predictor) -> tuple[grpc.Server, futures.ThreadPoolExecutor]:
    """Makes a gRPC server of both services, without a port, and its threads."""
    threads = futures.ThreadPoolExecutor(THREADS, thread_name_prefix="grpc")
    server = grpc.server(
        threads,
        interceptors=[_Sentences()],
        maximum_concurrent_rpcs=MAX_WAITING,
        options=[
            ("grpc.so_reuseport", 0),  # or two servers would share a port unnoticed
            ("grpc.max_receive_message_length", LARGEST_REQUEST),
            ("grpc.max_send_message_length", -1),
        ],
    )
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        PredictionService(predictor), server
    )
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(predictor), server)
    return server, threads


def _target(spec: model_pb2.ModelSpec) -> Target:
    """Which model, and which version of it, a request names."""
    if not spec.name:
        raise invalid("The request names no model: set model_spec.name.")
    choice = spec.WhichOneof("version_choice")
    return Target(
        spec.name,
        spec.version.value if choice == "version" else None,
        spec.version_label if choice == "version_label" else None,
    )
