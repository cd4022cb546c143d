"""How near an exported model comes to the trained networks, on the same inputs."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.serving.saved_model.images import encode_images
from stargan_tf.serving.signatures import ENCODE, FLOAT, IMAGES, ON_DEVICE, STYLE
from stargan_tf.serving.translation import Translation

_PEAK = 2.0  # of images in [-1, 1]

# Takes the name of a signature on float images and its inputs; gives its output.
Model = Callable[[str, dict[str, np.ndarray]], np.ndarray]


class Probe(NamedTuple):
    """Inputs, and what the model that others are compared with makes of them.

    Attributes:
      inputs: by name, N rows each: image and reference [N, R, R, 3] float32, exact in 8
        bits; target_domain [N] int32; latent, style_code, psi.
      expected: outputs by signature.
    """

    inputs: dict[str, np.ndarray]
    expected: dict[str, np.ndarray]


class Agreement(NamedTuple):
    """How much a model differs from the one that it is compared with.

    Attributes:
      worst: greatest absolute difference of any number of any output.
      psnr: of the translations in decibels, that of the worst signature; infinite when
        nothing differs.
    """

    worst: float
    psnr: float


def trained_model(translation: Translation) -> Model:
    """The networks as they were trained, called like an exported model."""
    by_name = {signature.name + FLOAT: signature for signature in ON_DEVICE}

    def call(name: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
        return by_name[name].compute(translation, **inputs).numpy()

    return call


def saved_model(functions: Mapping[str, Callable]) -> Model:
    """The signatures of a loaded SavedModel, called with arrays."""

    def call(name: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
        tensors = {key: tf.constant(value) for key, value in inputs.items()}
        (output,) = functions[name](**tensors).values()
        return output.numpy()

    return call


def make_probe(model: Model, info: ModelInfo, images: np.ndarray, seed: int) -> Probe:
    """Runs the model that others are compared with.

    Args:
      model: takes batches.
      info: sizes.
      images: [N, R, R, 3] float32 in [-1, 1].
      seed: of latents and truncations.
    """
    rng = np.random.default_rng(seed)
    num = len(images)
    images = (np.round((images + 1) * 127.5) / 127.5 - 1).astype(np.float32)
    inputs = {
        "image": images,
        "reference": np.roll(images, 1, axis=0),
        "target_domain": (np.arange(num) % len(info.domains)).astype(np.int32),
        "latent": rng.standard_normal([num, info.latent_dim], np.float32),
        "psi": rng.uniform(0, 1, [num]).astype(np.float32),
    }
    encode = {name: inputs[name] for name in ENCODE.inputs}
    inputs["style_code"] = model(ENCODE.name + FLOAT, encode)
    expected = {
        s.name: model(s.name + FLOAT, {name: inputs[name] for name in s.inputs}) for s in ON_DEVICE
    }
    return Probe(inputs, expected)


def compare(model: Model, probe: Probe) -> Agreement:
    """Runs every signature of a model on float images, one image at a time.

    Args:
      model: calls a signature.
      probe: inputs and what is expected.
    """
    worst, psnr = 0.0, np.inf
    num = len(probe.inputs["image"])
    for signature in ON_DEVICE:
        rows = []
        for row in range(num):
            inputs = {name: probe.inputs[name][row : row + 1] for name in signature.inputs}
            rows.append(model(signature.name + FLOAT, inputs))
        error = np.concatenate(rows) - probe.expected[signature.name]
        worst = max(worst, float(np.abs(error).max()))
        if signature.output in IMAGES:
            psnr = min(psnr, peak_signal_to_noise(error))
    return Agreement(worst, psnr)


def peak_signal_to_noise(error: np.ndarray) -> float:
    """PSNR in decibels of images in [-1, 1], from their errors: infinite for none."""
    mean_square = float(np.mean(np.square(error, dtype=np.float64)))
    return float(10 * np.log10(_PEAK**2 / mean_square)) if mean_square else np.inf


def compare_encoded(functions: Mapping[str, Callable], probe: Probe) -> int:
    """Runs translate_style on encoded images, all in one batch.

    Args:
      functions: the signatures of a SavedModel that gives PNG.
      probe: inputs and what is expected.

    Returns:
      The greatest difference of any 8-bit channel of any pixel.
    """
    encoded = functions[STYLE.name](
        image_bytes=encode_images(tf.constant(probe.inputs["image"]), "png"),
        style_code=tf.constant(probe.inputs["style_code"]),
    )["image_bytes"]
    pixels = np.stack([tf.io.decode_png(content, channels=3) for content in encoded])
    expected = np.round((probe.expected[STYLE.name] + 1) * 127.5)
    return int(np.abs(pixels - expected).max())
