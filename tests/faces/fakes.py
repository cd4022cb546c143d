"""A finder that needs no networks: faces are squares of one colour."""

import numpy as np
from PIL import Image

from stargan_tf.faces.mesh import Face
from stargan_tf.faces.squares import Square

COLOUR = (250, 40, 40)


def face(x: float, y: float, side: float, angle: float = 0.0) -> Face:
    crop = Square(x, y, side, angle)
    return Face(crop, crop.corners())


class FakeFinder:
    """Finds the same faces in every image."""

    def __init__(self, *faces: Face) -> None:
        self.faces = list(faces)
        self.calls = 0

    def find(self, image: Image.Image) -> list[Face]:
        self.calls += 1
        return sorted(self.faces, key=lambda face: -face.crop.side)


class RedFinder:
    """Finds the box of what is red."""

    def __init__(self) -> None:
        self.calls = 0

    def find(self, image: Image.Image) -> list[Face]:
        self.calls += 1
        pixels = np.asarray(image, int)
        rows, columns = np.nonzero((pixels[..., 0] > 200) & (pixels[..., 1] < 100))
        if not len(rows):
            return []
        side = float(np.ptp(rows)) + 1
        return [face(columns.mean() + 0.5, rows.mean() + 0.5, side)]


def image_with_face(
    size: tuple[int, int] = (80, 60), box: tuple[int, int, int, int] = (20, 10, 60, 50)
) -> Image.Image:
    image = Image.new("RGB", size, "teal")
    image.paste(COLOUR, box)
    return image
