import numpy as np
import pytest

from stargan_tf.errors import UserError
from stargan_tf.sampling.grids import Grid, Group, sources_grid, styles_grid

CELL = 32


def image_of(value):
    return np.full([CELL, CELL, 3], value, np.uint8)


def cell(grid, column, row):
    x, y = grid.corner(column, row)
    return grid.image()[y : y + grid.cell, x : x + grid.cell]


def ink(image):
    """Where anything was drawn on the white background."""
    return (image != 255).any(axis=-1)


@pytest.mark.parametrize("references", [False, True])
def test_every_image_is_in_its_cell(references):
    sources = np.stack([image_of(1), image_of(2)])
    translations = np.stack([[image_of(10 * n + m) for m in range(3)] for n in (1, 2)])
    heads = np.stack([image_of(m) for m in (100, 101, 102)]) if references else None
    grid = styles_grid(sources, translations, [Group("cat", 2), Group("dog")], heads)
    first = int(references)
    for n in range(2):
        assert (cell(grid, 0, first + n) == sources[n]).all()
        for m in range(3):
            assert (cell(grid, 1 + m, first + n) == translations[n, m]).all()
    for m in range(3 if references else 0):
        assert (cell(grid, 1 + m, 0) == heads[m]).all()


def test_images_cover_nothing_but_their_cells():
    grid = Grid(CELL, [Group("", 2), Group("")], [Group("", 2)])
    before = ink(grid.image()).sum()
    for column in range(3):
        for row in range(2):
            grid.paste(column, row, image_of(0))
    assert before == 0 and ink(grid.image()).sum() == 3 * 2 * CELL**2


def test_groups_are_set_apart_further_than_images():
    grid = Grid(CELL, [Group("", 2), Group("")], [Group("")])
    inside = grid.corner(1, 0)[0] - grid.corner(0, 0)[0] - CELL
    between = grid.corner(2, 0)[0] - grid.corner(1, 0)[0] - CELL
    assert 0 < inside < between


def test_labels_stand_above_their_columns_and_left_of_their_rows():
    grid = Grid(64, [Group("first", 2), Group("")], [Group(""), Group("below", 2)])
    drawn = ink(grid.image())
    (left, top), right = grid.corner(0, 0), grid.corner(1, 0)[0] + 64
    assert drawn[:top, left:right].any()
    assert not drawn[:top, grid.corner(2, 0)[0] :].any()
    assert not drawn[top : top + 64, :].any()
    assert drawn[grid.corner(0, 1)[1] :, :left].any()
    assert not drawn[top:, left:].any()  # the cells themselves are empty


def test_long_labels_stay_within_their_columns():
    name = "a-domain-with-a-very-long-name-indeed"
    grid = Grid(64, [Group(""), Group(name), Group("")], [Group("")])
    drawn = ink(grid.image())
    assert drawn.any()
    columns = np.flatnonzero(drawn.any(axis=0))
    left = grid.corner(1, 0)[0]
    assert left <= columns.min() and columns.max() < left + 64


def test_names_beyond_ascii_are_drawn():
    assert ink(Grid(64, [Group("été")], [Group("")]).image()).any()


def test_the_references_corner_is_labelled():
    grid = sources_grid(1, 64, [Group("cat")], with_references=True)
    assert ink(cell(grid, 0, 0)).any()


def test_sizes_are_even_and_as_said():
    grid = Grid(33, [Group("a"), Group("b", 2)], [Group("c")])
    assert grid.image().shape == (grid.height, grid.width, 3)
    assert grid.height % 2 == 0 and grid.width % 2 == 0


def test_later_images_leave_earlier_grids_alone():
    grid = Grid(CELL, [Group("")], [Group("")])
    before = grid.image()
    grid.paste(0, 0, image_of(0))
    assert not ink(before).any()


def test_too_large_a_grid_is_refused():
    with pytest.raises(UserError, match="--images_only"):
        sources_grid(1000, 256, [Group("cat", 10)])
