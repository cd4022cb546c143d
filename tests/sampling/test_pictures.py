import numpy as np
from PIL import Image

from stargan_tf.sampling import pictures
from stargan_tf.sampling.grids import Group, sources_grid
from stargan_tf.sampling.pictures import write_grid, write_images
from tests.sampling.fakes import (
    DOMAINS,
    LOOKS,
    SIZE,
    SOURCES,
    assert_cell,
    colour_of,
    with_reference,
)


def test_grid_of_random_looks(tmp_path, translator, sources):
    out = tmp_path / "new" / "grid.png"
    message = write_grid(out, translator, sources, LOOKS, DOMAINS)
    image = Image.open(out)
    grid = sources_grid(2, SIZE, [Group("cat", 2), Group("wild", 2)])
    assert image.size == (grid.width, grid.height)
    assert f"{grid.width} x {grid.height}" in message
    for row, source in enumerate(SOURCES.values()):
        assert_cell(image, grid, 0, row, source)
        for column, look in enumerate(LOOKS):
            assert_cell(image, grid, 1 + column, row, colour_of(source, look.style))


def test_grid_of_references_shows_them(tmp_path, translator, sources):
    looks = [with_reference(look, 10 * index) for index, look in enumerate(LOOKS)]
    write_grid(tmp_path / "grid.png", translator, sources, looks, DOMAINS)
    image = Image.open(tmp_path / "grid.png")
    grid = sources_grid(2, SIZE, [Group("cat", 2), Group("wild", 2)], with_references=True)
    for column, look in enumerate(looks):
        assert_cell(image, grid, 1 + column, 0, [10 * column] * 3)
        for row, source in enumerate(SOURCES.values(), 1):
            assert_cell(image, grid, 1 + column, row, colour_of(source, look.style))


def test_jpeg_grid(tmp_path, translator, sources):
    write_grid(tmp_path / "grid.jpg", translator, sources, LOOKS, DOMAINS)
    assert Image.open(tmp_path / "grid.jpg").format == "JPEG"


def test_images_have_telling_names(tmp_path, translator, sources):
    out = tmp_path / "out"
    message = write_images(out, translator, sources, LOOKS, DOMAINS, batch_size=1)
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
    expected = colour_of(SOURCES["b.png"], LOOKS[3].style)
    assert np.abs(np.asarray(image) - expected).max() <= 1


def test_bad_sources_do_not_shift_the_names(tmp_path, translator, sources):
    bad = sources.root / "aa.txt"
    bad.write_text("no image")
    sources.paths.insert(1, bad)
    write_images(tmp_path / "out", translator, sources, LOOKS[:1], DOMAINS, batch_size=8)
    assert len(list((tmp_path / "out").iterdir())) == 2
    image = np.asarray(Image.open(tmp_path / "out" / "b__to_cat__seed7_0.png"))
    assert np.abs(image - colour_of(SOURCES["b.png"], LOOKS[0].style)).max() <= 1


def test_a_progress_bar_appears_for_more_than_a_few(
    tmp_path, translator, sources, capsys, monkeypatch
):
    write_grid(tmp_path / "few.png", translator, sources, LOOKS, DOMAINS)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(pictures, "BAR_FROM", 8)
    write_grid(tmp_path / "many.png", translator, sources, LOOKS, DOMAINS)
    assert "8/8" in capsys.readouterr().err
