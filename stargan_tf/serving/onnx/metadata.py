"""Names, sizes and licence inside an .onnx file.

Metadata of ONNX are strings by name, which runtimes and viewers show:

model.json   the same as in the SavedModel and in TFLite files
signature    which signature the file is, such as translate_latent_float
output       what it calls the signature's output, such as {"image": "image_out"}
"""

import json

import onnx

from stargan_tf.algorithms.signatures import Signature
from stargan_tf.serving import model_info
from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.serving.signatures import FLOAT_SUFFIX


def add_metadata(
    model: onnx.ModelProto, info: ModelInfo, signature: Signature, output: str
) -> None:
    """Writes the metadata of a file.

    Args:
      model: gets them.
      info: the contents of model.json.
      signature: that the file holds.
      output: what the file calls its output.
    """
    model.producer_name, model.producer_version = "stargan_tf", info.stargan_tf
    model.model_version = info.version
    model.graph.name = signature.name + FLOAT_SUFFIX
    model.doc_string = f"{signature.name} of {info.name} version {info.version}"
    texts = {
        model_info.FILE: info.to_json(),
        "signature": signature.name + FLOAT_SUFFIX,
        "output": json.dumps({signature.output: output}),
    }
    onnx.helper.set_model_props(model, texts)
