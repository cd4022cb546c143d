"""Folding: weights that layers compute from others are made for good, for export."""

import tensorflow as tf

from stargan_tf.models.layers import PerDomainDense, ResamplingConv2D


def fold(network: tf.keras.Model) -> None:
    """Folds every layer of a network that can be folded.

    Outputs stay the same up to rounding, but training no longer reaches those layers.
    """
    for layer in network.submodules:
        if isinstance(layer, PerDomainDense | ResamplingConv2D):
            layer.fold()
