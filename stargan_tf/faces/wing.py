"""Faces cropped as the published StarGAN v2 does: by its landmark network and its mean face."""

import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from stargan_tf.algorithms import registry
from stargan_tf.compat import keras
from stargan_tf.config.settings import check
from stargan_tf.errors import UserError
from stargan_tf.faces.crops import MEAN_FACE_SIDE, crop_to_mean_face
from stargan_tf.faces.finder import FaceFinder
from stargan_tf.faces.mesh import Face, can_be_cut
from stargan_tf.faces.squares import cut
from stargan_tf.models.landmarks import IMAGE_SIDE, LANDMARKS, landmarks


class WingFaces:
    """Crops found faces to the mean face; see `FaceFinder`.

    The landmark network knows faces as in CelebA-HQ only: it is shown each face as another
    finder would crop it.
    """

    def __init__(self, network: keras.Model, mean: np.ndarray, faces: FaceFinder) -> None:
        """Keeps what is needed.

        Args:
          network: the landmark network, with its weights.
          mean: landmarks of the mean face, see `read_mean_face`.
          faces: finds the faces.
        """
        self._network = network
        self._mean = mean
        self._faces = faces

    def find(self, image: Image.Image) -> list[Face]:
        """Finds the faces in an RGB image, the largest first."""
        found = (self.crop(image, face) for face in self._faces.find(image))
        return sorted((face for face in found if face), key=lambda face: -face.crop.side)

    def crop(self, image: Image.Image, face: Face) -> Face | None:
        """The same face, with this network's landmarks and crop; None where they are no face's."""
        shown = np.asarray(cut(image, face.crop, IMAGE_SIDE), np.float32)
        heatmaps = self._network(shown[np.newaxis] / 127.5 - 1)
        points = face.crop.to_image(landmarks(heatmaps)[0].numpy() / IMAGE_SIDE)
        if np.ptp(points, 0).max() < 1:  # all in one place
            return None
        crop = crop_to_mean_face(points, self._mean)
        return Face(crop, points) if can_be_cut(crop) else None


def load_landmark_network(path: str) -> keras.Model:
    """The landmark network of the default algorithm, with the weights of wing.ckpt.

    Raises:
      UserError: the file cannot be read, or does not fit.
    """
    settings = registry.settings_class(registry.DEFAULT)(w_hpf=1.0, wing_path=path)
    algorithm = registry.make_algorithm(settings, 2)
    networks = algorithm.build(algorithm.pretrained)
    algorithm.load_pretrained(networks)
    (network,) = networks.values()
    return network


def read_mean_face(path: str) -> np.ndarray:
    """Reads the published mean landmarks, celeba_lm_mean.npz.

    Returns:
      [98, 2] float64, (x, y) in pixels of a 256 px image.

    Raises:
      UserError: the file cannot be read, or holds something else.
    """
    try:
        with np.load(Path(path), allow_pickle=False) as content:
            mean = np.asarray(content["mean"], np.float64)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(
            f"{path} cannot be read as mean landmarks ({error}), expected the published "
            "celeba_lm_mean.npz, which holds an array `mean`: correct the path."
        ) from error
    check(
        mean.shape == (LANDMARKS, 2)
        and bool(np.all((mean > -MEAN_FACE_SIDE) & (mean < 2 * MEAN_FACE_SIDE)))
        and float(np.ptp(mean, 0).min()) > 1,
        f"{path} holds a `mean` of shape {mean.shape}, expected {LANDMARKS} points (x, y) in "
        f"pixels of an image of {MEAN_FACE_SIDE} px: correct the path.",
    )
    return mean
