"""Loads a SavedModel and sends a request to each of its signatures.

    python -I pipeline/components/canary_process.py MODEL REQUEST

REQUEST is a folder with image files, *.image, and signatures.json, the names of the signatures
that the model must have. Like a model server, this knows nothing but TensorFlow and what is in
the model. It exits with 1 and one sentence when something is wrong.
"""

import json
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf


def main(model: Path, request: Path) -> None:
    """Tries every signature."""
    sizes = json.loads((model / "assets" / "model.json").read_text(encoding="utf-8"))
    signatures = tf.saved_model.load(str(model)).signatures
    missing = set(json.loads((request / "signatures.json").read_text())) - set(signatures)
    if missing:
        sys.exit(f"it lacks the signatures {', '.join(sorted(missing))}")
    images = [path.read_bytes() for path in sorted(request.glob("*.image"))]
    values = inputs(images, sizes)
    for name, function in sorted(signatures.items()):
        specs = function.structured_input_signature[1]
        given = {key: tf.constant(values[key, spec.dtype]) for key, spec in specs.items()}
        (output,) = function(**given).values()
        problem = what_is_wrong(output.numpy(), len(images), sizes)
        if problem:
            sys.exit(f"{name} gave {problem}")


def inputs(images: list[bytes], sizes: dict) -> dict:
    """The request's values by the name and type of the input; every one has a row an image."""
    side, num = sizes["img_size"], len(images)
    rng = np.random.default_rng(0)
    decoded = [tf.io.decode_image(image, channels=3, expand_animations=False) for image in images]
    floats = np.stack([tf.image.resize(image, [side, side]) for image in decoded]) / 127.5 - 1
    indices = np.arange(num, dtype=np.int32) % len(sizes["domains"])
    return {
        ("image_bytes", tf.string): images,
        ("reference_bytes", tf.string): images[::-1],
        ("image", tf.float32): floats,
        ("reference", tf.float32): floats[::-1],
        ("target_domain", tf.string): [sizes["domains"][index] for index in indices],
        ("target_domain", tf.int32): indices,
        ("seed", tf.int64): np.arange(num),
        ("psi", tf.float32): np.full(num, 0.7, np.float32),
        ("latent", tf.float32): rng.standard_normal([num, sizes["latent_dim"]], np.float32),
        ("style_code", tf.float32): rng.standard_normal([num, sizes["style_dim"]], np.float32),
    }


def what_is_wrong(output: np.ndarray, num: int, sizes: dict) -> str | None:
    """Judges an output: image files, images in [-1, 1] or style codes, one for each image."""
    side = sizes["img_size"]
    picture = (num, side, side, 3)
    if output.dtype == object:
        pixels = [tf.io.decode_image(content, expand_animations=False) for content in output]
        shapes = {tuple(image.shape) for image in pixels}
        fits = len(output) == num and shapes == {picture[1:]}
        return None if fits else f"{len(output)} pictures of {shapes}, expected {picture}"
    if output.shape not in (picture, (num, sizes["style_dim"])):
        return f"numbers of shape {output.shape}, expected {picture} or {sizes['style_dim']} each"
    if not np.isfinite(output).all():
        return "numbers that are NaN or infinite"
    if output.ndim == 4 and np.abs(output).max() > 1:
        return f"values up to {np.abs(output).max():g}, expected [-1, 1]"
    return None


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except Exception as error:  # TensorFlow's messages begin with what matters
        sys.exit(f"{type(error).__name__}: {str(error).strip().splitlines()[0]}")
