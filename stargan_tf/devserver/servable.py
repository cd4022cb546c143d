"""One version of a model in memory: its signatures, and how they are run.

The graph runs in a session, as in TensorFlow Serving. Calling the functions that
tf.saved_model.load gives would leave a kilobyte behind with every request that fails.
"""

import os
import threading
from collections.abc import Mapping
from pathlib import Path

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow_serving.apis.get_model_metadata_pb2 import GetModelMetadataResponse, SignatureDefMap
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from stargan_tf.devserver.errors import ServingError, error_of, invalid, sentence_of, shown
from stargan_tf.devserver.tensors import Arrays, Specs, inputs_from_protos
from stargan_tf.files import plain_path

WARMUP_FILE = Path("assets.extra") / "tf_serving_warmup_requests"
DEFAULT_SIGNATURE = "serving_default"
# How many requests are computed at once: more would be no faster, and take more memory.
_TURNS = threading.Semaphore(max(4, os.cpu_count() or 1))


class Servable:
    """A SavedModel in memory, with its `signature_defs`, and a `model_spec` for answers."""

    def __init__(self, name: str, version: int, path: Path) -> None:
        """Loads a SavedModel and replays its warm-up requests; raises ServingError on failure."""
        self.name = name
        self.model_spec = ModelSpec(name=name)
        self.model_spec.version.value = version
        try:
            self._session, self.signature_defs = _load(path)
        except Exception as error:  # whatever a damaged file may lead to
            file, problem = path / "saved_model.pb", sentence_of(str(error))
            raise invalid(f"{file} cannot be loaded ({problem}): export again.") from error
        self._inputs = {
            signature: {k: tf.TensorSpec(i.tensor_shape, i.dtype) for k, i in known.inputs.items()}
            for signature, known in self.signature_defs.items()
            if known.method_name  # what initializes the graph has none
        }
        self._warm_up(path / WARMUP_FILE)

    def inputs_of(self, signature: str) -> Specs:
        """The inputs of a signature, "" for the default; raises ServingError if there is none."""
        signature = signature or DEFAULT_SIGNATURE
        if signature in self._inputs:
            return self._inputs[signature]
        what, names = f"no signature {shown(signature)}", ", ".join(sorted(self._inputs))
        sentence = f"Model {self.name} has {what}, expected one of: {names}."
        raise ServingError(grpc.StatusCode.FAILED_PRECONDITION, sentence)

    def run(self, signature: str, inputs: Arrays, seconds: float | None = None) -> Arrays:
        """Computes the outputs of a signature, "" for the default, when it is this request's turn.

        Raises tf.errors.OpError or ServingError if the graph rejects the inputs (arrays of the
        types that the signature expects, bytes as objects), or no turn came within `seconds`.
        """
        known = self.signature_defs[signature or DEFAULT_SIGNATURE]
        feeds = {known.inputs[key].name: array for key, array in inputs.items()}
        fetches = {key: info.name for key, info in known.outputs.items()}
        if not _TURNS.acquire(timeout=seconds):
            sentence = "The deadline passed before the request could be run: allow more time."
            raise ServingError(grpc.StatusCode.DEADLINE_EXCEEDED, sentence)
        try:
            outputs = self._session.run(fetches, feeds)
        except UnicodeDecodeError as error:
            # TensorFlow cannot make an exception of bytes in the graph's sentence that are no text.
            raise invalid(sentence_of(error.object.decode(errors="replace"))) from error
        finally:
            _TURNS.release()
        # Strings of rank 0 come as bytes, which NumPy would take for a type of its own.
        kinds = {key: object if isinstance(v, bytes) else None for key, v in outputs.items()}
        return {key: np.asarray(value, kinds[key]) for key, value in outputs.items()}

    def metadata(self) -> GetModelMetadataResponse:
        """Tells the signatures."""
        response = GetModelMetadataResponse(model_spec=self.model_spec)
        signatures = SignatureDefMap(signature_def=self.signature_defs)
        response.metadata["signature_def"].Pack(signatures)
        return response

    def _warm_up(self, path: Path) -> None:
        """Runs the recorded requests, so that the first real one is as fast as the rest."""
        if not path.exists():
            return
        try:
            for record in tf.data.TFRecordDataset(str(path)).take(1000):  # as the real server
                log = PredictionLog.FromString(record.numpy())
                if log.HasField("predict_log"):
                    request = log.predict_log.request
                    name = request.model_spec.signature_name
                    self.run(name, inputs_from_protos(request.inputs, self.inputs_of(name)))
        except Exception as error:
            raise invalid(
                f"The warm-up in {path} failed ({error_of(error)}): export again."
            ) from error


def _load(path: Path) -> tuple[tf.compat.v1.Session, Mapping[str, SignatureDef]]:
    """Puts a SavedModel into a session of its own; gives that and the signatures."""
    # A GPU is shared with whatever else is tried out.
    config = tf.compat.v1.ConfigProto(gpu_options={"allow_growth": True})
    session = tf.compat.v1.Session(graph=tf.Graph(), config=config)
    tf.get_logger().setLevel("ERROR")  # it would advise to use tf.saved_model.load
    with session.graph.as_default():
        load = tf.compat.v1.saved_model.loader.load
        with plain_path(path) as plain:
            meta_graph = load(session, [tf.saved_model.SERVING], plain)
    session.graph.finalize()
    # A copy of the signatures, or they would keep the whole graph alive a second time.
    return session, SignatureDefMap(signature_def=meta_graph.signature_def).signature_def
