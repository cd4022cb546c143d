"""Every network of the package once, small, with inputs to call it with."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.compat import keras
from stargan_tf.models.convolutions import ResamplingConv2D
from stargan_tf.models.discriminator import Discriminator
from stargan_tf.models.domain_styles import DomainStyles
from stargan_tf.models.generator import Generator
from stargan_tf.models.label_generator import LabelGenerator
from stargan_tf.models.layers import PerDomainDense
from stargan_tf.models.mapping_network import MappingNetwork
from stargan_tf.models.patch_discriminator import MultiTaskPatchDiscriminator, PatchDiscriminator
from stargan_tf.models.style_encoder import StyleEncoder

WIDTHS = {"img_size": 32, "base_channels": 8, "max_conv_dim": 16}
PUBLISHED = {"img_size": 256, "base_channels": 64, "max_conv_dim": 512}
STYLE_DIM = 6


class Entry(NamedTuple):
    network_class: type[keras.Model]
    make: Callable[[], keras.Model]
    inputs: tuple[tf.Tensor, ...]  # of two examples
    names: tuple[str, ...]  # of the inputs
    output_shape: tuple[int, ...]
    variables: int
    call: Callable[..., tf.Tensor] = lambda network, *inputs: network(*inputs)
    gain: float = 2.0  # of the initial weights' variance, over the fan-in
    folds: bool = True  # whether it has layers that can be folded


def _random(seed: int, *shape: int) -> tf.Tensor:
    return tf.constant(np.random.default_rng(seed).uniform(-1, 1, shape), tf.float32)


X = _random(0, 2, 32, 32, 3)
MASKS = (tf.abs(_random(1, 2, 32, 32, 1)), tf.abs(_random(2, 2, 32, 32, 1)))
S, Z = _random(3, 2, STYLE_DIM), _random(4, 2, 4)
Y = tf.constant([2, 0])
C = tf.constant([[1.0, 0.0, 1.0], [0.0, 1.0, 0.25]])
_NOT_HE = {"gain": 1 / 3, "folds": False}


def _judged(network: PatchDiscriminator, x: tf.Tensor) -> tf.Tensor:
    """Scores of patches and logits of labels in one."""
    src, cls = network(x)
    return tf.concat([tf.reshape(src, [tf.shape(x)[0], -1]), cls], axis=1)


NETWORKS = {
    "generator": Entry(
        Generator, lambda: Generator(**WIDTHS), (X, S), ("x", "s"), (2, 32, 32, 3), 56
    ),
    "generator_with_masks": Entry(
        Generator,
        lambda: Generator(**WIDTHS, w_hpf=1.0),
        (X, S, *MASKS),
        ("x", "s", "masks[0]", "masks[1]"),
        (2, 32, 32, 3),
        72,
        lambda network, x, s, *masks: network(x, s, masks),
    ),
    "mapping_network": Entry(
        MappingNetwork,
        lambda: MappingNetwork(3, STYLE_DIM, hidden_dim=10),
        (Z, Y),
        ("z", "y"),
        (2, STYLE_DIM),
        4 * 2 + 4 * 2,
    ),
    "mapping_network_of_the_preprint": Entry(
        MappingNetwork,
        lambda: MappingNetwork(3, STYLE_DIM, hidden_dim=10, num_shared=6, num_unshared=0),
        (Z, Y),
        ("z", "y"),
        (2, STYLE_DIM),
        6 * 2 + 2,
    ),
    "style_encoder": Entry(
        StyleEncoder,
        lambda: StyleEncoder(**WIDTHS, num_domains=3, style_dim=STYLE_DIM),
        (X, Y),
        ("x", "y"),
        (2, STYLE_DIM),
        19,
    ),
    "discriminator": Entry(
        Discriminator, lambda: Discriminator(**WIDTHS, num_domains=3), (X, Y), ("x", "y"), (2,), 19
    ),
    "label_generator": Entry(
        LabelGenerator,
        lambda: LabelGenerator(32, 8, 2, num_labels=3),
        (X, C),
        ("x", "c"),
        (2, 32, 32, 3),
        3 * 3 + 2 * 6 + 2 * 3 + 1,
        **_NOT_HE,
    ),
    "label_generator_residual": Entry(
        LabelGenerator,
        lambda: LabelGenerator(32, 8, 2, num_labels=3, residual_output=True),
        (X, C),
        ("x", "c"),
        (2, 32, 32, 3),
        3 * 3 + 2 * 6 + 2 * 3 + 1,
        **_NOT_HE,
    ),
    "patch_discriminator": Entry(
        PatchDiscriminator,
        lambda: PatchDiscriminator(32, 8, 3, num_labels=3),
        (X,),
        ("x",),
        (2, 4 * 4 + 3),
        3 * 2 + 2,
        _judged,
        **_NOT_HE,
    ),
    "multi_task_patch_discriminator": Entry(
        MultiTaskPatchDiscriminator,
        lambda: MultiTaskPatchDiscriminator(32, 8, 3, num_domains=3),
        (X, Y),
        ("x", "y"),
        (2, 4, 4),
        3 * 2 + 1,
        **_NOT_HE,
    ),
    "domain_styles": Entry(
        DomainStyles,
        lambda: DomainStyles(3, 40),
        (Y,),
        ("y",),
        (2, 40),
        1,
        gain=3.0,  # over the fan-in of 3 domains: the numbers' variance is 1
        folds=False,
    ),
}
each_network = pytest.mark.parametrize("entry", NETWORKS.values(), ids=NETWORKS.keys())


def built(entry: Entry, seed: int = 1) -> keras.Model:
    """A network with its weights."""
    keras.utils.set_random_seed(seed)
    network = entry.make()
    entry.call(network, *entry.inputs)
    return network


def fold(network: keras.Model) -> int:
    """Folds all layers that can be; returns their number."""
    layers = [m for m in network.submodules if isinstance(m, PerDomainDense | ResamplingConv2D)]
    for layer in layers:
        layer.fold()
    return len(layers)
