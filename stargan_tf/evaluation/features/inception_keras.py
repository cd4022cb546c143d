"""Inception-v3 as Keras ships it: weights that Keras downloads by itself.

Source: Szegedy et al. 2016, arXiv:1512.00567. These are other weights than
torchvision's, with other preprocessing: distances made with them compare models with
each other, but not with published ones.
"""

import tensorflow as tf

from stargan_tf.compat import keras
from stargan_tf.errors import UserError
from stargan_tf.evaluation.features.base import FeatureNetwork
from stargan_tf.evaluation.features.images import pixel_values, resize
from stargan_tf.evaluation.features.names import FEATURES

INPUT_SIZE = 299


class InceptionKeras(FeatureNetwork):
    """Features of keras.applications.InceptionV3, pooled after the last mixed block."""

    name = "inception_keras"
    dim = 2048
    protocol = "8-bit, bilinear to 299 px, x / 127.5 - 1"

    def __init__(self, model: keras.Model) -> None:
        """Wraps a model, as `build` returns it."""
        weights = {f"{i:03}": weight for i, weight in enumerate(model.get_weights())}
        super().__init__(weights)
        self._model = model

    @classmethod
    def load(cls, path: str | None = None) -> "InceptionKeras":
        """Reads a weights file of Keras, or lets Keras download (and keep) its own.

        Args:
          path: of a file with the weights, without those of the classifier.

        Raises:
          UserError: the file is missing or unfit, or the download failed.
        """
        return cls(_from_file(path) if path else _from_download())

    def prepare(self, images: tf.Tensor) -> tf.Tensor:
        """Resizes images [N, H, W, 3] in [-1, 1] to [N, 299, 299, 3] in [-1, 1].

        That is Keras's own normalisation, `inception_v3.preprocess_input`.
        """
        return resize(pixel_values(images), INPUT_SIZE, round_to_integers=False) / 127.5 - 1

    def features(self, inputs: tf.Tensor) -> tf.Tensor:
        """Pooled features [N, 2048] of inputs [N, 299, 299, 3]."""
        return self._model(inputs, training=False)


def build(weights: str | None) -> keras.Model:
    """Makes the network: images [N, 299, 299, 3] to features [N, 2048].

    Args:
      weights: "imagenet" to download them, a file, or None for random ones.
    """
    return keras.applications.InceptionV3(
        include_top=False,
        pooling="avg",
        weights=weights,
        input_shape=(INPUT_SIZE, INPUT_SIZE, 3),
    )


def _from_file(path: str) -> keras.Model:
    (weights,) = FEATURES[InceptionKeras.name].weights
    try:
        return build(path)
    except Exception as error:  # Keras and h5py raise several types
        raise UserError(
            f"--{weights.flag}={path} is not {weights.content}: download {weights.url} again, or "
            "leave the flag away to let Keras do it."
        ) from error


def _from_download() -> keras.Model:
    (weights,) = FEATURES[InceptionKeras.name].weights
    try:
        return build("imagenet")
    except Exception as error:  # Keras raises a plain Exception
        raise UserError(
            f"Keras could not download the weights of Inception-v3 ({error}): connect to the "
            f"network, or fetch {weights.url} elsewhere and pass it as --{weights.flag}."
        ) from error
