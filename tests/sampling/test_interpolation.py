import imageio.v2 as imageio
import pytest
from PIL import Image

from stargan_tf.errors import UserError
from stargan_tf.sampling.drawing import BatchDrawer
from stargan_tf.sampling.grids import Group, sources_grid
from stargan_tf.sampling.interpolation import write_interpolation
from tests.sampling.fakes import (
    DOMAINS,
    SIZE,
    SOURCES,
    STYLES,
    FakeDrawable,
    assert_cell,
    colour_of,
    with_reference,
)

# A batch holds two frames of two sources in two domains, and not all of a transition.
MOVE = {"frames": 5, "fps": 10, "batch_size": 8}


def test_video_of_random_styles(tmp_path, drawer, sources):
    out = tmp_path / "video.webp"
    message = write_interpolation(out, drawer, sources, STYLES, DOMAINS, **MOVE)
    image = Image.open(out)
    grid = sources_grid(2, SIZE, [Group("cat"), Group("wild")])
    assert image.n_frames == 2 * MOVE["frames"] and "10 frames (1.0 s)" in message
    assert image.size == (grid.width, grid.height)
    # Frame: how far each domain has come from its first style to its second, or back.
    for frame, way in {0: 0.0, 1: 0.2, 4: 0.8, 5: 1.0, 9: 0.2}.items():
        image.seek(frame)
        rgb = image.convert("RGB")
        for row, source in enumerate(SOURCES.values()):
            assert_cell(rgb, grid, 0, row, source, tolerance=8)
            for column in range(2):
                first, second = STYLES[2 * column].code, STYLES[2 * column + 1].code
                style = (1 - way) * first + way * second
                assert_cell(rgb, grid, 1 + column, row, colour_of(source, style), tolerance=8)


def test_video_of_references_walks_through_all_domains(tmp_path, drawer, sources):
    styles = [with_reference(style, 50 * index) for index, style in enumerate(STYLES)]
    out = tmp_path / "video.webp"
    write_interpolation(out, drawer, sources, styles, DOMAINS, **MOVE)
    image = Image.open(out)
    grid = sources_grid(2, SIZE, [Group("translation")], with_references=True)
    assert image.size == (grid.width, grid.height)
    assert image.n_frames == 4 * MOVE["frames"]
    for frame, reference, style in [
        (0, 0, STYLES[0].code),
        (10, 100, STYLES[2].code),
        (13, 130, 0.4 * STYLES[2].code + 0.6 * STYLES[3].code),
        (18, 60, 0.4 * STYLES[3].code + 0.6 * STYLES[0].code),
    ]:
        image.seek(frame)
        rgb = image.convert("RGB")
        assert_cell(rgb, grid, 1, 0, [reference] * 3, tolerance=8)
        for row, source in enumerate(SOURCES.values(), 1):
            assert_cell(rgb, grid, 1, row, colour_of(source, style), tolerance=8)


def test_mp4_video(tmp_path, drawer, sources):
    out = tmp_path / "video.mp4"
    write_interpolation(out, drawer, sources, STYLES, DOMAINS, **MOVE)
    grid = sources_grid(2, SIZE, [Group("cat"), Group("wild")])
    with imageio.get_reader(out) as reader:
        frames = list(reader.iter_data())
    assert len(frames) == 10 and frames[0].shape == (grid.height, grid.width, 3)


def test_one_reference_makes_no_video(tmp_path, drawer, sources):
    with pytest.raises(UserError, match="Found one reference for a video"):
        write_interpolation(
            tmp_path / "v.mp4",
            drawer,
            sources,
            [with_reference(STYLES[0], 3)],
            DOMAINS,
            **MOVE,
        )


def test_one_style_makes_no_video(tmp_path, drawer, sources):
    with pytest.raises(UserError, match="Found one style for cat, .*name a .png file"):
        write_interpolation(tmp_path / "v.mp4", drawer, sources, STYLES[::2], DOMAINS, **MOVE)


@pytest.mark.parametrize("name", ["video.mp4", "video.webp", "video.gif"])
def test_an_interrupted_video_leaves_nothing(tmp_path, sources, name):
    class Interrupted(BatchDrawer):
        calls = 0

        def draw(self, *args):
            Interrupted.calls += 1
            if Interrupted.calls > 2:
                raise KeyboardInterrupt
            return super().draw(*args)

    out = tmp_path / "out" / name
    with pytest.raises(KeyboardInterrupt):
        write_interpolation(out, Interrupted(FakeDrawable()), sources, STYLES, DOMAINS, **MOVE)
    assert list(out.parent.iterdir()) == []
