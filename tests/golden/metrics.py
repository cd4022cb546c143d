"""Weights by recipe for the networks of evaluation, under the names of the published files."""

import json

import numpy as np

from stargan_tf.evaluation.features.weights import Weights
from stargan_tf.evaluation.perceptual.lpips import LPIPS
from tests.golden.weights import GOLDEN

MANIFEST = json.loads((GOLDEN / "v1_and_metrics_manifest.json").read_text())
EXPECTED = np.load(GOLDEN / "v1_and_metrics.npz")
RULES = {
    "r*sqrt(2/fan_in)": lambda r: r * np.sqrt(2 / np.prod(r.shape[1:])),
    "1+0.1*r": lambda r: 1 + 0.1 * r,
    "0.05*r": lambda r: 0.05 * r,
    "1+0.1*abs(r)": lambda r: 1 + 0.1 * np.abs(r),
}


def published_weights(name: str, last: str = "") -> Weights:
    """The tensors of a manifest's entry, up to one or all of them."""
    entry = MANIFEST[name]
    rs = np.random.RandomState(entry["seed"])
    tensors = {}
    for tensor, shape, rule in entry["tensors"]:
        if rule != "keep":
            tensors[tensor] = RULES[rule](rs.standard_normal(shape)).astype(np.float32)
        if tensor == last:
            break
    return Weights(tensors, "the recipe", name)


def lpips_heads() -> Weights:
    """The recipe's linear heads."""
    tensors = {
        f"lin{i}.model.1.weight": np.abs(np.random.RandomState(54 + i).standard_normal(channels))
        .astype(np.float32)
        .reshape(1, channels, 1, 1)
        for i, channels in enumerate((64, 192, 384, 256, 256))
    }
    return Weights(tensors, "the recipe", "linear heads")


def lpips() -> LPIPS:
    """LPIPS with the recipe's weights; AlexNet's classifier, which it does not use, is spared."""
    return LPIPS(published_weights("torchvision_alexnet", last="features.10.bias"), lpips_heads())


def uniform(seed: int, *shape: int) -> np.ndarray:
    """U(seed, *shape) of the recipes: float32 in [-1, 1]."""
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype(np.float32)
