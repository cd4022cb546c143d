"""Requests for the stand-in models, as protocol buffers."""

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2


def predict_request(signature="", name="echo", version=None, label=None, outputs=(), **inputs):
    """A PredictRequest of arrays, lists or TensorProtos."""
    request = predict_pb2.PredictRequest(output_filter=outputs)
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    if version is not None:
        request.model_spec.version.value = version
    if label is not None:
        request.model_spec.version_label = label
    for key, value in inputs.items():
        if not hasattr(value, "tensor_content"):
            value = tf.make_tensor_proto(value)
        request.inputs[key].CopyFrom(value)
    return request


def echo_request(*texts, **options):
    """A request for the signature that echoes texts, each with its position."""
    numbers = np.arange(len(texts), dtype=np.float32)
    texts = [text.encode() if isinstance(text, str) else text for text in texts]
    return predict_request(text_bytes=np.array(texts, object), number=numbers, **options)


def echoes(version, *texts):
    """What is answered to `echo_request`."""
    return [f"{text}:{i}.0:{version}".encode() for i, text in enumerate(texts)]
