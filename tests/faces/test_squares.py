import math

import numpy as np
import pytest
from PIL import Image

from stargan_tf.faces.squares import Square, cut, glance

SQUARES = [Square(100, 80, 60), Square(90, 110, 100, 0.5), Square(120, 90, 37, -2.0)]


def ramp(width=256, height=200):
    """Red tells the column, green the row, to the half pixel."""
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    return Image.fromarray(np.stack([columns, rows, 0 * rows], -1).astype(np.uint8))


def centres(square, side):
    """Where the middle of each pixel of a result lies in the image."""
    steps = (np.arange(side) + 0.5) / side
    return square.to_image(np.stack(np.meshgrid(steps, steps), -1))


def test_corners_run_clockwise():
    np.testing.assert_allclose(Square(2, 3, 2).corners(), [[1, 2], [3, 2], [3, 4], [1, 4]])
    turned = Square(2, 3, 2, math.pi / 2).corners()
    np.testing.assert_allclose(turned, [[3, 2], [3, 4], [1, 4], [1, 2]], atol=1e-12)


@pytest.mark.parametrize("square", SQUARES)
def test_there_and_back(square):
    points = np.random.RandomState(0).uniform(-1, 2, (50, 2))
    np.testing.assert_allclose(square.from_image(square.to_image(points)), points, atol=1e-12)
    corners = square.corners()
    again = Square.between(corners[0], corners[1])
    np.testing.assert_allclose(again.corners(), corners, atol=1e-9)


def test_the_part_outside():
    size = (100, 50)
    assert Square(50, 25, 20).outside(size) == 0
    assert Square(0, 25, 20).outside(size) == 0.5
    assert Square(100, 50, 20).outside(size) == 0.75
    assert Square(500, 25, 20).outside(size) == 1
    assert Square(50, 0, 40, math.pi / 4).outside(size) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("square", SQUARES)
@pytest.mark.parametrize("side", [16, 64, 200])
@pytest.mark.parametrize("function", [cut, glance])
def test_pixels_come_from_where_the_square_is(function, square, side):
    """A value of the ramp is the column less a half. Values are rounded several times."""
    found = np.asarray(function(ramp(), square, side), float)
    error = found[..., :2] - (centres(square, side) - 0.5)
    assert np.abs(error).max() < 2
    bias = 0.2 if function is cut else 0.6  # what networks see may be rounded down
    assert np.abs(error.mean((0, 1))).max() < bias


def test_a_crop_of_its_own_size_is_the_image():
    noise = np.random.RandomState(1).randint(0, 256, (40, 40, 3)).astype(np.uint8)
    smooth = Image.fromarray(noise).resize((80, 80), Image.Resampling.BICUBIC)
    found = np.asarray(cut(smooth, Square(40, 40, 80), 80), int)
    assert np.abs(found - np.asarray(smooth, int)).mean() < 2


def test_beyond_the_border_is_a_mirror_image():
    found = np.asarray(cut(ramp(), Square(0, 100, 80), 80), float)
    left, right = found[:, :40, 0].mean(0)[::-1], found[:, 40:, 0].mean(0)
    assert np.abs(left - right)[:4].max() < 1.5  # sharp where the image ends
    assert np.abs(left - right).mean() < 3


def test_beyond_the_border_is_blurred_and_the_image_is_not():
    stripes = np.zeros([200, 200, 3], np.uint8)
    stripes[np.arange(200) % 8 < 4] = 255
    found = np.asarray(cut(Image.fromarray(stripes), Square(0, 100, 100), 100), float)
    contrast = found[..., 0].std(0)
    assert contrast[:40].max() < 0.3 * contrast[60:].min() and contrast[60:].min() > 100


def test_what_a_network_sees_ends_as_the_image_ends():
    found = glance(ramp(), Square(255, 100, 80), 80).astype(float)
    assert np.abs(found[:, 44:, 0] - 255).max() <= 1


@pytest.mark.parametrize("square", [Square(-500, 20, 30), Square(5, 5, 0.5), Square(3, 3, 4000, 1)])
def test_odd_squares_give_an_image(square):
    assert cut(ramp(8, 6), square, 32).size == (32, 32)
    assert glance(ramp(8, 6), square, 32).shape == (32, 32, 3)
