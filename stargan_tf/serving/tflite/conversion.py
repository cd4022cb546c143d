"""From the trained networks to TFLite files."""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from stargan_tf.algorithms.algorithm import Algorithm
from stargan_tf.algorithms.signatures import Signature
from stargan_tf.native_output import shown_on_failure
from stargan_tf.serving.graph import ServingGraph, TracedOnce
from stargan_tf.serving.inputs import float_spec
from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.serving.signatures import FLOAT_SUFFIX, save_signatures
from stargan_tf.serving.tflite.half_precision import convert_to_float16
from stargan_tf.serving.tflite.metadata import add_metadata
from stargan_tf.serving.tflite.quantization import convert_to_int8


class TFLiteConverter:
    """Converts a model into files of several number types.

    Images come one at a time: delegates of phones take no open batch size. The
    signatures of a file share its weights.

    Attributes:
      signatures: names of those that a file has, without the suffix.
    """

    def __init__(
        self,
        graph: ServingGraph,
        algorithm: Algorithm,
        info: ModelInfo,
        inputs: dict[str, np.ndarray],
        folder: str,
    ) -> None:
        """Traces the signatures and saves them where TensorFlow's converter takes them from.

        Args:
          graph: of folded networks; weights that are computed in the graph would keep the
            convolutions off phones' GPUs.
          algorithm: whose signatures for devices are converted.
          info: names and sizes.
          inputs: typical inputs of every signature, by name, N rows each, for int8.
          folder: an empty one that must exist while the converter is used.
        """
        on_device = [signature for signature in algorithm.signatures() if signature.on_device]
        self.signatures = tuple(signature.name for signature in on_device)
        self._info = info
        self._decoder_blocks = algorithm.decoder_blocks
        self._inputs = inputs
        self._keys = [name + FLOAT_SUFFIX for name in self.signatures]
        self._folder = folder
        shared = TracedOnce(graph)
        functions = [_trace(signature, shared, info) for signature in on_device]
        save_signatures(dict(zip(self._keys, functions, strict=True)), self._folder)

    def convert(self, number_type: str) -> bytes:
        """Makes a file.

        Args:
          number_type: float32; float16 (weights); dynamic (weights of 8 bits, activations
            quantised as they come); int8 (convolutions in 8 bits throughout, with the
            ranges of the calibration).

        Returns:
          The contents of the .tflite file, with metadata.
        """
        # The converter reports past Python, at length.
        with shown_on_failure():
            converter = tf.lite.TFLiteConverter.from_saved_model(
                self._folder, signature_keys=self._keys
            )
            if number_type == "int8":
                content = convert_to_int8(converter, self._calibration, self._decoder_blocks)
            elif number_type == "float16":
                content = convert_to_float16(converter)
            else:
                converter.optimizations = [tf.lite.Optimize.DEFAULT] * (number_type == "dynamic")
                content = converter.convert()
        return add_metadata(content, self._info)

    def _calibration(self) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
        """Gives each row of the typical inputs to every signature."""
        for row in range(len(next(iter(self._inputs.values())))):
            for name in self.signatures:
                keys = self._info.signatures[name].inputs
                inputs = {key: self._inputs[key][row : row + 1] for key in keys}
                yield name + FLOAT_SUFFIX, inputs


def _trace(
    signature: Signature, graph: ServingGraph, info: ModelInfo
) -> tf.types.experimental.GenericFunction:
    specs = [float_spec(name, info, rows=1) for name in signature.inputs]

    def compute(*values: tf.Tensor) -> dict[str, tf.Tensor]:
        inputs = dict(zip(signature.inputs, values, strict=True))
        return {signature.output: signature.compute(graph, **inputs)}

    return tf.function(compute, input_signature=specs, autograph=False)
