import numpy as np
import pytest
from PIL import Image

from stargan_tf.errors import UserError
from stargan_tf.sampling import stills
from stargan_tf.sampling.grids import Group, sources_grid
from stargan_tf.sampling.stills import write_grid, write_images
from tests.sampling.fakes import (
    DOMAINS,
    SIZE,
    SOURCES,
    STYLES,
    assert_cell,
    colour_of,
    with_reference,
)


def test_grid_of_random_styles(tmp_path, drawer, sources):
    out = tmp_path / "new" / "grid.png"
    message = write_grid(out, drawer, sources, STYLES, DOMAINS)
    image = Image.open(out)
    grid = sources_grid(2, SIZE, [Group("cat", 2), Group("wild", 2)])
    assert image.size == (grid.width, grid.height)
    assert f"{grid.width} x {grid.height}" in message
    for row, source in enumerate(SOURCES.values()):
        assert_cell(image, grid, 0, row, source)
        for column, style in enumerate(STYLES):
            assert_cell(image, grid, 1 + column, row, colour_of(source, style.code))


def test_grid_of_references_shows_them(tmp_path, drawer, sources):
    styles = [with_reference(style, 10 * index) for index, style in enumerate(STYLES)]
    write_grid(tmp_path / "grid.png", drawer, sources, styles, DOMAINS)
    image = Image.open(tmp_path / "grid.png")
    grid = sources_grid(2, SIZE, [Group("cat", 2), Group("wild", 2)], with_references=True)
    for column, style in enumerate(styles):
        assert_cell(image, grid, 1 + column, 0, [10 * column] * 3)
        for row, source in enumerate(SOURCES.values(), 1):
            assert_cell(image, grid, 1 + column, row, colour_of(source, style.code))


def test_jpeg_grid(tmp_path, drawer, sources):
    write_grid(tmp_path / "grid.jpg", drawer, sources, STYLES, DOMAINS)
    assert Image.open(tmp_path / "grid.jpg").format == "JPEG"


def test_a_grid_that_a_jpeg_file_cannot_hold(tmp_path, drawer, sources, monkeypatch):
    monkeypatch.setattr(stills, "_JPEG_SIDE", 50)
    with pytest.raises(UserError, match="at most 50 a side in a JPEG file: name a .png file"):
        write_grid(tmp_path / "grid.jpg", drawer, sources, STYLES, DOMAINS)
    write_grid(tmp_path / "grid.png", drawer, sources, STYLES, DOMAINS)


def test_images_have_telling_names(tmp_path, drawer, sources):
    out = tmp_path / "out"
    message = write_images(out, drawer, sources, STYLES, DOMAINS, batch_size=1)
    names = {
        f"{stem}__to_{domain}__seed7_{index}.png"
        for stem in "ab"
        for domain in ("cat", "wild")
        for index in range(2)
    }
    assert {path.name for path in out.iterdir()} == names
    assert message == "8 images"
    image = Image.open(out / "b__to_wild__seed7_1.png")
    assert image.size == (SIZE, SIZE)
    expected = colour_of(SOURCES["b.png"], STYLES[3].code)
    assert np.abs(np.asarray(image) - expected).max() <= 1


def test_bad_sources_do_not_shift_the_names(tmp_path, drawer, sources):
    bad = sources.root / "aa.txt"
    bad.write_text("no image")
    sources.paths.insert(1, bad)
    write_images(tmp_path / "out", drawer, sources, STYLES[:1], DOMAINS, batch_size=8)
    assert len(list((tmp_path / "out").iterdir())) == 2
    image = np.asarray(Image.open(tmp_path / "out" / "b__to_cat__seed7_0.png"))
    assert np.abs(image - colour_of(SOURCES["b.png"], STYLES[0].code)).max() <= 1


def test_a_progress_bar_appears_for_more_than_a_few(tmp_path, drawer, sources, capsys, monkeypatch):
    write_grid(tmp_path / "few.png", drawer, sources, STYLES, DOMAINS)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(stills, "BAR_FROM", 8)
    write_grid(tmp_path / "many.png", drawer, sources, STYLES, DOMAINS)
    assert "8/8" in capsys.readouterr().err
