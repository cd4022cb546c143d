import json
from pathlib import Path

import pytest
from PIL import Image

from stargan_tf.faces.mesh import FaceMesh

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def mesh() -> FaceMesh:
    return FaceMesh()


@pytest.fixture(scope="session")
def astronaut() -> Image.Image:
    with Image.open(HERE / "astronaut.jpg") as image:
        return image.convert("RGB")


@pytest.fixture(scope="session")
def theirs() -> dict:
    """What mediapipe itself finds in the image."""
    return json.loads((HERE / "mediapipe.json").read_text())
