"""Answers requests for models, whichever way they come in."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import grpc
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2, model_pb2

from stargan_tf.serving.server.batching import Batcher
from stargan_tf.serving.server.metrics import Metrics
from stargan_tf.serving.server.repository import Repository
from stargan_tf.serving.server.servable import Servable
from stargan_tf.serving.server.status import ServingError, invalid, shown
from stargan_tf.serving.server.tensors import Arrays, TensorSpec


class Target(NamedTuple):
    """Which version of a model a request asks for: at most one of the two ways to say."""

    name: str
    version: int | None = None
    label: str | None = None


class Predictor:
    """Looks up models, runs them, and tells about them."""

    def __init__(self, repository: Repository, batcher: Batcher, metrics: Metrics) -> None:
        """Works on models that others load.

        Args:
          repository: lends the models.
          batcher: runs them.
          metrics: counts.
        """
        self._repository = repository
        self._batcher = batcher
        self.metrics = metrics

    @contextlib.contextmanager
    def lease(self, target: Target, entrypoint: str) -> Iterator[Servable]:
        """Lends a model for one request, which is counted.

        Raises:
          ServingError: it is not there.
        """
        with self._repository.lease(*target) as servable:
            with self.metrics.request(servable.name, entrypoint):
                yield servable

    def inputs_of(self, servable: Servable, signature: str) -> Mapping[str, TensorSpec]:
        """The inputs of a signature.

        Raises:
          ServingError: there is no such signature.
        """
        try:
            return servable.inputs_of(signature)
        except KeyError as error:
            known = ", ".join(sorted(n for n in servable.signature_defs if n[:2] != "__"))
            raise ServingError(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"Model {servable.name} version {servable.version} has no signature "
                f"{shown(signature)}, expected one of: {known}.",
            ) from error

    def run(
        self,
        servable: Servable,
        signature: str,
        inputs: Arrays,
        wanted: Sequence[str] = (),
        deadline: float | None = None,
    ) -> Arrays:
        """Computes the outputs of a signature, all or those that are wanted.

        Args:
          servable: leased.
          signature: one that it has.
          inputs: checked arrays.
          wanted: names of outputs; none for all.
          deadline: time.monotonic() after which nobody waits for the result.

        Raises:
          ServingError: the model refuses the inputs, or too many requests wait.
        """
        known = servable.signature_defs[signature].outputs
        unknown = [name for name in wanted if name not in known]
        if unknown or len(set(wanted)) < len(wanted):
            problem = f"{shown(unknown[0])}, which is unknown" if unknown else "a name twice"
            raise invalid(
                f"The output filter has {problem}, expected some of: {', '.join(sorted(known))}."
            )
        outputs = self._batcher.run(servable, signature, inputs, deadline)
        return {name: outputs[name] for name in wanted or sorted(outputs)}

    def metadata(self, target: Target) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """The signatures of a version.

        Raises:
          ServingError: it is not there.
        """
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        with self._repository.lease(*target) as servable:
            response.model_spec.CopyFrom(model_spec(servable))
            response.metadata["signature_def"].Pack(signature_map(servable.signature_defs))
        return response

    def status(self, target: Target) -> get_model_status_pb2.GetModelStatusResponse:
        """The states of a model's versions, or of one.

        Raises:
          ServingError: there is no such model or version.
        """
        response = get_model_status_pb2.GetModelStatusResponse()
        for number, state, error in self._repository.status(*target):
            entry = response.model_version_status.add(version=number, state=state)
            entry.status.error_code = error.code.value[0] if error else 0
            entry.status.error_message = str(error or "")
        return response


def model_spec(servable: Servable, signature: str = "") -> model_pb2.ModelSpec:
    """Says which version answered."""
    spec = model_pb2.ModelSpec(name=servable.name, signature_name=signature)
    spec.version.value = servable.version
    return spec


def signature_map(
    signatures: Mapping[str, meta_graph_pb2.SignatureDef],
) -> get_model_metadata_pb2.SignatureDefMap:
    """The signatures as one message."""
    message = get_model_metadata_pb2.SignatureDefMap()
    for name, definition in signatures.items():
        message.signature_def[name].CopyFrom(definition)
    return message
