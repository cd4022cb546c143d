"""One table of what signatures take and give, by kind: tensors, checks and examples.

The graph of a SavedModel, its comparison with the networks, the calibration of TFLite files
and the warm-up requests are all made from it.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from stargan_tf.algorithms import drawable, latents, signatures
from stargan_tf.algorithms.drawable import Drawable
from stargan_tf.algorithms.signatures import KINDS
from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.serving.saved_model import checks, labels
from stargan_tf.serving.saved_model.images import decode_images, encode_images


class Encoding(NamedTuple):
    """What takes the place of a kind's numbers in signatures on encoded images: [N] string.

    Attributes:
      suffix: of the tensor's name.
      decode: checks and decodes a tensor of this name; the table has the indices of domains.
      encode: makes such strings of numbers.
    """

    suffix: str
    decode: Callable[[str, tf.Tensor, ModelInfo, tf.lookup.StaticHashTable], tf.Tensor]
    encode: Callable[[np.ndarray, ModelInfo], tf.Tensor]


class Examples(NamedTuple):
    """What example inputs are made of: random numbers, images [N, R, R, 3] and a model."""

    rng: np.random.Generator
    images: np.ndarray
    model: Drawable
    info: ModelInfo


class Kind(NamedTuple):
    """How the inputs and outputs of one kind are sent, checked and tried out.

    Attributes:
      dtype: of the tensor in signatures on float images.
      shape: of one row of it.
      check: passes a tensor of this name on to `Signature.compute`, if it is right.
      example: N typical rows.
      encoding: None where both kinds of signatures take the same tensor.
    """

    dtype: tf.DType
    shape: Callable[[ModelInfo], list[int]]
    check: Callable[[str, tf.Tensor, ModelInfo], tf.Tensor]
    example: Callable[[Examples], np.ndarray]
    encoding: Encoding | None = None


def _example_latents(examples: Examples) -> np.ndarray:
    shape = [len(examples.images), examples.info.latent_dim]
    return examples.rng.standard_normal(shape, np.float32)


def _example_domains(examples: Examples) -> np.ndarray:
    return (np.arange(len(examples.images)) % len(examples.info.domains)).astype(np.int32)


def _example_labels(examples: Examples) -> np.ndarray:
    """Some that hold, some that do not, and some between."""
    layout = examples.info.layout
    shape = [len(examples.images), layout.length]
    drawn = np.clip(examples.rng.uniform(-1, 2, shape), 0, 1).astype(np.float32)
    if not layout.is_joint:
        return drawn
    whose = np.arange(len(drawn)) % len(layout.sizes)
    rows = [
        layout.vectors_of_set(tf.constant(drawn[row : row + 1, layout.part(which)]), which)
        for row, which in enumerate(whose.tolist())
    ]
    return np.concatenate(rows)


def _example_codes(examples: Examples) -> np.ndarray:
    """Codes that the model makes: of images where it can, since these are at hand."""
    modes = examples.model.modes
    mode = drawable.mode_of(modes, drawable.IMAGE) or modes[0]
    domains = tf.constant(examples.rng.permutation(_example_domains(examples)))
    images = examples.rng.permutation(examples.images)  # several inputs get several codes
    sources = {drawable.IMAGE: images, drawable.LATENT: _example_latents(examples)}
    source = sources.get(mode.source)
    one_by_one = (slice(row, row + 1) for row in range(len(examples.images)))  # to save memory
    codes = [
        examples.model.make_codes(
            mode, None if source is None else tf.constant(source[row]), domains[row]
        )
        for row in one_by_one
    ]
    return np.concatenate(codes)


TABLE = {
    signatures.IMAGE: Kind(
        dtype=tf.float32,
        shape=lambda info: [info.img_size, info.img_size, 3],
        check=lambda name, value, info: checks.finite(name, value),
        example=lambda examples: examples.rng.permutation(examples.images),
        encoding=Encoding(
            suffix="_bytes",
            decode=lambda name, value, info, _: decode_images(name, value, info.img_size),
            encode=lambda value, _: encode_images(tf.constant(value), "png"),
        ),
    ),
    signatures.DOMAIN: Kind(
        dtype=tf.int32,
        shape=lambda info: [],
        check=lambda name, value, info: checks.domain_in_range(name, value, info.domains),
        example=_example_domains,
        encoding=Encoding(
            suffix="",
            decode=lambda name, value, info, table: checks.domain_index(
                name, value, table, info.domains
            ),
            encode=lambda value, info: tf.constant([info.domains[index] for index in value]),
        ),
    ),
    signatures.SEED: Kind(
        dtype=tf.int64,
        shape=lambda info: [],
        check=lambda name, value, info: latents.draw_latents(value, info.latent_dim),
        example=lambda examples: examples.rng.integers(0, 2**31, len(examples.images)),
    ),
    signatures.LATENT: Kind(
        dtype=tf.float32,
        shape=lambda info: [info.latent_dim],
        check=lambda name, value, info: checks.code(name, value, info.latent_dim),
        example=_example_latents,
    ),
    signatures.CODE: Kind(
        dtype=tf.float32,
        shape=lambda info: [info.style_dim],
        check=lambda name, value, info: checks.code(name, value, info.style_dim),
        example=_example_codes,
    ),
    signatures.FRACTION: Kind(
        dtype=tf.float32,
        shape=lambda info: [],
        check=lambda name, value, info: checks.fraction(name, value),
        example=lambda examples: examples.rng.uniform(0.5, 1, len(examples.images)).astype("f"),
    ),
    signatures.LABEL: Kind(
        dtype=tf.float32,
        shape=lambda info: [info.layout.length],
        check=lambda name, value, info: checks.code(name, value, info.layout.length),
        example=_example_labels,
        encoding=Encoding(
            suffix="",
            decode=lambda name, value, info, table: labels.labels_of_names(
                name, value, table, info.domains, info.layout
            ),
            encode=lambda value, info: tf.constant(
                [labels.names_of_labels(row, info.domains, info.layout) for row in value]
            ),
        ),
    ),
}


def float_spec(name: str, info: ModelInfo, rows: int | None) -> tf.TensorSpec:
    """The tensor of an input in signatures on float images.

    Args:
      name: of the input.
      info: the model's sizes.
      rows: N, None for any.
    """
    kind = TABLE[KINDS[name]]
    return tf.TensorSpec([rows, *kind.shape(info)], kind.dtype, name)


def served_spec(name: str, info: ModelInfo) -> tf.TensorSpec:
    """The tensor of an input in a SavedModel's signatures on float images.

    Labels may have any length, so that a wrong one meets a sentence.
    """
    spec = float_spec(name, info, rows=None)
    if KINDS[name] == signatures.LABEL:
        return tf.TensorSpec([None] * spec.shape.rank, spec.dtype, name)
    return spec


def encoded_spec(name: str, info: ModelInfo) -> tf.TensorSpec:
    """The tensor of an input in signatures on encoded images."""
    encoding = TABLE[KINDS[name]].encoding
    if encoding:
        return tf.TensorSpec([None], tf.string, name + encoding.suffix)
    spec = float_spec(name, info, rows=None)
    # Any length, so that a wrong one meets a sentence.
    return tf.TensorSpec([None] * spec.shape.rank, spec.dtype, name)


def encoded(inputs: dict[str, np.ndarray], info: ModelInfo) -> dict[str, tf.Tensor]:
    """Makes inputs of a signature on float images those of the one on encoded images."""
    tensors = {}
    for name, value in inputs.items():
        encoding = TABLE[KINDS[name]].encoding
        tensor = encoding.encode(value, info) if encoding else tf.constant(value)
        tensors[encoded_spec(name, info).name] = tensor
    return tensors


def example_inputs(
    model: Drawable, info: ModelInfo, images: np.ndarray, seed: int
) -> dict[str, np.ndarray]:
    """Typical inputs of all signatures on float images.

    Args:
      model: makes codes.
      info: signatures and sizes.
      images: [N, R, R, 3] float32 in [-1, 1].
      seed: of whatever is random.

    Returns:
      N rows each, by name. Images are those that were given, rounded to 8 bits.
    """
    images = (np.round((images + 1) * 127.5) / 127.5 - 1).astype(np.float32)
    examples = Examples(np.random.default_rng(seed), images, model, info)
    used = {name for signature in info.signatures.values() for name in signature.inputs}
    return {name: TABLE[kind].example(examples) for name, kind in KINDS.items() if name in used}
