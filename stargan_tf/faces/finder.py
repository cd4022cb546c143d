"""What finds faces, whatever tells where they are."""

from typing import Protocol

from PIL import Image

from stargan_tf.faces.mesh import Face


class FaceFinder(Protocol):
    """Finds the faces in an image, and how each is cropped. Any thread may use it."""

    def find(self, image: Image.Image) -> list[Face]:
        """Finds the faces in an RGB image, the largest first."""
        ...
