"""Types that pass between the parts."""

from typing import NamedTuple, Protocol

import tensorflow as tf


class TrainBatch(NamedTuple):
    """What one training iteration consumes.

    Images are [N, R, R, 3] float32 in [-1, 1], domains [N] int32, latent codes
    [N, latent_dim] float32 from the standard normal distribution.
    """

    x_real: tf.Tensor  # source images
    y_org: tf.Tensor  # their domains
    x_ref: tf.Tensor  # reference images of the target domains
    x_ref2: tf.Tensor  # a second reference image each, of the same domains
    y_trg: tf.Tensor  # the target domains
    z_trg: tf.Tensor
    z_trg2: tf.Tensor


class Sizes(Protocol):
    """What must be known about networks to feed them."""

    @property
    def img_size(self) -> int:
        """Side R of the images."""

    @property
    def latent_dim(self) -> int:
        """Length of a latent code."""
