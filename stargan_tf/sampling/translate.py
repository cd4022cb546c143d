"""Translations in batches, through the compiled generator."""

from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from stargan_tf.models.generator import EncodedImage, Generator


class Translator:
    """Draws images in styles: each image is encoded once, then decoded for every style."""

    def __init__(self, generator: Generator, *, batch_size: int = 8) -> None:
        """Compiles the generator.

        Args:
          generator: without high-pass skip connections (w_hpf 0).
          batch_size: images that go through it at once.
        """
        self._batch_size = batch_size
        any_image = tf.TensorSpec([None, generator.img_size, generator.img_size, 3])
        # Signatures with open batch sizes: one compilation serves every call.
        self._encode = tf.function(generator.encode, input_signature=[any_image])
        encoded_spec = tf.nest.map_structure(
            lambda x: tf.TensorSpec(x.shape, x.dtype),
            self._encode.get_concrete_function().structured_outputs,
        )
        indices_spec = tf.TensorSpec([None], tf.int32)
        styles_spec = tf.TensorSpec([None, None])

        @tf.function(input_signature=[encoded_spec, indices_spec, styles_spec])
        def decode(encoded: EncodedImage, indices: tf.Tensor, s: tf.Tensor) -> tf.Tensor:
            chosen = tf.nest.map_structure(lambda x: tf.gather(x, indices), encoded)
            return generator.decode(chosen, s)

        self._decode = decode

    def encode(self, images: np.ndarray) -> EncodedImage:
        """Runs the part of the generator that no style changes.

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

    def decode(
        self,
        encoded: EncodedImage,
        styles: np.ndarray,
        on_progress: Callable[[int], object] | None = None,
    ) -> np.ndarray:
        """Draws every encoded image in every style.

        Args:
          encoded: N images, from `encode`.
          styles: [M, style_dim] float32.
          on_progress: called with the number of images after each batch of them.

        Returns:
          [N, M, R, R, 3] uint8.
        """
        num_images = int(encoded.features.shape[0])
        images, looks = np.indices([num_images, len(styles)]).reshape(2, -1)
        # To 8 bits batch by batch: the floats of a large grid would fill the memory.
        batches = self._batches(encoded, images, styles[looks], on_progress)
        flat = np.concatenate([to_8_bit(batch) for batch in batches])
        return flat.reshape(num_images, len(styles), *flat.shape[1:])

    def decode_pairs(
        self, encoded: EncodedImage, indices: np.ndarray, styles: np.ndarray
    ) -> np.ndarray:
        """Draws chosen encoded images, each in a style of its own.

        Args:
          encoded: N images, from `encode`.
          indices: which of them, [P] integers below N.
          styles: [P, style_dim] float32.

        Returns:
          [P, R, R, 3] float32, about [-1, 1] but not bounded.
        """
        return np.concatenate(list(self._batches(encoded, indices, styles)))

    def translate(self, images: np.ndarray, styles: np.ndarray) -> np.ndarray:
        """Draws images [N, R, R, 3] in styles [M, style_dim]: [N, M, R, R, 3] uint8."""
        return self.decode(self.encode(images), styles)

    def _batches(
        self,
        encoded: EncodedImage,
        indices: np.ndarray,
        styles: np.ndarray,
        on_progress: Callable[[int], object] | None = None,
    ) -> Iterator[np.ndarray]:
        for start in range(0, len(indices), self._batch_size):
            chosen = tf.constant(indices[start : start + self._batch_size], tf.int32)
            s = tf.constant(styles[start : start + self._batch_size], tf.float32)
            yield self._decode(encoded, chosen, s).numpy()
            if on_progress:
                on_progress(len(chosen))


def to_8_bit(images: np.ndarray) -> np.ndarray:
    """Maps float images in about [-1, 1] to uint8 of the same shape, clipping what lies outside.

    The generator's output is not bounded, and an 8-bit cast would wrap around.
    """
    return np.round((np.clip(images, -1, 1) + 1) * 127.5).astype(np.uint8)
