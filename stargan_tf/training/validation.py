"""Losses of the averaged networks on images they were not trained on."""

import functools

import tensorflow as tf

from stargan_tf.algorithms.algorithm import Algorithm, Networks

SEED = 0


class Validation:
    """Measures an algorithm's validation losses on all validation images.

    What is random in them is the same at every call, so that the numbers of one run can
    be compared.
    """

    def __init__(self, algorithm: Algorithm, images: tf.data.Dataset) -> None:
        """Binds the losses to the images.

        Args:
          algorithm: whose losses they are.
          images: batches of (x [N, R, R, 3] float32 in [-1, 1], y [N] int32).
        """
        self._algorithm = algorithm
        self._images = images
        self._networks: Networks | None = None

    def __call__(self, networks: Networks) -> dict[str, float]:
        """Returns the means over all images, by log key; empty if there are none."""
        if networks is not self._networks:  # compiled once, as long as they stay the same
            self._networks = networks
            losses = functools.partial(self._algorithm.validation_losses, networks)
            self._compiled = tf.function(losses, reduce_retracing=True, autograph=False)
        sums: dict[str, float] = {}
        count = 0
        for number, (x, y) in enumerate(self._images):
            seed = tf.constant([SEED, number])
            for name, loss in self._compiled(x, y, seed).items():
                sums[name] = sums.get(name, 0.0) + float(loss) * len(x)
            count += len(x)
        return {name: total / count for name, total in sums.items()}
