"""Losses of the averaged networks on images they were not trained on."""

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
        self._images = images
        self._compiled = tf.function(algorithm.validation_losses, reduce_retracing=True)

    def __call__(self, networks: Networks) -> dict[str, float]:
        """Returns the means over all images, by log key; empty if there are none."""
        sums: dict[str, float] = {}
        count = 0
        for number, (x, y) in enumerate(self._images):
            seed = tf.constant([SEED, number])
            for name, loss in self._compiled(networks, x, y, seed).items():
                sums[name] = sums.get(name, 0.0) + float(loss) * len(x)
            count += len(x)
        return {name: total / count for name, total in sums.items()}
