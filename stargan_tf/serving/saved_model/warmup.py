"""Requests that a server runs before it answers anyone, so that nobody waits for a first one."""

from pathlib import Path

import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.serving.saved_model.images import encode_images
from stargan_tf.serving.signatures import DEFAULT, IMAGES, RANDOM, SIGNATURES

# Where TF Serving looks for them.
WARMUP_FILE = "assets.extra/tf_serving_warmup_requests"


def write_warmup_requests(folder: Path, info: ModelInfo) -> None:
    """Writes one request for each signature on encoded images into an exported model."""
    path = folder / WARMUP_FILE
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for name, inputs in [(DEFAULT, RANDOM.inputs), *((s.name, s.inputs) for s in SIGNATURES)]:
            request = predict_pb2.PredictRequest()
            request.model_spec.name = info.name
            request.model_spec.signature_name = name
            for key, value in example_request(inputs, info).items():
                request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
            log = prediction_log_pb2.PredictLog(request=request)
            record = prediction_log_pb2.PredictionLog(predict_log=log)
            writer.write(record.SerializeToString())


def example_request(inputs: tuple[str, ...], info: ModelInfo) -> dict[str, tf.Tensor]:
    """A valid request of one grey image, by the names of the inputs on encoded images."""
    side = info.img_size
    grey = encode_images(tf.zeros([1, side, side, 3]), "png")
    values = {
        **{name: grey for name in IMAGES},
        "target_domain": tf.constant([info.domains[0]]),
        "seed": tf.zeros([1], tf.int64),
        "latent": tf.zeros([1, info.latent_dim]),
        "psi": tf.ones([1]),
        "style_code": tf.zeros([1, info.style_dim]),
    }
    return {f"{name}_bytes" if name in IMAGES else name: values[name] for name in inputs}
