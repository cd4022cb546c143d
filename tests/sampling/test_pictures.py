import imageio.v2 as imageio
import numpy as np
import pytest
from PIL import Image

from stargan_tf.errors import UserError
from stargan_tf.sampling import pictures
from stargan_tf.sampling.grids import Group, sources_grid
from stargan_tf.sampling.looks import Look
from stargan_tf.sampling.pictures import Sources, write_grid, write_images, write_interpolation
from stargan_tf.sampling.translate import Translator
from tests.sampling.fakes import DOMAINS, SIZE, FakeGenerator, random_look, save_image

SOURCES = {"a.png": (0, 51, 102), "b.png": (153, 204, 255)}
LOOKS = [
    random_look(0, 0, -1, -1, -1),
    random_look(0, 1, 1, 1, 1),
    random_look(2, 0, 1, -1, 1),
    random_look(2, 1, -1, 1, -1),
]
MOVE = {"frames": 4, "fps": 10, "batch_size": 3}


@pytest.fixture
def translator():
    return Translator(FakeGenerator(), batch_size=3)


@pytest.fixture
def sources(tmp_path):
    folder = tmp_path / "photos"
    paths = [save_image(folder / name, colour) for name, colour in SOURCES.items()]
    return Sources(folder, paths, SIZE)


def colour_of(source, style):
    """What the fake generator makes of them, in 8 bits."""
    return np.round((np.array(source) + (np.array(style) + 1) * 127.5) / 2)


def with_reference(look, value):
    return Look(look.domain, f"ref_{value}", look.style, np.full([SIZE, SIZE, 3], value, np.uint8))


def assert_cell(image, grid, column, row, colour, tolerance=1.0):
    x, y = grid.corner(column, row)
    margin = 0 if tolerance == 1 else 6  # video encoders blur the edges
    inside = slice(margin, SIZE - margin)
    cell = np.asarray(image)[y : y + SIZE, x : x + SIZE][inside, inside].astype(int)
    assert np.abs(cell - np.array(colour)).max() <= tolerance, (column, row)


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


def test_video_of_random_looks(tmp_path, translator, sources):
    out = tmp_path / "video.webp"
    message = write_interpolation(out, translator, sources, LOOKS, DOMAINS, **MOVE)
    image = Image.open(out)
    grid = sources_grid(2, SIZE, [Group("cat"), Group("wild")])
    assert image.n_frames == 2 * MOVE["frames"] and "8 frames (0.8 s)" in message
    assert image.size == (grid.width, grid.height)
    # Frame: how far each domain has come from its first look to its second, or back.
    for frame, way in {0: 0.0, 1: 0.25, 4: 1.0, 7: 0.25}.items():
        image.seek(frame)
        rgb = image.convert("RGB")
        for row, source in enumerate(SOURCES.values()):
            assert_cell(rgb, grid, 0, row, source, tolerance=8)
            for column in range(2):
                first, second = LOOKS[2 * column].style, LOOKS[2 * column + 1].style
                style = (1 - way) * first + way * second
                assert_cell(rgb, grid, 1 + column, row, colour_of(source, style), tolerance=8)


def test_video_of_references_walks_through_all_domains(tmp_path, translator, sources):
    looks = [with_reference(look, 50 * index) for index, look in enumerate(LOOKS)]
    out = tmp_path / "video.webp"
    write_interpolation(out, translator, sources, looks, DOMAINS, **MOVE)
    image = Image.open(out)
    grid = sources_grid(2, SIZE, [Group("translation")], with_references=True)
    assert image.size == (grid.width, grid.height)
    assert image.n_frames == 4 * MOVE["frames"]
    for frame, reference, style in [
        (0, 0, LOOKS[0].style),
        (8, 100, LOOKS[2].style),
        (10, 125, (LOOKS[2].style + LOOKS[3].style) / 2),
        (14, 75, (LOOKS[3].style + LOOKS[0].style) / 2),
    ]:
        image.seek(frame)
        rgb = image.convert("RGB")
        assert_cell(rgb, grid, 1, 0, [reference] * 3, tolerance=8)
        for row, source in enumerate(SOURCES.values(), 1):
            assert_cell(rgb, grid, 1, row, colour_of(source, style), tolerance=8)


def test_mp4_video(tmp_path, translator, sources):
    out = tmp_path / "video.mp4"
    write_interpolation(out, translator, sources, LOOKS, DOMAINS, **MOVE)
    grid = sources_grid(2, SIZE, [Group("cat"), Group("wild")])
    with imageio.get_reader(out) as reader:
        frames = list(reader.iter_data())
    assert len(frames) == 8 and frames[0].shape == (grid.height, grid.width, 3)


def test_one_reference_makes_no_video(tmp_path, translator, sources):
    with pytest.raises(UserError, match="Found one reference for a video"):
        write_interpolation(
            tmp_path / "v.mp4",
            translator,
            sources,
            [with_reference(LOOKS[0], 3)],
            DOMAINS,
            **MOVE,
        )


@pytest.mark.parametrize("name", ["video.mp4", "video.webp", "video.gif"])
def test_an_interrupted_video_leaves_nothing(tmp_path, sources, name):
    class Interrupted(Translator):
        calls = 0

        def decode(self, *args):
            Interrupted.calls += 1
            if Interrupted.calls > 2:
                raise KeyboardInterrupt
            return super().decode(*args)

    out = tmp_path / "out" / name
    with pytest.raises(KeyboardInterrupt):
        write_interpolation(out, Interrupted(FakeGenerator()), sources, LOOKS, DOMAINS, **MOVE)
    assert list(out.parent.iterdir()) == []


def test_a_progress_bar_appears_for_more_than_a_few(
    tmp_path, translator, sources, capsys, monkeypatch
):
    write_grid(tmp_path / "few.png", translator, sources, LOOKS, DOMAINS)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(pictures, "BAR_FROM", 8)
    write_grid(tmp_path / "many.png", translator, sources, LOOKS, DOMAINS)
    assert "8/8" in capsys.readouterr().err
