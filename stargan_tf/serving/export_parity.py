"""How near an exported model comes to the trained networks, on the same inputs."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from stargan_tf.algorithms.signatures import IMAGE, KINDS, Signature
from stargan_tf.serving.graph import ServingGraph
from stargan_tf.serving.inputs import TABLE, encoded, encoded_spec
from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.serving.signatures import FLOAT_SUFFIX

_PEAK = 2.0  # of images in [-1, 1]

# Takes the name of a signature on float images and its inputs; gives its output.
SignatureCaller = Callable[[str, dict[str, np.ndarray]], np.ndarray]


class Probe(NamedTuple):
    """Inputs, and what the model that others are compared with makes of them.

    Attributes:
      info: signatures and sizes.
      inputs: by name, N rows each; see `inputs.example_inputs`.
      expected: outputs by signature.
    """

    info: ModelInfo
    inputs: dict[str, np.ndarray]
    expected: dict[str, np.ndarray]

    def inputs_of(self, signature: str) -> dict[str, np.ndarray]:
        """The inputs of one signature."""
        return {name: self.inputs[name] for name in self.info.signatures[signature].inputs}

    def output_of(self, signature: str) -> str:
        """The name of its output."""
        return next(iter(self.info.signatures[signature].output))


class Agreement(NamedTuple):
    """How much a model differs from the one that it is compared with.

    Attributes:
      worst: greatest absolute difference of any number of any output.
      psnr: of the translations in decibels, that of the worst signature; infinite when
        nothing differs.
    """

    worst: float
    psnr: float


def call_networks(
    graph: ServingGraph, signatures: Sequence[Signature], info: ModelInfo
) -> SignatureCaller:
    """The networks as they were trained, called like an exported model."""
    by_name = {signature.name + FLOAT_SUFFIX: signature for signature in signatures}

    def call(name: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
        checked = {
            key: TABLE[KINDS[key]].check(key, tf.constant(value), info)
            for key, value in inputs.items()
        }
        return by_name[name].compute(graph, **checked).numpy()

    return call


def call_saved_model(functions: Mapping[str, Callable]) -> SignatureCaller:
    """The signatures of a loaded SavedModel, called with arrays."""

    def call(name: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
        tensors = {key: tf.constant(value) for key, value in inputs.items()}
        (output,) = functions[name](**tensors).values()
        return output.numpy()

    return call


def make_probe(call: SignatureCaller, info: ModelInfo, inputs: dict[str, np.ndarray]) -> Probe:
    """Runs every signature of the model that others are compared with.

    Args:
      call: takes batches.
      info: signatures and sizes.
      inputs: N rows each, by name.
    """
    probe = Probe(info, inputs, {})
    for name in info.signatures:
        probe.expected[name] = call(name + FLOAT_SUFFIX, probe.inputs_of(name))
    return probe


def compare(
    call: SignatureCaller,
    probe: Probe,
    signatures: Collection[str] | None = None,
    batch_size: int = 1,
) -> Agreement:
    """Runs signatures of a model on float images.

    Args:
      call: what is compared.
      probe: inputs and what is expected.
      signatures: names without the suffix; all by default.
      batch_size: rows in a call; the last call has those that are left.

    Returns:
      NaN where an output is NaN.
    """
    worst, psnr = 0.0, np.inf
    for signature in probe.info.signatures if signatures is None else signatures:
        inputs, expected = probe.inputs_of(signature), probe.expected[signature]
        rows = [
            call(signature + FLOAT_SUFFIX, {k: v[i : i + batch_size] for k, v in inputs.items()})
            for i in range(0, len(expected), batch_size)
        ]
        error = np.concatenate(rows) - expected
        # Unlike Python's, these pass NaN on.
        worst = float(np.maximum(worst, np.abs(error).max()))
        if KINDS[probe.output_of(signature)] == IMAGE:
            psnr = float(np.minimum(psnr, peak_signal_to_noise(error)))
    return Agreement(worst, psnr)


def peak_signal_to_noise(error: np.ndarray) -> float:
    """PSNR in decibels of images in [-1, 1], from their errors: infinite for none."""
    mean_square = float(np.mean(np.square(error, dtype=np.float64)))
    return float(10 * np.log10(_PEAK**2 / mean_square)) if mean_square else np.inf


def compare_encoded(functions: Mapping[str, Callable], probe: Probe) -> int:
    """Runs the first signature that draws on encoded images, all in one batch.

    Args:
      functions: the signatures of a SavedModel that gives PNG.
      probe: inputs and what is expected.

    Returns:
      The greatest difference of any 8-bit channel of any pixel; 0 if none draws.
    """
    drawing = [name for name in probe.info.signatures if KINDS[probe.output_of(name)] == IMAGE]
    if not drawing:
        return 0
    name = drawing[0]
    outputs = functions[name](**encoded(probe.inputs_of(name), probe.info))
    contents = outputs[encoded_spec(probe.output_of(name), probe.info).name]
    pixels = np.stack([tf.io.decode_png(content, channels=3) for content in contents])
    expected = np.round((probe.expected[name] + 1) * 127.5)
    return int(np.abs(pixels - expected).max())
