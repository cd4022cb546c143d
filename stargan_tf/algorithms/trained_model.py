"""One record for what has been trained, whether it comes from a run or from an export."""

from typing import NamedTuple

from stargan_tf.algorithms.algorithm import Algorithm, Networks
from stargan_tf.algorithms.drawable import Drawable
from stargan_tf.labels import LabelSet


class Trained(NamedTuple):
    """What only a run knows of its model; an exported one does not need it to draw.

    Attributes:
      algorithm: with the run's settings.
      networks: all that draw, by name: the averaged ones and those that are not trained.
    """

    algorithm: Algorithm
    networks: Networks


class TrainedModel(NamedTuple):
    """A model to draw with.

    Attributes:
      origin: where it comes from, in words.
      domains: names, in the order of their indices.
      drawable: its networks.
      step: iterations of training.
      fingerprint: tells these weights from others.
      trained: of a run alone: what it takes to export it.
      aligned_faces: see `Algorithm.aligned_faces`.
      label_sets: what the domains are; empty for models of earlier versions, which do not say.
    """

    origin: str
    domains: tuple[str, ...]
    drawable: Drawable
    step: int
    fingerprint: str
    trained: Trained | None = None
    aligned_faces: bool = False
    label_sets: tuple[LabelSet, ...] = ()
