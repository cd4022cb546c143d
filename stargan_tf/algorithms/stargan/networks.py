"""Makes the networks G and D of StarGAN (2018)."""

from collections.abc import Collection
from typing import Any

import tensorflow as tf

from stargan_tf.algorithms.algorithm import Networks
from stargan_tf.algorithms.stargan.settings import StarGANSettings
from stargan_tf.compat import keras
from stargan_tf.labels import LabelLayout
from stargan_tf.models.label_generator import LabelGenerator
from stargan_tf.models.patch_discriminator import Judgement, PatchDiscriminator

# The one that draws, then the one that judges.
TRANSLATING = ("generator",)
NAMES = (*TRANSLATING, "discriminator")


def build_networks(
    settings: StarGANSettings, layout: LabelLayout, names: Collection[str] = NAMES
) -> dict[str, keras.Model]:
    """Makes and initialises networks.

    Args:
      settings: sizes and widths.
      layout: of the labels: G takes them all and the mask, where there is one; D tells all labels.
      names: which of `NAMES`.

    Returns:
      The networks by name, in this order.
    """
    size = settings.img_size
    makers = {
        "generator": lambda: LabelGenerator(
            size,
            settings.g_conv_dim,
            settings.g_repeat_num,
            layout.length,
            settings.residual_output,
        ),
        "discriminator": lambda: PatchDiscriminator(
            size, settings.d_conv_dim, settings.d_repeat_num, sum(layout.sizes)
        ),
    }
    networks = {name: make() for name, make in makers.items() if name in names}
    for network in networks.values():
        network.make_weights()
    return networks


def seen_from(networks: Networks, layout: LabelLayout, which: int) -> Networks:
    """G and D as one of two data sets knows them, with no label of the other.

    What a loss is computed from has no other labels, so that none reaches it.

    Args:
      networks: G and D of both.
      layout: of the labels.
      which: the number of the data set.

    Returns:
      Functions with the names and attributes that objectives use; their labels are those of the
      data set alone.
    """
    G, D = networks["generator"], networks["discriminator"]
    return {"generator": _Generator(G, layout, which), "discriminator": _Judge(D, layout, which)}


class _Generator:
    """G(x, c) of the labels c of one data set: the others are 0, and the mask says which."""

    def __init__(self, network: Any, layout: LabelLayout, which: int) -> None:
        self._network, self._layout, self._which = network, layout, which
        self.img_size, self.num_labels = network.img_size, layout.sizes[which]

    def __call__(self, x: tf.Tensor, c: tf.Tensor) -> tf.Tensor:
        return self._network(x, self._layout.vectors_of_set(c, self._which))


class _Judge:
    """D(x), with the logits of the labels of one data set."""

    def __init__(self, network: Any, layout: LabelLayout, which: int) -> None:
        self._network, self._part = network, layout.part(which)

    def __call__(self, x: tf.Tensor) -> Judgement:
        judged = self._network(x)
        return Judgement(judged.src, judged.cls[:, self._part])
