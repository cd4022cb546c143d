"""Folding: weights that layers compute from others are made for good, for export."""

from stargan_tf.compat import keras
from stargan_tf.models.convolutions import ResamplingConv2D, WholeMapConv2D
from stargan_tf.models.layers import PerDomainDense


def fold(network: keras.Model) -> None:
    """Folds every layer of a network that can be folded.

    Outputs stay the same up to rounding, but training no longer reaches those layers.
    """
    for layer in network.submodules:
        if isinstance(layer, PerDomainDense | ResamplingConv2D | WholeMapConv2D):
            layer.fold()
