"""The tensors of the published PyTorch checkpoints: their names, and where each lives here."""

from collections.abc import Iterator

import numpy as np

from stargan_tf.compat import keras
from stargan_tf.models.label_generator import LabelGenerator
from stargan_tf.models.normalization import InstanceNormalization
from stargan_tf.models.patch_discriminator import PatchDiscriminator
from stargan_tf.weights.places import Published, whole

_Named = Iterator[tuple[str, Published]]


def published_tensors(network: keras.Model) -> dict[str, Published]:
    """The tensors of a network by their published names, in the published order.

    The running statistics of normalisations are constants: the published code keeps them, and
    computes with the statistics of each image all the same.

    Args:
      network: G or D, with its weights.

    Raises:
      KeyError: it is neither.
    """
    tensors = {LabelGenerator: _generator, PatchDiscriminator: _discriminator}[type(network)]
    return dict(tensors(network))


def _generator(network: LabelGenerator) -> _Named:
    number = 0  # of the layer; a convolution, its normalisation and ReLU are three
    for conv, norm in zip(network.convs, network.norms, strict=True):
        yield from _conv_and_norm("main", number, conv, norm)
        number += 3
    for block in network.blocks:
        name = f"main.{number}.main"
        yield from _conv_and_norm(name, 0, block.conv1, block.norm1)
        yield from _conv_and_norm(name, 3, block.conv2, block.norm2)
        number += 1
    for conv, norm in zip(network.up_convs, network.up_norms, strict=True):
        yield from _conv_and_norm("main", number, conv, norm)
        number += 3
    yield f"main.{number}.weight", whole(network.to_rgb.kernel)


def _conv_and_norm(
    name: str, number: int, conv: keras.layers.Layer, norm: InstanceNormalization
) -> _Named:
    yield f"{name}.{number}.weight", whole(conv.kernel)
    normalization = f"{name}.{number + 1}"
    channels = norm.scale.shape
    yield f"{normalization}.weight", whole(norm.scale)
    yield f"{normalization}.bias", whole(norm.shift)
    yield f"{normalization}.running_mean", np.zeros(channels, np.float32)
    yield f"{normalization}.running_var", np.ones(channels, np.float32)
    yield f"{normalization}.num_batches_tracked", np.array(0)


def _discriminator(network: PatchDiscriminator) -> _Named:
    for number, conv in enumerate(network.convs):
        yield f"main.{2 * number}.weight", whole(conv.kernel)
        yield f"main.{2 * number}.bias", whole(conv.bias)
    yield "conv1.weight", whole(network.to_src.kernel)
    yield "conv2.weight", whole(network.to_cls.kernel)
