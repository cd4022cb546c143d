"""The names of an exported model's signatures, and how they are saved.

A SavedModel has each signature of its algorithm on encoded images, and as `NAME_float` on
float images; `serving_default` is the first one, on encoded images. TFLite files have those
that are meant for devices, as `NAME_float`. An ONNX file NAME.onnx is one signature on float
images. `serving.inputs` says what the tensors are.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from stargan_tf.files import plain_path
from stargan_tf.models.own_gradients import without_gradients

FLOAT_SUFFIX = "_float"
DEFAULT = "serving_default"


def save_signatures(
    functions: Mapping[str, tf.types.experimental.GenericFunction],
    folder: Path | str,
    **tracked: Any,
) -> None:
    """Writes traced functions as the signatures of a SavedModel.

    Only the variables that they use are saved, not the networks, which hold more than that.

    Args:
      functions: by the names of the signatures, with input signatures of their own.
      folder: a new one.
      **tracked: whatever else they use, such as tables, or is to be saved, such as assets.
    """
    with without_gradients():
        # Several names of one function are traced once.
        traced = {function: function.get_concrete_function() for function in functions.values()}
    signatures = {name: traced[function] for name, function in functions.items()}
    variables = [v for function in traced.values() for v in function.graph.variables]
    root = tf.Module()
    root.weights = list({id(v): v for v in variables}.values())
    for name, value in tracked.items():
        setattr(root, name, value)
    with plain_path(folder) as path:
        tf.saved_model.save(root, path, signatures=signatures)
