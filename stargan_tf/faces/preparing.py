"""What sampling and the client do to an image first: align it, or see whether it is aligned."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from stargan_tf.data.images import RejectedError, load_image
from stargan_tf.errors import UserError
from stargan_tf.faces.alignment import (
    ALIGNED_WITHIN,
    NOT_FOUND,
    AlignSettings,
    align,
    misalignment,
)
from stargan_tf.faces.finder import FaceFinder
from stargan_tf.faces.mesh import FaceMesh

Prepare = Callable[[Path, np.ndarray], np.ndarray]


class AlignImages:
    """Crops the largest face of images; what is remarkable goes to stderr."""

    def __init__(self, img_size: int = 0, finder: FaceFinder | None = None) -> None:
        """Opens the networks.

        Args:
          img_size: side of the crops; 0 for the size that each face has.
          finder: finds the faces, by default with the crop of the CelebA-HQ paper.

        Raises:
          UserError: LiteRT is not installed.
        """
        self._settings = AlignSettings(img_size)
        self._finder = finder or FaceMesh()

    def __call__(self, path: Path, image: np.ndarray) -> np.ndarray:
        """Crops the largest face.

        Args:
          path: of the image, for messages.
          image: [H, W, 3] uint8.

        Returns:
          [S, S, 3] uint8.

        Raises:
          UserError: the image has no face.
        """
        return np.asarray(self._aligned(path, Image.fromarray(image)))

    def read(self, path: Path) -> Image.Image:
        """Reads an image file and crops its largest face.

        Raises:
          UserError: the file cannot be read, or the image has no face.
        """
        return self._aligned(path, Image.fromarray(load_image(path)))

    def _aligned(self, path: Path, image: Image.Image) -> Image.Image:
        try:
            aligned = align(image, self._finder, self._settings)
        except RejectedError as error:
            raise UserError(
                f"{path} cannot be aligned ({error}): give an image of a face, or leave --align "
                "out where it is aligned already."
            ) from error
        for remark in aligned.remarks:
            _warn(f"{path}: {remark}")
        return aligned.images[0]


class CheckAlignment:
    """Leaves images as they are, and tells of those that do not look aligned."""

    def __init__(self, finder: FaceFinder) -> None:
        """Keeps what finds the faces."""
        self._finder = finder

    def __call__(self, path: Path, image: np.ndarray) -> np.ndarray:
        """Looks at an image, [H, W, 3] uint8, and returns it."""
        distance = misalignment(Image.fromarray(image), self._finder)
        if distance is None or distance > ALIGNED_WITHIN:
            found = NOT_FOUND
            if distance is not None:
                found = f"the crop of its face differs by {100 * distance:.0f}% of the side"
            _warn(
                f"{path} does not look aligned as in CelebA-HQ, which this model wants ({found}): "
                "add --align."
            )
        return image


def preparation(aligning: bool, aligned_faces: bool) -> Prepare | None:
    """What is to be done to sources and references.

    Args:
      aligning: whether they are to be aligned.
      aligned_faces: whether the model wants them aligned.

    Raises:
      UserError: LiteRT is not installed, and they are to be aligned.
    """
    if aligning:
        return AlignImages()  # the sizes that the client sends, or the two would draw other pixels
    if not aligned_faces:
        return None
    try:
        return CheckAlignment(FaceMesh())
    except UserError:  # without LiteRT
        return None


def _warn(text: str) -> None:
    tqdm.write(f"warning: {text}", sys.stderr)
