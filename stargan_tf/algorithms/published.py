"""How the published PyTorch checkpoints of an algorithm are made up."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from stargan_tf.compat import keras
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
      networks: their names there, in that order, and what `Algorithm.build` calls them.
      judges: those of them that do not draw, and have no averages.
      tensors: those of a network by their published names, in the published order.
      architecture: of networks by their published names, read off their tensors; the second
        argument says where these come from. Raises UserError where they are no such networks.
      optimisation: the settings that the optimizers tell, by the networks' published names.
      updates: how often an iteration steps each network, by published name.
    """

    networks: Mapping[str, str]
    judges: tuple[str, ...]
    tensors: Callable[[keras.Model], dict[str, Published]]
    architecture: Callable[[Mapping[str, Tensors], str], Architecture]
    optimisation: Callable[[Mapping[str, AdamGroup]], dict[str, Any]]
    updates: Mapping[str, int]
