"""Requests that a server runs before it answers anyone, so that nobody waits for a first one."""

from pathlib import Path

import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.serving.saved_model.images import encode_images
from stargan_tf.serving.signatures import (
    DEFAULT,
    FLOAT,
    IMAGES,
    RANDOM,
    SIGNATURES,
    Signature,
    float_spec,
)

# Where TF Serving looks for them.
WARMUP_FILE = "assets.extra/tf_serving_warmup_requests"


def write_warmup_requests(folder: Path, info: ModelInfo) -> None:
    """Writes one request for each signature into an exported model."""
    requests = {DEFAULT: _on_encoded_images(RANDOM, info)}
    for signature in SIGNATURES:
        requests[signature.name] = _on_encoded_images(signature, info)
        requests[signature.name + FLOAT] = _on_float_images(signature, info)
    path = folder / WARMUP_FILE
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for name, inputs in requests.items():
            request = predict_pb2.PredictRequest()
            request.model_spec.name = info.name
            request.model_spec.signature_name = name
            for key, value in inputs.items():
                request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
            log = prediction_log_pb2.PredictLog(request=request)
            record = prediction_log_pb2.PredictionLog(predict_log=log)
            writer.write(record.SerializeToString())


def _on_float_images(signature: Signature, info: ModelInfo) -> dict[str, tf.Tensor]:
    """One row of zeros for each input: a grey image, the first domain, the mean style."""
    specs = (float_spec(name, info, rows=1) for name in signature.inputs)
    return {spec.name: tf.zeros(spec.shape, spec.dtype) for spec in specs}


def _on_encoded_images(signature: Signature, info: ModelInfo) -> dict[str, tf.Tensor]:
    inputs = _on_float_images(signature, info)
    for name in IMAGES:
        if name in inputs:
            inputs[f"{name}_bytes"] = encode_images(inputs.pop(name), "png")
    if "target_domain" in inputs:
        inputs["target_domain"] = tf.constant([info.domains[0]])
    return inputs
