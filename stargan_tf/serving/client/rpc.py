"""TensorFlow Serving over gRPC."""

from typing import Any

import grpc
from google.protobuf.message import DecodeError

from .errors import (
    DeadlineError,
    InvalidRequestError,
    NotFoundError,
    ServingError,
    UnavailableError,
    sentence,
)
from .messages import (
    GetModelMetadataRequest,
    GetModelMetadataResponse,
    GetModelStatusRequest,
    GetModelStatusResponse,
    ModelSpec,
    PredictRequest,
    PredictResponse,
    SignatureDefMap,
)
from .proxies import is_here
from .results import ModelMetadata, Signature, TensorSpec, VersionStatus
from .tensors import DTYPES, from_tensor, to_tensor

STATES = {10: "START", 20: "LOADING", 30: "AVAILABLE", 40: "UNLOADING", 50: "END"}
_ERRORS = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidRequestError,
    # The server's answer to an unknown signature.
    grpc.StatusCode.FAILED_PRECONDITION: InvalidRequestError,
    grpc.StatusCode.NOT_FOUND: NotFoundError,
}
_OPTIONS = [
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # `with_retries` decides alone when there is another try. While a channel pauses after a
    # failed connection it refuses calls, so its pauses must not be longer.
    ("grpc.enable_retries", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
]


class RpcTransport:
    """One channel, which all threads share."""

    def __init__(
        self,
        address: str,
        model: str,
        version: int | None,
        label: str | None,
        *,
        secure: bool = False,
    ) -> None:
        """Makes the channel, which connects at the first request.

        Args:
          address: HOST:PORT.
          model: name of the model.
          version: one version of it; by default the newest.
          label: a label of a version, instead of `version`.
          secure: whether to use TLS.
        """
        self._address = address
        self._spec = ModelSpec(name=model)
        if version is not None:
            self._spec.version.value = version
        elif label:
            self._spec.version_label = label
        options = [*_OPTIONS, ("grpc.enable_http_proxy", int(not is_here(f"//{address}")))]
        if secure:
            credentials = grpc.ssl_channel_credentials()
            self._channel = grpc.secure_channel(address, credentials, options)
        else:
            self._channel = grpc.insecure_channel(address, options)
        self._predict = self._method("PredictionService/Predict", PredictResponse)
        self._status = self._method("ModelService/GetModelStatus", GetModelStatusResponse)
        self._metadata = self._method(
            "PredictionService/GetModelMetadata", GetModelMetadataResponse
        )

    def predict(
        self, signature: str, columns: dict[str, list[Any]], output: str, timeout: float
    ) -> list[Any]:
        """Runs a signature.

        Args:
          signature: its name.
          columns: N values for each input.
          output: name of the output that is wanted.
          timeout: seconds.

        Returns:
          N bytes, or N lists of floats.
        """
        request = PredictRequest(model_spec=self._spec)
        request.model_spec.signature_name = signature
        for name, values in columns.items():
            request.inputs[name].CopyFrom(to_tensor(values))
        outputs = self._call(self._predict, request, timeout).outputs
        if output not in outputs:
            raise ServingError(f"Found no {output} in the answer of {self._address}, expected it.")
        return from_tensor(outputs[output])

    def status(self, timeout: float) -> list[VersionStatus]:
        """Returns the states of the model's versions."""
        request = GetModelStatusRequest(model_spec=self._spec)
        answer = self._call(self._status, request, timeout)
        return [
            VersionStatus(
                version.version,
                STATES.get(version.state, "UNKNOWN"),
                sentence(version.status.error_message) if version.status.error_message else "",
            )
            for version in answer.model_version_status
        ]

    def metadata(self, timeout: float) -> ModelMetadata:
        """Returns the model's signatures."""
        request = GetModelMetadataRequest(model_spec=self._spec, metadata_field=["signature_def"])
        answer = self._call(self._metadata, request, timeout)
        try:
            packed = answer.metadata["signature_def"].value
            signatures = SignatureDefMap.FromString(packed).signature_def
        except DecodeError as error:
            raise ServingError("Found unreadable signatures, expected others.") from error
        return ModelMetadata(
            answer.model_spec.name,
            answer.model_spec.version.value,
            {name: _signature(signatures[name]) for name in sorted(signatures)},
        )

    def close(self) -> None:
        """Closes the channel; calls that are under way are cancelled."""
        self._channel.close()

    def _method(self, name: str, response: Any) -> Any:
        return self._channel.unary_unary(
            f"/tensorflow.serving.{name}",
            request_serializer=lambda request: request.SerializeToString(),
            response_deserializer=response.FromString,
        )

    def _call(self, method: Any, request: Any, timeout: float) -> Any:
        try:
            return method(request, timeout=timeout)
        except grpc.RpcError as error:
            raise self._translated(error, timeout) from error
        except ValueError as error:  # the channel was closed in the meantime
            raise ServingError("The client is closed: make another one.") from error

    def _translated(self, error: Any, timeout: float) -> ServingError:
        code, details = error.code(), error.details() or ""
        if code == grpc.StatusCode.UNAVAILABLE:
            return UnavailableError(
                f"Found no server at {self._address} that can answer ({_reason(details)}), "
                "expected TensorFlow Serving's gRPC port there: start it, or check the address."
            )
        if code == grpc.StatusCode.DEADLINE_EXCEEDED:
            return DeadlineError(
                f"The server at {self._address} gave no whole answer within {timeout:.3g} s: raise "
                "the timeout, or send fewer images at once."
            )
        if code in _ERRORS:
            return _ERRORS[code](sentence(details))
        return ServingError(
            f"The server at {self._address} failed with {code.name}: {sentence(details)}"
        )


def _signature(value: Any) -> Signature:
    inputs, outputs = (
        {name: _spec(infos[name]) for name in sorted(infos)}
        for infos in (value.inputs, value.outputs)
    )
    return Signature(inputs, outputs)


def _spec(info: Any) -> TensorSpec:
    dtype = DTYPES.get(info.dtype, str(info.dtype))
    if info.tensor_shape.unknown_rank:
        return TensorSpec(dtype, None)
    sizes = [dim.size for dim in info.tensor_shape.dim]
    return TensorSpec(dtype, tuple(None if size < 0 else size for size in sizes))


def _reason(details: str) -> str:
    for known in ("Connection refused", "Connection reset"):
        if known in details:
            return known.lower()
    return sentence(details)
