"""Landmarks of a face, and that they follow it wherever it is in an image."""

import math

import numpy as np
import pytest
from PIL import Image

from stargan_tf.faces.mesh import can_be_cut, crop_of
from stargan_tf.faces.squares import Square

GREY = (120, 130, 140)
# Of the crop's side: landmarks on the mean, and the corners of the crop.
LANDMARKS_WITHIN = 0.01
CORNERS_WITHIN = 0.03


@pytest.fixture(scope="module")
def upright(mesh, astronaut):
    (face,) = mesh.find(astronaut)
    return face


def assert_at(face, landmarks, corners):
    side = face.crop.side
    assert np.linalg.norm(face.landmarks - landmarks, axis=1).mean() / side < LANDMARKS_WITHIN
    assert np.linalg.norm(face.crop.corners() - corners, axis=1).mean() / side < CORNERS_WITHIN


def on_grey(size, *placed):
    image = Image.new("RGB", size, GREY)
    for part, place in placed:
        image.paste(part, place)
    return image


def test_landmarks_agree_with_mediapipe(upright, theirs):
    expected = np.array(theirs["landmarks"])
    assert_at(upright, expected, crop_of(expected).corners())


def test_the_crop_is_where_a_person_would_put_it(upright):
    """Read off the image: eyes at (173, 101), (213, 104), mouth from (174, 142) to (208, 146)."""
    x, y, side, angle = upright.crop
    assert abs(x - 192) < 4 and abs(y - 107) < 4
    assert abs(side - 172) < 10 and 0 < math.degrees(angle) < 8


@pytest.mark.parametrize("degrees", [-60, -45, -20, 20, 45, 60, 90, 180, -90])
def test_turned(mesh, astronaut, upright, degrees):
    image = astronaut.rotate(-degrees, Image.Resampling.BICUBIC, fillcolor=GREY)
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    middle = np.array(astronaut.size) / 2

    def follow(points):
        return (points - middle) @ turn + middle

    (face,) = mesh.find(image)
    assert_at(face, follow(upright.landmarks), follow(upright.crop.corners()))


@pytest.mark.parametrize("scale", [0.5, 1.5, 4])
def test_scaled(mesh, astronaut, upright, scale):
    size = tuple(round(scale * length) for length in astronaut.size)
    (face,) = mesh.find(astronaut.resize(size, Image.Resampling.LANCZOS))
    assert_at(face, scale * upright.landmarks, scale * upright.crop.corners())


@pytest.mark.parametrize("size", [(900, 500), (500, 1500)])
def test_moved(mesh, astronaut, upright, size):
    place = (size[0] - 400, size[1] - 410)
    (face,) = mesh.find(on_grey(size, (astronaut, place)))
    assert_at(face, upright.landmarks + place, upright.crop.corners() + place)


def test_mirrored(mesh, astronaut, upright):
    (face,) = mesh.find(astronaut.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    expected = (upright.crop.corners() * (-1, 1) + (astronaut.width, 0))[[1, 0, 3, 2]]
    distances = np.linalg.norm(face.crop.corners() - expected, axis=1)
    assert distances.mean() / face.crop.side < CORNERS_WITHIN


def test_far_away(mesh, astronaut, upright):
    """A face of a twentieth of the image is found in a part of it."""
    (face,) = mesh.find(on_grey((3400, 3400), (astronaut, (1000, 2000))))
    assert_at(face, upright.landmarks + (1000, 2000), upright.crop.corners() + (1000, 2000))


def test_several_faces_come_by_size(mesh, astronaut, upright):
    small = astronaut.resize((240, 240), Image.Resampling.LANCZOS)
    image = on_grey((900, 400), (small, (20, 60)), (astronaut, (400, 0)))
    first, second = mesh.find(image)
    assert_at(first, upright.landmarks + (400, 0), upright.crop.corners() + (400, 0))
    scale = 240 / astronaut.width
    assert_at(
        second, scale * upright.landmarks + (20, 60), scale * upright.crop.corners() + (20, 60)
    )


def test_cut_by_the_border(mesh, astronaut, upright):
    image = astronaut.crop((60, 85, 384, 384))  # through the forehead
    (face,) = mesh.find(image)
    distances = np.linalg.norm(face.crop.corners() + (60, 85) - upright.crop.corners(), axis=1)
    assert distances.mean() / face.crop.side < 0.1
    assert 0.2 < face.crop.outside(image.size) < 0.5


@pytest.mark.parametrize("kind", ["grey", "noise", "no face", "one pixel"])
def test_no_face(mesh, astronaut, kind):
    noise = np.random.RandomState(0).randint(0, 256, (300, 400, 3)).astype(np.uint8)
    image = {
        "grey": Image.new("RGB", (300, 200), GREY),
        "noise": Image.fromarray(noise),
        "no face": astronaut.crop((0, 200, 384, 384)),
        "one pixel": Image.new("RGB", (1, 1)),
    }[kind]
    assert mesh.find(image) == []


@pytest.mark.parametrize("side", [0.0, 1.0, math.nan, math.inf])
def test_some_crops_are_none(side):
    assert can_be_cut(Square(1, 2, 5)) and not can_be_cut(Square(1, 2, side))
