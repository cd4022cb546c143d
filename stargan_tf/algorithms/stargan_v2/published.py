"""The tensors of the published PyTorch checkpoints: their names, and where each lives here."""

from collections.abc import Iterator

import numpy as np

from stargan_tf.compat import keras
from stargan_tf.config.settings import check
from stargan_tf.models.blocks import AdaINResBlk, ResBlk
from stargan_tf.models.discriminator import Discriminator
from stargan_tf.models.generator import LAPLACIAN, Generator
from stargan_tf.models.landmark_network import ConvBlock, LandmarkNetwork
from stargan_tf.models.mapping_network import MappingNetwork
from stargan_tf.models.style_encoder import StyleEncoder
from stargan_tf.models.trunk import Trunk
from stargan_tf.weights.places import Place, Published, fill, whole
from stargan_tf.weights.torch_file import read_torch_file

_MAPPING_LAYERS = 4, 3  # shared, and of each domain before its last
_Named = Iterator[tuple[str, Published]]


def published_tensors(network: keras.Model) -> dict[str, Published]:
    """The tensors of a network by their published names, in the published order.

    Args:
      network: G, F, E, D or the landmark network, with its weights.

    Raises:
      KeyError: it is none of these.
    """
    tensors = {
        Generator: _generator,
        MappingNetwork: _mapping_network,
        StyleEncoder: _style_encoder,
        Discriminator: _discriminator,
        LandmarkNetwork: _landmark_network,
    }[type(network)]
    return dict(tensors(network))


def _generator(network: Generator) -> _Named:
    yield from _conv("from_rgb", network.from_rgb)
    for number, block in enumerate(network.encoder):
        yield from _block(f"encode.{number}", block)
    for number, block in enumerate(network.decoder):
        yield from _block(f"decode.{number}", block)
    yield from _norm("to_rgb.0", network.to_rgb_norm)
    yield from _conv("to_rgb.2", network.to_rgb)
    if network.w_hpf > 0:
        yield "hpf.filter", np.array(LAPLACIAN, np.float32) / np.float32(network.w_hpf)


def _mapping_network(network: MappingNetwork) -> _Named:
    layers = network.num_shared, network.num_unshared
    check(
        layers == _MAPPING_LAYERS,
        f"Found a mapping network of {layers[0]} shared layers and {layers[1]} of each domain "
        "before its last, expected 4 and 3, the only ones that the PyTorch release loads: its "
        "weights stay in the checkpoints of stargan_tf.",
    )
    for number, layer in enumerate(network.shared):
        yield from _dense(f"shared.{2 * number}", layer)
    for domain in range(network.num_domains):
        for number, layer in enumerate([*network.unshared, network.style]):
            yield from _head(f"unshared.{domain}.{2 * number}", layer, domain)


def _style_encoder(network: StyleEncoder) -> _Named:
    yield from _trunk("shared", network.trunk)
    for domain in range(network.heads.num_domains):
        yield from _head(f"unshared.{domain}", network.heads, domain)


def _discriminator(network: Discriminator) -> _Named:
    yield from _trunk("main", network.trunk)
    name = f"main.{len(network.trunk.blocks) + 4}"
    kernel, bias = network.heads.kernel, network.heads.bias  # [K, width, 1] and [K, 1]
    yield f"{name}.weight", Place(kernel, None, (*kernel.shape[:2], 1, 1))
    yield f"{name}.bias", Place(bias, None, (bias.shape[0],))


def _landmark_network(network: LandmarkNetwork) -> _Named:
    yield from _conv("conv1.conv", network.stem)
    yield from _batch_norm("bn1", network.stem_norm)
    for number, block in enumerate(network.blocks, 2):
        yield from _conv_block(f"conv{number}", block)
    hourglass = network.hourglass
    yield from _conv("m0.coordconv.conv", hourglass.coordinates_conv)
    levels = range(len(hourglass.skips), 0, -1)
    for level, skip, down in zip(levels, hourglass.skips, hourglass.downs, strict=True):
        yield from _conv_block(f"m0.b1_{level}", skip)
        yield from _conv_block(f"m0.b2_{level}", down)
    yield from _conv_block("m0.b2_plus_1", hourglass.bottom)
    for level, up in zip(reversed(levels), reversed(hourglass.ups), strict=True):
        yield from _conv_block(f"m0.b3_{level}", up)
    yield from _conv_block("top_m_0", network.top)
    yield from _conv("conv_last0", network.head)
    yield from _batch_norm("bn_end0", network.head_norm)
    yield from _conv("l0", network.to_heatmaps)


def _trunk(name: str, trunk: Trunk) -> _Named:
    yield from _conv(f"{name}.0", trunk.from_rgb)
    for number, block in enumerate(trunk.blocks, 1):
        yield from _block(f"{name}.{number}", block)
    yield from _conv(f"{name}.{len(trunk.blocks) + 2}", trunk.to_vector)  # after an activation


def _block(name: str, block: ResBlk | AdaINResBlk) -> _Named:
    yield from _conv(f"{name}.conv1", block.conv1)
    yield from _conv(f"{name}.conv2", block.conv2)
    for norm in ("norm1", "norm2"):
        if isinstance(block, AdaINResBlk):
            yield from _dense(f"{name}.{norm}.fc", getattr(block, norm).style_to_affine)
        elif block.normalize:
            yield from _norm(f"{name}.{norm}", getattr(block, norm))
    if block.conv1x1:
        yield from _conv(f"{name}.conv1x1", block.conv1x1)


def _conv_block(name: str, block: ConvBlock) -> _Named:
    for number, (norm, conv) in enumerate(zip(block.norms, block.convs, strict=True), 1):
        yield from _batch_norm(f"{name}.bn{number}", norm)
        yield from _conv(f"{name}.conv{number}", conv)
    if block.shortcut is not None:
        yield from _batch_norm(f"{name}.downsample.0", block.shortcut_norm)
        yield from _conv(f"{name}.downsample.2", block.shortcut)


def _conv(name: str, layer: keras.layers.Layer) -> _Named:
    yield f"{name}.weight", whole(layer.kernel)
    if layer.use_bias:
        yield f"{name}.bias", whole(layer.bias)


def _dense(name: str, layer: keras.layers.Layer) -> _Named:
    yield f"{name}.weight", whole(layer.kernel)
    yield f"{name}.bias", whole(layer.bias)


def _head(name: str, layer: keras.layers.Layer, domain: int) -> _Named:
    _, width, units = layer.kernel.shape
    yield f"{name}.weight", Place(layer.kernel, domain, (units, width))
    yield f"{name}.bias", Place(layer.bias, domain, (units,))


def _norm(name: str, layer: keras.layers.Layer) -> _Named:
    yield f"{name}.weight", whole(layer.scale)
    yield f"{name}.bias", whole(layer.shift)


def _batch_norm(name: str, layer: keras.layers.Layer) -> _Named:
    yield from _norm(name, layer)
    yield f"{name}.running_mean", whole(layer.mean)
    yield f"{name}.running_var", whole(layer.variance)
    yield f"{name}.num_batches_tracked", np.array(0)


def load_landmark_network(network: LandmarkNetwork, path: str) -> None:
    """Gives the landmark network the weights of the published wing.ckpt.

    Raises:
      UserError: the file cannot be read, or does not fit.
    """
    content = read_torch_file(path)
    tensors = content.get("state_dict") if isinstance(content, dict) else None
    check(
        isinstance(tensors, dict),
        f"{path} holds no state_dict, expected the published wing.ckpt: correct the path.",
    )
    # The release takes what it knows, and so does this.
    fill(published_tensors(network), tensors, path, others=True)
