"""Eight bits where they do no harm: the convolutions.

Quantising everything costs some 5 dB. What is kept in float, and why:

- instance normalisation and AdaIN with their statistics: the variance of a feature
  map does not survive 8 bits;
- what lies between (LeakyReLU, additions, resizing), so that each activation is
  rounded once, where it enters a convolution, and not at every step on its way;
- the second convolution of each of the decoder's residual blocks, where a model has such
  (`Algorithm.decoder_blocks`), and 1x1 ones: their outputs add up in the decoder's
  residual stream, whose range grows to a hundred times that of a normalised map as
  training goes on. With these in 8 bits, another 7 dB are lost.

The others, some three quarters of StarGAN v2's multiplications, run in 8 bits.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.python.convert import mlir_quantize
from tensorflow.lite.tools import flatbuffer_utils

_IN_8_BITS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")
_CASTS = ("DEQUANTIZE", "QUANTIZE")
_FLOAT_OPERATIONS = [
    name
    for name in vars(schema.BuiltinOperator)
    if name.isupper() and name not in (*_IN_8_BITS, *_CASTS)
]


def convert_to_int8(
    converter: tf.lite.TFLiteConverter,
    calibration: Callable[[], Iterator[tuple[str, dict[str, np.ndarray]]]],
    decoder_blocks: int,
) -> bytes:
    """Converts a model with its convolutions in 8 bits.

    Args:
      converter: of the float model.
      calibration: gives typical inputs of every signature; the ranges of activations are
        those seen on them.
      decoder_blocks: how many blocks, of two convolutions each, end the drawing.

    Returns:
      The contents of the file; inputs and outputs are float.
    """
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = calibration
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    # As TensorFlow's own QuantizationDebugger quantises some operations and not others. It
    # cannot be used itself: it rejects a model whose first signature has no convolution.
    converter._experimental_calibrate_only = True
    calibrated = converter.convert()
    quantized = mlir_quantize(
        calibrated,
        denylisted_ops=_FLOAT_OPERATIONS,
        # The names that choose single operations are those in the calibrated model.
        denylisted_nodes=_float_convolutions(calibrated, decoder_blocks),
    )
    return _with_shared_buffers(quantized)


def _float_convolutions(content: bytes, decoder_blocks: int) -> list[str]:
    """Names of the outputs of the convolutions that stay in float."""
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    names = []
    for graph in model.subgraphs:
        wide, pointwise = [], []
        for operation in graph.operators:
            kind = flatbuffer_utils.opcode_to_name(model, operation.opcodeIndex)
            if kind not in ("CONV_2D", "TRANSPOSE_CONV"):
                continue
            _, height, width, _ = graph.tensors[operation.inputs[1]].shape
            output = graph.tensors[operation.outputs[0]].name.decode()
            (pointwise if height == width == 1 else wide).append(output)
        names += pointwise
        if len(graph.tensors[graph.outputs[0]].shape) == 4:  # it ends in the decoder
            names += wide[::-1][: 2 * decoder_blocks : 2]
    return names


def _with_shared_buffers(content: bytes) -> bytes:
    """Stores equal weights once: the signatures use the same ones."""
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    kept: list[Any] = []
    place_of: dict[bytes, int] = {}
    moved = []
    for number, buffer in enumerate(model.buffers):
        data = b"" if buffer.data is None else bytes(buffer.data)
        # Buffer 0 means "none"; empty ones belong to tensors that are computed.
        if number and data and data in place_of:
            moved.append(place_of[data])
            continue
        moved.append(len(kept))
        if number and data:
            place_of[data] = len(kept)
        kept.append(buffer)
    model.buffers = kept
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            tensor.buffer = moved[tensor.buffer]
    for entry in model.metadata or []:
        entry.buffer = moved[entry.buffer]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
