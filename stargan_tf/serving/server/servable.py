"""One version of a model in memory: its signatures, and how they are run.

The graph runs in a session, as in TensorFlow Serving. Calling the functions that
tf.saved_model.load gives would leave a kilobyte behind with every request that fails.
"""

import gc
from pathlib import Path
from typing import Protocol

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2
from tensorflow_serving.apis import prediction_log_pb2

from stargan_tf.serving.server.status import ServingError, error_of, invalid, sentence_of
from stargan_tf.serving.server.tensors import Arrays, TensorSpec, check_names, from_proto

WARMUP_FILE = Path("assets.extra") / "tf_serving_warmup_requests"
# TensorFlow Serving reads no more of them either.
MAX_WARMUP_REQUESTS = 1000
DEFAULT_SIGNATURE = "serving_default"
SERVING_TAG = tf.saved_model.SERVING
Specs = dict[str, TensorSpec]


class Servable(Protocol):
    """What the server needs of a loaded version.

    Attributes:
      name: the model's.
      version: the version's number.
      signature_defs: as the SavedModel describes its signatures.
    """

    name: str
    version: int
    signature_defs: dict[str, meta_graph_pb2.SignatureDef]

    def inputs_of(self, signature: str) -> Specs:
        """The inputs of a signature. Raises KeyError for unknown ones."""

    def run(self, signature: str, inputs: Arrays) -> Arrays:
        """Computes every output of a signature."""


class SavedModelServable:
    """A SavedModel in memory; its session ends with it."""

    def __init__(self, name: str, version: int, path: Path) -> None:
        """Loads the SavedModel at `path` and replays its warm-up requests.

        Raises:
          ServingError: it cannot be loaded, or a warm-up request failed.
        """
        self.name = name
        self.version = version
        self.signature_defs = _read_signature_defs(path)
        self._inputs = {
            signature: {key: TensorSpec.of(info) for key, info in definition.inputs.items()}
            for signature, definition in self.signature_defs.items()
            if definition.method_name  # what initializes the graph has none
        }
        try:
            self._session = _load(path)
        except Exception as error:  # whatever a damaged file may lead to
            raise invalid(
                f"{path} cannot be loaded ({error_of(error)}): export it again."
            ) from error
        self._warm_up(path / WARMUP_FILE)

    @property
    def signatures(self) -> tuple[str, ...]:
        """The names of the signatures that can be run."""
        return tuple(sorted(self._inputs))

    def inputs_of(self, signature: str) -> Specs:
        """The inputs of a signature. Raises KeyError for unknown ones."""
        return self._inputs[signature]

    def run(self, signature: str, inputs: Arrays) -> Arrays:
        """Computes every output of a signature.

        Args:
          signature: one of `signatures`.
          inputs: arrays of the types that the signature expects, bytes as objects.

        Raises:
          tf.errors.OpError: the graph refuses the inputs.
          ServingError: it does so with bytes that are no text.
        """
        definition = self.signature_defs[signature]
        feeds = {definition.inputs[key].name: array for key, array in inputs.items()}
        fetches = {key: info.name for key, info in definition.outputs.items()}
        try:
            outputs = self._session.run(fetches, feeds)
        except UnicodeDecodeError as error:
            # The graph's sentence repeats bytes of the request that are no text, and
            # TensorFlow fails to make its exception of it.
            raise invalid(sentence_of(error.object.decode(errors="replace"))) from error
        # Strings of rank 0 come as bytes, numbers of rank 0 as NumPy's own.
        return {
            key: np.array(value, object) if isinstance(value, bytes) else np.asarray(value)
            for key, value in outputs.items()
        }

    def _warm_up(self, path: Path) -> None:
        """Runs the recorded requests, so that the first real one is as fast as the rest."""
        if not path.exists():
            return
        try:
            for record in tf.data.TFRecordDataset(str(path)).take(MAX_WARMUP_REQUESTS):
                log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
                if not log.HasField("predict_log"):
                    continue
                request = log.predict_log.request
                signature = request.model_spec.signature_name or DEFAULT_SIGNATURE
                specs = self.inputs_of(signature)
                check_names(request.inputs, specs)
                arrays = {key: from_proto(key, request.inputs[key], specs[key]) for key in specs}
                self.run(signature, arrays)
        except (DecodeError, KeyError, ServingError, tf.errors.OpError) as error:
            raise invalid(
                f"The warm-up requests in {path} failed ({error_of(error)}): export again."
            ) from error


def _read_signature_defs(path: Path) -> dict[str, meta_graph_pb2.SignatureDef]:
    """The signatures as saved_model.pb describes them, for serving's metadata."""
    file = path / "saved_model.pb"
    try:
        saved_model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    except (OSError, DecodeError) as error:
        raise invalid(f"{file} is missing or damaged: export the model again.") from error
    for graph in saved_model.meta_graphs:
        if SERVING_TAG in graph.meta_info_def.tags:
            # Copies, or each would keep the whole graph alive.
            return {
                name: meta_graph_pb2.SignatureDef.FromString(definition.SerializeToString())
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
            tf.compat.v1.saved_model.loader.load(session, [SERVING_TAG], str(path))
        session.graph.finalize()
    except BaseException:
        session.close()
        raise
    finally:
        logger.setLevel(level)
    return session


def release_memory() -> None:
    """Frees versions that nobody holds any more: their graphs refer to themselves."""
    gc.collect()
