"""How the checkpoints that were published with StarGAN (2018) are made up: a file a network."""

import re
from collections.abc import Mapping
from typing import Any

from stargan_tf.algorithms.published import Architecture, PublishedCheckpoints
from stargan_tf.algorithms.stargan.networks import NAMES
from stargan_tf.algorithms.stargan.published import published_tensors
from stargan_tf.algorithms.stargan.settings import StarGANSettings
from stargan_tf.config.settings import check
from stargan_tf.config.train import TrainConfig
from stargan_tf.errors import UserError
from stargan_tf.weights.release import D, G, Tensors

_GENERATOR, _DISCRIMINATOR = NAMES
_UNFIT = (
    "{where} {found}, expected G and D of StarGAN by their published names: pass the published "
    "file."
)
_DEFAULTS = StarGANSettings()
_MOST_LAYERS = 16  # an image of 65,536 px


def _architecture(networks: Mapping[str, Tensors], where: str, img_size: int) -> Architecture:
    """See `PublishedCheckpoints`; `where` they come from is for errors."""
    try:
        settings, num_labels = _read_generator(networks[_GENERATOR])
        if _DISCRIMINATOR not in networks:
            return Architecture(settings | _sizes_without_judge(img_size), num_labels)
        of_judge, told = _read_discriminator(networks[_DISCRIMINATOR])
    except KeyError as error:
        found = f"lacks the tensor {error.args[0]}"
        raise UserError(_UNFIT.format(where=where, found=found)) from error
    except (ValueError, IndexError) as error:
        found = f"has tensors of other shapes ({error})"
        raise UserError(_UNFIT.format(where=where, found=found)) from error
    check(
        told == num_labels,
        f"G of {where} takes {num_labels} labels and D tells {told}, expected as many: pass files "
        "that belong together, of a training on one data set.",
    )
    return Architecture(settings | of_judge, num_labels)


def _read_generator(tensors: Tensors) -> tuple[dict[str, Any], int]:
    width, channels, _, _ = tensors["main.0.weight"].shape
    blocks = sum(bool(re.fullmatch(r"main\.\d+\.main\.0\.weight", name)) for name in tensors)
    return {"g_conv_dim": width, "g_repeat_num": blocks}, channels - 3


def _read_discriminator(tensors: Tensors) -> tuple[dict[str, Any], int]:
    width, *_ = tensors["main.0.weight"].shape
    layers = sum(bool(re.fullmatch(r"main\.\d+\.weight", name)) for name in tensors)
    if layers > _MOST_LAYERS:
        raise ValueError(f"{layers} layers that halve")
    num_labels, _, side, _ = tensors["conv2.weight"].shape  # it sees all of what is left
    sizes = {"d_conv_dim": width, "d_repeat_num": layers, "img_size": side * 2**layers}
    return sizes, num_labels


def _sizes_without_judge(img_size: int) -> dict[str, Any]:
    """G draws at any size; D, which is fresh then, has as many layers as fit, at most 6."""
    img_size = img_size or _DEFAULTS.img_size
    halvings = (img_size & -img_size).bit_length() - 1
    return {"img_size": img_size, "d_repeat_num": max(1, min(_DEFAULTS.d_repeat_num, halvings))}


def _kind_of_network(tensors: Tensors) -> str:
    if {"main.0.weight", "conv1.weight", "conv2.weight"} <= tensors.keys():
        return D
    # Of the first convolution and its normalisation, for D has none.
    return G if {"main.0.weight", "main.1.weight"} <= tensors.keys() else ""


def _untold(settings: TrainConfig) -> str:
    if not getattr(settings, "residual_output", False):
        return ""
    return (
        "No file tells residual_output: this G draws tanh(x + G(x, c)), which code that reads it "
        "has to know."
    )


PUBLISHED = PublishedCheckpoints(
    kinds=(G, D),
    networks={name: name for name in NAMES},
    judges=(_DISCRIMINATOR,),
    tensors=published_tensors,
    architecture=_architecture,
    network_files={G: _GENERATOR, D: _DISCRIMINATOR},
    kind_of_network=_kind_of_network,
    untold=_untold,
)
