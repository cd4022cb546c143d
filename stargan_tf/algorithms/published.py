"""How the published PyTorch checkpoints of an algorithm are made up."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from stargan_tf.compat import keras
from stargan_tf.config.train import TrainConfig
from stargan_tf.weights.adam import AdamGroup
from stargan_tf.weights.places import Published
from stargan_tf.weights.release import Tensors


class Architecture(NamedTuple):
    """What the shapes of a checkpoint's tensors tell.

    Attributes:
      settings: of the algorithm, by name: sizes, and what was published with them.
      num_domains: K.
    """

    settings: dict[str, Any]
    num_domains: int


class PublishedCheckpoints(NamedTuple):
    """An algorithm's published checkpoints.

    Attributes:
      kinds: of the files that there are; see `weights.release`.
      networks: their names there, in that order, and what `Algorithm.build` calls them.
      judges: those of them that do not draw, and have no averages.
      tensors: those of a network by their published names, in the published order.
      architecture: of networks by their published names, read off their tensors. The second
        argument says where these come from; the third is the size of images that somebody said,
        0 for none, where tensors do not tell it. Raises UserError where they are no such networks.
      network_files: which network is in a file alone, by the kind of the file. Empty where one
        file holds all.
      kind_of_network: which of these kinds the tensors of a network are; empty for none.
      untold: what no file tells of a run's settings, a sentence; empty for nothing.
      optimisation: the settings that the optimizers tell, by the networks' published names; None
        where these were not published.
      updates: how often an iteration steps each network, by published name.
    """

    kinds: tuple[str, ...]
    networks: Mapping[str, str]
    judges: tuple[str, ...]
    tensors: Callable[[keras.Model], dict[str, Published]]
    architecture: Callable[[Mapping[str, Tensors], str, int], Architecture]
    network_files: Mapping[str, str] = MappingProxyType({})
    kind_of_network: Callable[[Tensors], str] = lambda tensors: ""
    untold: Callable[[TrainConfig], str] = lambda settings: ""
    optimisation: Callable[[Mapping[str, AdamGroup]], dict[str, Any]] | None = None
    updates: Mapping[str, int] = MappingProxyType({})
