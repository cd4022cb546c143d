"""Requests that a server runs before it answers anyone, so that nobody waits for a first one."""

from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from stargan_tf.serving.inputs import encoded, float_spec
from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.serving.signatures import DEFAULT, FLOAT_SUFFIX

# Where TF Serving looks for them.
WARMUP_FILE = "assets.extra/tf_serving_warmup_requests"


def write_warmup_requests(folder: Path, info: ModelInfo) -> None:
    """Writes one request for each signature into an exported model."""
    requests = {}
    for name, signature in info.signatures.items():
        # One row of zeros for each input: a grey image, the first domain, the mean style.
        specs = [float_spec(key, info, rows=1) for key in signature.inputs]
        zeros = {spec.name: np.zeros(spec.shape, spec.dtype.as_numpy_dtype) for spec in specs}
        requests[name + FLOAT_SUFFIX] = zeros
        requests[name] = encoded(zeros, info)
        requests.setdefault(DEFAULT, requests[name])
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
