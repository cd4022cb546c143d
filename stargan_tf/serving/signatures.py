"""The signatures of an exported model: what goes in, what is done, what comes out.

    translate_random      image, target_domain, seed, psi    -> image
    translate_latent      image, target_domain, latent, psi  -> image
    translate_reference   image, reference, target_domain    -> image
    encode_style          reference, target_domain           -> style_code
    map_latent            latent, target_domain, psi         -> style_code
    translate_style       image, style_code                  -> image

A SavedModel has each on encoded images, where the tensors of images are named
`image_bytes` and `reference_bytes`, and as `NAME_float` on float images;
`serving_default` is translate_random on encoded images. TFLite files have those of
`ON_DEVICE` as `NAME_float`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import tensorflow as tf

from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.serving.translation import Translation

FLOAT = "_float"
DEFAULT = "serving_default"
IMAGES = ("image", "reference")


class Signature(NamedTuple):
    """One thing that an exported model does.

    Attributes:
      name: without the suffix for float images.
      inputs: names, in their order.
      output: name.
      compute: takes the translation and, by name, the inputs ready to use: images
        [N, R, R, 3] float32, target_domain [N] int32, latent [N, latent_dim] float32 (also
        made of a seed), style_code [N, style_dim] float32, psi [N] float32.
    """

    name: str
    inputs: tuple[str, ...]
    output: str
    compute: Callable[..., tf.Tensor]


def _translate_latent(
    translation: Translation,
    image: tf.Tensor,
    target_domain: tf.Tensor,
    latent: tf.Tensor,
    psi: tf.Tensor,
) -> tf.Tensor:
    s = translation.style_of_latent(latent, target_domain, psi)
    return translation.translate(image, s)


def _translate_random(
    translation: Translation,
    image: tf.Tensor,
    target_domain: tf.Tensor,
    seed: tf.Tensor,
    psi: tf.Tensor,
) -> tf.Tensor:
    return _translate_latent(translation, image, target_domain, seed, psi)


def _translate_reference(
    translation: Translation, image: tf.Tensor, reference: tf.Tensor, target_domain: tf.Tensor
) -> tf.Tensor:
    return translation.translate(image, translation.style_of_reference(reference, target_domain))


def _encode_style(
    translation: Translation, reference: tf.Tensor, target_domain: tf.Tensor
) -> tf.Tensor:
    return translation.style_of_reference(reference, target_domain)


def _map_latent(
    translation: Translation, latent: tf.Tensor, target_domain: tf.Tensor, psi: tf.Tensor
) -> tf.Tensor:
    return translation.style_of_latent(latent, target_domain, psi)


def _translate_style(
    translation: Translation, image: tf.Tensor, style_code: tf.Tensor
) -> tf.Tensor:
    return translation.translate(image, style_code)


RANDOM = Signature(
    "translate_random", ("image", "target_domain", "seed", "psi"), "image", _translate_random
)
LATENT = Signature(
    "translate_latent", ("image", "target_domain", "latent", "psi"), "image", _translate_latent
)
REFERENCE = Signature(
    "translate_reference", ("image", "reference", "target_domain"), "image", _translate_reference
)
ENCODE = Signature("encode_style", ("reference", "target_domain"), "style_code", _encode_style)
STYLE = Signature("translate_style", ("image", "style_code"), "image", _translate_style)
MAP = Signature("map_latent", ("latent", "target_domain", "psi"), "style_code", _map_latent)
SIGNATURES = (RANDOM, LATENT, REFERENCE, ENCODE, MAP, STYLE)
# Random latent codes come from the app, since TFLite has no generator of them.
ON_DEVICE = (LATENT, REFERENCE, ENCODE, STYLE)


def float_spec(name: str, info: ModelInfo, rows: int | None) -> tf.TensorSpec:
    """The tensor of an input or output on float images.

    Args:
      name: of the input or output.
      info: the model's sizes.
      rows: N, None for any.
    """
    side = info.img_size
    shape, dtype = {
        "image": ([side, side, 3], tf.float32),
        "reference": ([side, side, 3], tf.float32),
        "target_domain": ([], tf.int32),
        "seed": ([], tf.int64),
        "latent": ([info.latent_dim], tf.float32),
        "psi": ([], tf.float32),
        "style_code": ([info.style_dim], tf.float32),
    }[name]
    return tf.TensorSpec([rows, *shape], dtype, name)


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
    graphs = [function.get_concrete_function().graph for function in functions.values()]
    root = tf.Module()
    root.weights = list({id(v): v for graph in graphs for v in graph.variables}.values())
    for name, value in tracked.items():
        setattr(root, name, value)
    tf.saved_model.save(root, str(folder), signatures=dict(functions))
