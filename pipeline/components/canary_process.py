"""Loads a SavedModel and sends a request to each of its signatures.

    python -I pipeline/components/canary_process.py MODEL IMAGES

IMAGES is a folder with image files, *.image. Like a model server, this knows nothing but
TensorFlow and what is in the model: its model.json lists the signatures, with the kinds of
their inputs and outputs. It exits with 1 and one sentence when something is wrong.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf


def main(model: Path, folder: Path) -> None:
    """Tries every signature."""
    info = json.loads((model / "assets" / "model.json").read_text(encoding="utf-8"))
    if "signatures" not in info:
        sys.exit("its model.json lists no signatures: export it with this version of stargan_tf")
    signatures = tf.saved_model.load(str(model)).signatures
    expected = expected_signatures(info)
    missing = set(expected) - set(signatures)
    if missing:
        sys.exit(f"it lacks the signatures {', '.join(sorted(missing))}")
    images = [path.read_bytes() for path in sorted(folder.glob("*.image"))]
    for name, described in expected.items():
        _, specs = signatures[name].structured_input_signature
        unknown = [key for key in specs if key.removesuffix("_bytes") not in described["inputs"]]
        if unknown:
            sys.exit(f"{name} takes {', '.join(unknown)}, of which its model.json knows nothing")
        given = request(specs, described["inputs"], images, info)
        (output,) = signatures[name](**given).values()
        (kind,) = described["output"].values()
        problem = what_is_wrong(output.numpy(), kind, len(images), info)
        if problem:
            sys.exit(f"{name} gave {problem}")


def expected_signatures(info: dict) -> dict[str, dict]:
    """What model.json says about each signature of the SavedModel."""
    listed = info["signatures"]
    expected = {"serving_default": next(iter(listed.values()))}
    for name, described in listed.items():
        expected |= {name: described, f"{name}_float": described}
    return expected


def request(
    specs: dict[str, tf.TensorSpec], kinds: dict[str, str], images: list[bytes], info: dict
) -> dict[str, tf.Tensor]:
    """Inputs of a row for each image; `kinds` are by the names of model.json."""
    given = {}
    for number, (key, spec) in enumerate(sorted(specs.items())):
        turned = [*images[number:], *images[:number]]  # several inputs get several images
        kind = kinds[key.removesuffix("_bytes")]
        given[key] = tf.constant(value(kind, spec.dtype, turned, info), spec.dtype)
    return given


def value(kind: str, dtype: tf.DType, images: list[bytes], info: dict) -> Any:
    """A typical value for each image, by the kind and type of the input."""
    num, rng = len(images), np.random.default_rng(0)
    match kind:
        case "image":
            return images if dtype == tf.string else _decoded(images, info["img_size"])
        case "domain":
            indices = np.arange(num) % len(info["domains"])
            return [info["domains"][i] for i in indices] if dtype == tf.string else indices
        case "seed":
            return np.arange(num)
        case "latent":
            return rng.standard_normal([num, info["latent_dim"]])
        case "code":
            return rng.standard_normal([num, info["style_dim"]])
        case "label":  # numbers from 0 to 1, or names of those that hold
            if dtype == tf.string:
                return [info["domains"][i] for i in np.arange(num) % len(info["domains"])]
            return rng.integers(0, 2, [num, info["style_dim"]])
        case "fraction":
            return np.full(num, 0.7)
    sys.exit(f"its model.json has an input of the unknown kind {kind}")


def _decoded(images: list[bytes], side: int) -> np.ndarray:
    pixels = [tf.io.decode_image(image, channels=3, expand_animations=False) for image in images]
    return np.stack([tf.image.resize(image, [side, side]) for image in pixels]) / 127.5 - 1


def what_is_wrong(output: np.ndarray, kind: str, num: int, info: dict) -> str | None:
    """Judges an output: image files, images in [-1, 1] or style codes, one for each image."""
    side = info["img_size"]
    expected = {"image": (num, side, side, 3), "code": (num, info["style_dim"])}.get(kind)
    if expected is None:
        return f"an output of the unknown kind {kind}"
    if output.dtype == object:
        pixels = [tf.io.decode_image(content, expand_animations=False) for content in output]
        shapes = {tuple(image.shape) for image in pixels}
        fits = len(output) == num and shapes == {expected[1:]}
        return None if fits else f"{len(output)} images of {shapes}, expected {expected}"
    if output.shape != expected:
        return f"numbers of shape {output.shape}, expected {expected}"
    if not np.isfinite(output).all():
        return "numbers that are NaN or infinite"
    if kind == "image" and np.abs(output).max() > 1:
        return f"values up to {np.abs(output).max():g}, expected [-1, 1]"
    return None


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except Exception as error:  # TensorFlow's messages begin with what matters
        sys.exit(f"{type(error).__name__}: {str(error).strip().splitlines()[0]}")
