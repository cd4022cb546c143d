"""From the trained networks to TFLite files."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.serving.signatures import (
    FLOAT,
    ON_DEVICE,
    Signature,
    float_spec,
    save_signatures,
)
from stargan_tf.serving.tflite.half_precision import convert_to_float16
from stargan_tf.serving.tflite.metadata import add_metadata
from stargan_tf.serving.tflite.quantization import convert_to_int8
from stargan_tf.serving.translation import Translation

# Gives (signature key, inputs by name), one after the other.
Calibration = Callable[[], Iterator[tuple[str, dict[str, np.ndarray]]]]


class TFLiteConverter:
    """Converts a model into files of several number types.

    Images come one at a time: delegates of phones take no open batch size. The
    signatures of a file share its weights.
    """

    def __init__(self, translation: Translation, info: ModelInfo, calibration: Calibration) -> None:
        """Traces the signatures.

        Args:
          translation: of folded networks; weights that are computed in
            the graph would keep the convolutions off phones' GPUs.
          info: names and sizes.
          calibration: typical inputs of every signature, for int8.
        """
        self._info = info
        self._decoder_blocks = translation.decoder_blocks
        self._calibration = calibration
        self._functions = {s.name + FLOAT: _trace(s, translation, info) for s in ON_DEVICE}

    def convert(self, number_type: str) -> bytes:
        """Makes a file.

        Args:
          number_type: float32; float16 (weights); dynamic (weights of 8 bits, activations
            quantised as they come); int8 (convolutions in 8 bits throughout, with the
            ranges of the calibration).

        Returns:
          The contents of the .tflite file, with metadata.
        """
        with tempfile.TemporaryDirectory() as folder, _native_output_hidden():
            save_signatures(self._functions, folder)
            converter = tf.lite.TFLiteConverter.from_saved_model(
                folder, signature_keys=list(self._functions)
            )
            if number_type == "int8":
                content = convert_to_int8(converter, self._calibration, self._decoder_blocks)
            elif number_type == "float16":
                content = convert_to_float16(converter)
            else:
                converter.optimizations = [tf.lite.Optimize.DEFAULT] * (number_type == "dynamic")
                content = converter.convert()
        return add_metadata(content, self._info)


def _trace(
    signature: Signature, translation: Translation, info: ModelInfo
) -> tf.types.experimental.GenericFunction:
    specs = [float_spec(name, info, rows=1) for name in signature.inputs]

    def compute(*values: tf.Tensor) -> dict[str, tf.Tensor]:
        inputs = dict(zip(signature.inputs, values, strict=True))
        return {signature.output: signature.compute(translation, **inputs)}

    return tf.function(compute, input_signature=specs)


@contextlib.contextmanager
def _native_output_hidden() -> Iterator[None]:
    """Keeps the converter's reports, which it prints past Python, off the screen."""
    for_python = os.dup(1), os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        for number in (1, 2):
            os.dup2(nowhere.fileno(), number)
        try:
            yield
        finally:
            for number, copy in enumerate(for_python, start=1):
                os.dup2(copy, number)
                os.close(copy)
