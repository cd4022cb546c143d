"""A server, and what its model must answer: the same SavedModel, called in this process."""

import functools
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from PIL import Image

from stargan_tf.serving.model_info import ModelInfo
from tests.data import makers

_TYPES = {"seed": tf.int64, "psi": tf.float32, "latent": tf.float32, "style_code": tf.float32}


class Target(NamedTuple):
    """A server under test.

    Attributes:
      folder: of the SavedModel that it serves, NAME/VERSION.
      grpc: its address, grpc://HOST:PORT.
      rest: its address, http://HOST:PORT.
    """

    folder: Path
    grpc: str
    rest: str

    @property
    def name(self) -> str:
        return self.folder.parent.name

    @property
    def version(self) -> int:
        return int(self.folder.name)

    @property
    def info(self) -> ModelInfo:
        return ModelInfo.of_saved_model(self.folder)

    def expected(self, signature: str, **inputs) -> np.ndarray:
        """What a signature gives for lists of values: images, or style codes."""
        tensors = {key: tf.constant(value, _TYPES.get(key)) for key, value in inputs.items()}
        (output,) = load(self.folder).signatures[signature](**tensors).values()
        return decoded(output.numpy()) if output.dtype == tf.string else output.numpy()


@functools.cache
def load(folder: Path):
    return tf.saved_model.load(str(folder))


def decoded(contents) -> np.ndarray:
    """Encoded images as [N, R, R, 3] integers."""
    return np.stack(
        [np.asarray(Image.open(io.BytesIO(c)).convert("RGB")) for c in contents], dtype=int
    )


def sources(num: int, start: int = 0) -> list[bytes]:
    """Small images of several sizes and formats, each different from all others."""
    formats = ("PNG", "JPEG")
    return [
        makers.encoded(makers.pixels(n, 40 + n % 7, 44 + n % 5), formats[n % 2])
        for n in range(start, start + num)
    ]
