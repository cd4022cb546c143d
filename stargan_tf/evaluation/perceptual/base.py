"""How different two images look, measured in the features of a network.

Source: Zhang et al. 2018, arXiv:1801.03924, equation 1: features of several layers,
each position's scaled to unit length, squared differences weighted by channel, means
over the positions, sum over the layers. What differs from one distance to another is
the network and the weights of the channels.
"""

import abc
from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from stargan_tf.evaluation.features.base import CompiledPerSize, FeatureNetwork

_EPSILON = 1e-10  # under the square root of the length


class Stage(NamedTuple):
    """One layer's features of a batch, with what each channel counts."""

    features: tf.Tensor  # [N, h, w, C] float32
    weights: tf.Tensor | float  # [C], or one number for all


class PerceptualDistance(abc.ABC):
    """A distance between images: 0 for equal ones, larger the more they differ.

    Distances of different `name` or `fingerprint` are not comparable.
    """

    name: str  # as results carry it
    fingerprint: str  # digest of all weights

    def __init__(self, fingerprint: str) -> None:
        """Takes the digest of the weights."""
        self.fingerprint = fingerprint
        self._pairs = CompiledPerSize(self._over_pairs)

    def mean_over_pairs(self, outputs: tf.Tensor) -> tf.Tensor:
        """The mean distance over all pairs of each source's outputs: how diverse they are.

        No pair is ever formed. Distances are squared lengths, and those of all
        K (K - 1) / 2 pairs add up to K times the squared lengths from the mean, so
        that K outputs cost K passes through the network and no more.

        Args:
          outputs: [N, K, H, W, 3] float32 in [-1, 1], the K outputs of N sources. All
            of them pass through the network at once: a few dozen are enough to be fast.

        Returns:
          [N] float32.

        Raises:
          ValueError: K is below 2, which makes no pair.
        """
        if outputs.shape[1] < 2:
            raise ValueError(f"Found {outputs.shape[1]} output, expected 2 or more to compare.")
        return self._pairs(outputs)

    def with_features(
        self, network: FeatureNetwork, outputs: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Feature vectors and `mean_over_pairs` of the same outputs.

        Where both are of one network, a subclass can do with one pass through it.

        Args:
          network: makes the feature vectors.
          outputs: as for `mean_over_pairs`.

        Returns:
          [N * K, dim] and [N] float32.
        """
        return network(_flat(outputs)), self.mean_over_pairs(outputs)

    @abc.abstractmethod
    def stages(self, images: tf.Tensor) -> Sequence[Stage]:
        """The features that are compared.

        Args:
          images: [N, H, W, 3] float32 in [-1, 1].
        """

    def _over_pairs(self, outputs: tf.Tensor) -> tf.Tensor:
        return mean_of_stages(self.stages(_flat(outputs)), outputs.shape[1])


def mean_of_stages(stages: Sequence[Stage], count: int) -> tf.Tensor:
    """The mean distance over all pairs of the `count` outputs of each source, [N]."""
    sums = []
    for features, weights in stages:
        units = tf.reshape(_unit(features), [-1, count, *features.shape[1:]])
        from_mean = units - tf.reduce_mean(units, axis=1, keepdims=True)
        sums.append(tf.reduce_sum(_squared_length(from_mean, weights), axis=1))
    return tf.add_n(sums) * (2 / (count - 1))


def _flat(outputs: tf.Tensor) -> tf.Tensor:
    """The outputs of all sources, [N, K, H, W, 3], one after the other."""
    return tf.reshape(outputs, [-1, *outputs.shape[2:]])


def _unit(features: tf.Tensor) -> tf.Tensor:
    """Scales the channels [..., C] at each position to unit length."""
    lengths = tf.reduce_sum(features**2, axis=-1, keepdims=True)
    return features * tf.math.rsqrt(lengths + _EPSILON)


def _squared_length(difference: tf.Tensor, weights: tf.Tensor | float) -> tf.Tensor:
    """[..., h, w, C] to [...]: weighted sum over channels, mean over positions."""
    return tf.reduce_mean(tf.reduce_sum(weights * difference**2, axis=-1), axis=[-2, -1])
