"""Weights of 16 bits where runtimes read them rightly: in convolutions and matrix products."""

import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

_HOLDERS_OF_WEIGHTS = {"CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"}


def convert_to_float16(converter: tf.lite.TFLiteConverter) -> bytes:
    """Converts a model with weights of 16 bits, and all small constants of 32.

    XNNPACK widens 16-bit constants itself. Convolutions copy the result; additions and
    multiplications keep pointing at it, and with several signatures in a file it is
    gone when they run: images turn to noise.

    Args:
      converter: of the float model.

    Returns:
      The contents of the file.
    """
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(converter.convert()))
    for graph in model.subgraphs:
        kept = []
        for operation in graph.operators:
            source, result = graph.tensors[operation.inputs[0]], operation.outputs[0]
            half = model.buffers[source.buffer].data
            if _name(model, operation) != "DEQUANTIZE" or half is None:
                kept.append(operation)
                continue
            users = [user for user in graph.operators if result in user.inputs]
            if all(_name(model, user) in _HOLDERS_OF_WEIGHTS for user in users):
                kept.append(operation)
                continue
            graph.tensors[result].buffer = len(model.buffers)
            model.buffers.append(_widened(half))
        graph.operators = kept
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def _name(model: schema.ModelT, operation: schema.OperatorT) -> str:
    return flatbuffer_utils.opcode_to_name(model, operation.opcodeIndex)


def _widened(half: np.ndarray) -> schema.BufferT:
    buffer = schema.BufferT()
    single = np.frombuffer(bytes(half), np.float16).astype(np.float32)
    buffer.data = np.frombuffer(single.tobytes(), np.uint8)
    return buffer
