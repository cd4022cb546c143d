"""Weights by recipe, under the tensor names and in the layouts of the published checkpoints."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from stargan_tf.compat import keras
from stargan_tf.models.discriminator import Discriminator
from stargan_tf.models.generator import Generator
from stargan_tf.models.mapping_network import MappingNetwork

GOLDEN = Path(__file__).parent
MANIFEST = json.loads((GOLDEN / "v2_manifest.json").read_text())

# PyTorch keeps convolutions as OIHW and dense kernels as [out, in].
_FROM_PUBLISHED = {4: (2, 3, 1, 0), 2: (1, 0), 1: (0,)}
_TO_PUBLISHED = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}


class View(NamedTuple):
    """Where a published tensor lives: a variable, or one domain's row of it."""

    variable: tf.Variable
    domain: int | None = None

    def get(self, shape: list[int]) -> np.ndarray:
        """The tensor in the published layout."""
        value = self.variable.numpy()
        if self.domain is not None:
            value = value[self.domain]
        if np.ndim(value) == len(shape):
            return np.transpose(value, _TO_PUBLISHED[len(shape)])
        return value.reshape(shape)  # [K, in, 1] heads for a 1x1 convolution to K logits

    def set(self, published: np.ndarray) -> None:
        """Assigns a tensor given in the published layout."""
        whole = self.variable.numpy()
        target = whole if self.domain is None else whole[self.domain]
        if target.ndim == published.ndim:
            published = np.transpose(published, _FROM_PUBLISHED[published.ndim])
        target[...] = published.reshape(target.shape)
        self.variable.assign(whole)


def draw(shape: list[int], rule: str, rs: np.random.RandomState) -> np.ndarray:
    """One tensor of a manifest."""
    r = rs.standard_normal(shape)
    values = {
        "r*sqrt(2/fan_in)": r * np.sqrt(2 / np.prod(shape[1:])),
        "1+0.1*r": 1 + 0.1 * r,
        "0.05*r": 0.05 * r,
    }
    return values[rule].astype(np.float32)


def set_weights(network: keras.Model, manifest_name: str) -> None:
    """Fills every weight of a network by a manifest's recipe."""
    manifest = MANIFEST[manifest_name]
    rs = np.random.RandomState(manifest["seed"])
    tensors = [tensor for tensor in manifest["tensors"] if tensor[2] != "keep"]  # constants
    for name, shape, rule in tensors:
        view(network, name).set(draw(shape, rule, rs))
    size = sum(np.prod(shape) for _, shape, _ in tensors)
    assert size == network.count_params(), "the manifest does not cover the network"


def view(network: keras.Model, name: str) -> View:
    """Where a published tensor lives in one of our networks."""
    *path, kind = name.split(".")
    if isinstance(network, Generator):
        layer, domain = _generator_layer(network, path), None
    elif isinstance(network, MappingNetwork):
        layer, domain = _mapping_layer(network, path)
    else:
        layer, domain = _trunk_layer(network, path)
    if hasattr(layer, "scale"):
        return View(layer.scale if kind == "weight" else layer.shift)
    return View(layer.kernel if kind == "weight" else layer.bias, domain)


def _generator_layer(network: Generator, path: list[str]) -> keras.layers.Layer:
    match path:
        case ["from_rgb"]:
            return network.from_rgb
        case ["to_rgb", "0"]:
            return network.to_rgb_norm
        case ["to_rgb", "2"]:
            return network.to_rgb
        case ["encode", index, layer]:
            return getattr(network.encoder[int(index)], layer)
        case ["decode", index, layer]:
            return getattr(network.decoder[int(index)], layer)
        case ["decode", index, norm, "fc"]:
            return getattr(network.decoder[int(index)], norm).style_to_affine
    raise KeyError(path)


def _mapping_layer(network: MappingNetwork, path: list[str]) -> tuple:
    match path:
        case ["shared", index]:
            return network.shared[int(index) // 2], None
        case ["unshared", domain, "6"]:
            return network.style, int(domain)
        case ["unshared", domain, index]:
            return network.unshared[int(index) // 2], int(domain)
    raise KeyError(path)


def _trunk_layer(network: keras.Model, path: list[str]) -> tuple:
    blocks = network.trunk.blocks
    last = len(blocks) + 2  # an activation stands between
    match path:
        case ["shared" | "main", "0"]:
            return network.trunk.from_rgb, None
        case ["shared" | "main", index] if int(index) == last:
            return network.trunk.to_vector, None
        case ["main", index] if int(index) == last + 2:
            assert isinstance(network, Discriminator)
            return network.heads, None
        case ["shared" | "main", index, layer]:
            return getattr(blocks[int(index) - 1], layer), None
        case ["unshared", domain]:
            return network.heads, int(domain)
    raise KeyError(path)
