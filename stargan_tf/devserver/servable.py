"""One version of a model in memory: its signatures, and how they are run.

The graph runs in a session, as in TensorFlow Serving. Calling the functions that
tf.saved_model.load gives would leave a kilobyte behind with every request that fails.
"""

import os
import threading
from collections.abc import Sequence
from pathlib import Path

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow_serving.apis.get_model_metadata_pb2 import GetModelMetadataResponse, SignatureDefMap
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from stargan_tf.devserver.errors import ServingError, error_of, invalid, sentence_of, shown
from stargan_tf.devserver.tensors import Arrays, Specs, inputs_from_protos

WARMUP_FILE = Path("assets.extra") / "tf_serving_warmup_requests"
# TensorFlow Serving reads no more of them either.
MAX_WARMUP_REQUESTS = 1000
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
        self.signature_defs = _read_signature_defs(path)
        self._inputs = {
            signature: {key: _spec(info) for key, info in definition.inputs.items()}
            for signature, definition in self.signature_defs.items()
            if definition.method_name  # what initializes the graph has none
        }
        try:
            self._session = _load(path)
        except Exception as error:  # whatever a damaged file may lead to
            raise invalid(f"{path} cannot be loaded ({error_of(error)}): export again.") from error
        self._warm_up(path / WARMUP_FILE)

    def inputs_of(self, signature: str) -> Specs:
        """The inputs of a signature, "" for the default; raises ServingError if there is none."""
        signature = signature or DEFAULT_SIGNATURE
        if signature in self._inputs:
            return self._inputs[signature]
        model, names = (
            f"{self.name} version {self.model_spec.version.value}",
            ", ".join(sorted(self._inputs)),
        )
        sentence = f"Model {model} has no signature {shown(signature)}, expected one of: {names}."
        raise ServingError(grpc.StatusCode.FAILED_PRECONDITION, sentence)

    def run(
        self,
        signature: str,
        inputs: Arrays,
        wanted: Sequence[str] = (),
        seconds: float | None = None,
    ) -> Arrays:
        """Computes outputs of a signature when it is this request's turn.

        Args:
          signature: one that it has, "" for the default.
          inputs: arrays of the types that the signature expects, bytes as objects.
          wanted: names of outputs; none for all.
          seconds: after which nobody waits for the outputs.

        Raises:
          tf.errors.OpError, ServingError: the graph rejects the inputs, or the request cannot be
            run so.
        """
        known = self.signature_defs[signature or DEFAULT_SIGNATURE]
        unknown = [name for name in wanted if name not in known.outputs]
        if unknown or len(set(wanted)) < len(wanted):
            problem = f"{shown(unknown[0])}, which is unknown" if unknown else "a name twice"
            names = ", ".join(sorted(known.outputs))
            raise invalid(f"The output filter has {problem}, expected some of: {names}.")
        feeds = {known.inputs[key].name: array for key, array in inputs.items()}
        fetches = {key: known.outputs[key].name for key in wanted or sorted(known.outputs)}
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
        # Strings of rank 0 come as bytes, numbers of rank 0 as NumPy's own.
        return {
            key: np.array(value, object) if isinstance(value, bytes) else np.asarray(value)
            for key, value in outputs.items()
        }

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
            for record in tf.data.TFRecordDataset(str(path)).take(MAX_WARMUP_REQUESTS):
                log = PredictionLog.FromString(record.numpy())
                if log.HasField("predict_log"):
                    request = log.predict_log.request
                    specs = self.inputs_of(request.model_spec.signature_name)
                    inputs = inputs_from_protos(request.inputs, specs)
                    self.run(request.model_spec.signature_name, inputs)
        except (DecodeError, ServingError, tf.errors.OpError) as error:
            sentence = f"The warm-up requests in {path} failed ({error_of(error)}): export again."
            raise invalid(sentence) from error


def _spec(info: tf.compat.v1.TensorInfo) -> tf.TensorSpec:
    return tf.TensorSpec(tf.TensorShape(info.tensor_shape), tf.dtypes.as_dtype(info.dtype))


def _read_signature_defs(path: Path) -> dict[str, SignatureDef]:
    """The signatures as saved_model.pb describes them, for serving's metadata."""
    file = path / "saved_model.pb"
    try:
        graphs = SavedModel.FromString(file.read_bytes()).meta_graphs
    except (OSError, DecodeError) as error:
        raise invalid(f"{file} is missing or damaged: export the model again.") from error
    for graph in graphs:
        if tf.saved_model.SERVING in graph.meta_info_def.tags:
            # Copies, or each would keep the whole graph alive.
            return {
                name: SignatureDef.FromString(definition.SerializeToString())
                for name, definition in graph.signature_def.items()
            }
    raise invalid(f"{file} has no graph for serving (tag serve): export the model again.")


def _load(path: Path) -> tf.compat.v1.Session:
    """Puts a SavedModel into a session of its own."""
    config = tf.compat.v1.ConfigProto()
    config.gpu_options.allow_growth = True  # a GPU is shared with whatever else is tried out
    session = tf.compat.v1.Session(graph=tf.Graph(), config=config)
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel("ERROR")  # it would advise to use tf.saved_model.load
    try:
        with session.graph.as_default():
            tf.compat.v1.saved_model.loader.load(session, [tf.saved_model.SERVING], str(path))
        session.graph.finalize()
    except BaseException:
        session.close()
        raise
    finally:
        logger.setLevel(level)
    return session
