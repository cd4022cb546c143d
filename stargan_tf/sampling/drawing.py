"""Drawing in batches, with the compiled networks of a model."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from stargan_tf.algorithms.drawable import Drawable


class BatchDrawer:
    """Draws images in codes: each image is encoded once, then drawn in every code."""

    def __init__(self, model: Drawable, *, batch_size: int = 8) -> None:
        """Compiles the networks.

        Args:
          model: what draws.
          batch_size: images that go through it at once.
        """
        self._batch_size = batch_size
        any_image = tf.TensorSpec([None, model.img_size, model.img_size, 3])
        # Signatures with open batch sizes: one compilation serves every call.
        self._encode = tf.function(model.encode, input_signature=[any_image], autograph=False)
        encoded_spec = tf.nest.map_structure(
            lambda x: tf.TensorSpec(x.shape, x.dtype),
            self._encode.get_concrete_function().structured_outputs,
        )
        self._encoded_spec = encoded_spec
        indices_spec = tf.TensorSpec([None], tf.int32)
        codes_spec = tf.TensorSpec([None, model.code_dim])

        @tf.function(input_signature=[encoded_spec, indices_spec, codes_spec], autograph=False)
        def draw(encoded: Any, indices: tf.Tensor, codes: tf.Tensor) -> tf.Tensor:
            chosen = tf.nest.map_structure(lambda x: tf.gather(x, indices), encoded)
            return model.draw(chosen, codes)

        self._draw = draw

    @property
    def encoded_bytes(self) -> int:
        """What one encoded image takes."""
        specs = tf.nest.flatten(self._encoded_spec)
        return sum(spec.dtype.size * math.prod(spec.shape[1:]) for spec in specs)

    def encode(self, images: np.ndarray) -> Any:
        """Runs the part of the networks that no code changes.

        Args:
          images: [N, R, R, 3] float32 in [-1, 1].

        Returns:
          What the other methods take.
        """
        batches = [
            self._encode(tf.constant(images[start : start + self._batch_size], tf.float32))
            for start in range(0, len(images), self._batch_size)
        ]
        return tf.nest.map_structure(lambda *parts: tf.concat(parts, axis=0), *batches)

    def draw(
        self,
        encoded: Any,
        codes: np.ndarray,
        on_progress: Callable[[int], object] | None = None,
    ) -> np.ndarray:
        """Draws every encoded image in every code.

        Args:
          encoded: N images, from `encode`.
          codes: [M, D] float32.
          on_progress: called with the number of images after each batch of them.

        Returns:
          [N, M, R, R, 3] uint8.
        """
        num_images = int(tf.nest.flatten(encoded)[0].shape[0])
        rows, columns = np.indices([num_images, len(codes)]).reshape(2, -1)
        # To 8 bits batch by batch: the floats of a large grid would fill the memory.
        batches = self._batches(encoded, rows, codes[columns], on_progress)
        flat = np.concatenate([to_8_bit(batch) for batch in batches])
        return flat.reshape(num_images, len(codes), *flat.shape[1:])

    def draw_pairs(self, encoded: Any, indices: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """Draws chosen encoded images, each in a code of its own.

        Args:
          encoded: N images, from `encode`.
          indices: which of them, [P] integers below N.
          codes: [P, D] float32.

        Returns:
          [P, R, R, 3] float32, about [-1, 1] but not bounded.
        """
        return np.concatenate(list(self._batches(encoded, indices, codes)))

    def _batches(
        self,
        encoded: Any,
        indices: np.ndarray,
        codes: np.ndarray,
        on_progress: Callable[[int], object] | None = None,
    ) -> Iterator[np.ndarray]:
        for start in range(0, len(indices), self._batch_size):
            chosen = tf.constant(indices[start : start + self._batch_size], tf.int32)
            batch = tf.constant(codes[start : start + self._batch_size], tf.float32)
            yield self._draw(encoded, chosen, batch).numpy()
            if on_progress:
                on_progress(len(chosen))


def to_8_bit(images: np.ndarray) -> np.ndarray:
    """Maps float images in about [-1, 1] to uint8 of the same shape, clipping what lies outside.

    What networks draw is not bounded, and an 8-bit cast would wrap around.
    """
    return np.round((np.clip(images, -1, 1) + 1) * 127.5).astype(np.uint8)
