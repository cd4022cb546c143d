"""What every feature network has in common."""

import abc
from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from stargan_tf.evaluation.features.weights import fingerprint


class FeatureNetwork(abc.ABC):
    """A fixed network that turns images of any size into one vector each.

    Vectors of the same `name` and `fingerprint` can be compared, and be kept for
    later; all others must not be mixed.
    """

    name: str  # of the network and its protocol, as results carry it
    dim: int  # of a feature vector
    protocol: str  # what `prepare` does, in words; any change of it changes the fingerprint

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        """Takes a digest of the weights, and no more.

        Args:
          weights: all that the features depend on.
        """
        self.fingerprint = fingerprint(weights, f"{self.name}: {self.protocol}")
        # Apart, so that the network itself, whose size of input is fixed, is compiled once.
        self._prepare = CompiledPerSize(self.prepare)
        self._features = CompiledPerSize(self.features)

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """Feature vectors of images.

        Args:
          images: [N, H, W, 3] float32 in [-1, 1], N at least 1; what lies outside is
            clipped, and values are rounded to the 8 bits that an image file would hold.

        Returns:
          [N, dim] float32.

        Raises:
          TypeError: the images are not float32.
        """
        return self._features(self._prepare(images))

    @abc.abstractmethod
    def prepare(self, images: tf.Tensor) -> tf.Tensor:
        """Resizes and normalises images as the protocol says.

        Args:
          images: [N, H, W, 3] float32 in [-1, 1].

        Returns:
          What `features` takes.
        """

    @abc.abstractmethod
    def features(self, inputs: tf.Tensor) -> tf.Tensor:
        """Feature vectors of prepared images.

        Args:
          inputs: [N, S, S, 3] float32 as `prepare` returns them.

        Returns:
          [N, dim] float32.
        """


class CompiledPerSize:
    """A function of image batches, compiled once for each image size, for any N."""

    def __init__(self, function: Callable) -> None:
        """Wraps a function of a batch of images, [N, H, W, 3] float32."""
        self._function = tf.function(function, autograph=False)
        self._compiled: dict[tuple, Callable] = {}

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """Calls the function with a batch of known H and W.

        Raises:
          TypeError: the batch is not float32: integers, say, are in another range.
        """
        images = tf.convert_to_tensor(images)
        if images.dtype != tf.float32:
            raise TypeError(f"Found images of {images.dtype.name}, expected float32 in [-1, 1].")
        size = tuple(images.shape[1:])
        if size not in self._compiled:
            spec = tf.TensorSpec([None, *size], tf.float32)
            self._compiled[size] = self._function.get_concrete_function(spec)
        return self._compiled[size](images)
