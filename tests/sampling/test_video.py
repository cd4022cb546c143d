import imageio.v2 as imageio
import numpy as np
import pytest
from PIL import Image

from stargan_tf.errors import UserError
from stargan_tf.sampling.video import MAX_SIDE, check_size, write_video

# Neither width nor height is a multiple of 16, to which encoders like to round.
HEIGHT, WIDTH, FRAMES, FPS = 50, 70, 9, 20


def frames():
    for index in range(FRAMES):
        frame = np.full([HEIGHT, WIDTH, 3], 255, np.uint8)
        frame[10:40, 5 * index : 5 * index + 20] = [200, 30, 30]
        yield frame


def assert_like_frames(decoded, tolerance):
    decoded = [np.asarray(frame)[..., :3] for frame in decoded]
    assert len(decoded) == FRAMES
    for frame, expected in zip(decoded, frames(), strict=True):
        assert frame.shape == expected.shape
        assert np.abs(frame.astype(int) - expected).mean() < tolerance


def test_mp4(tmp_path):
    path = tmp_path / "video.mp4"
    write_video(path, frames(), FPS)
    with imageio.get_reader(path) as reader:
        assert reader.get_meta_data()["fps"] == FPS
        assert reader.get_meta_data()["codec"] == "h264"
        assert_like_frames(list(reader.iter_data()), tolerance=5)


@pytest.mark.parametrize("suffix", [".webp", ".gif", ".WEBP"])
def test_animations(tmp_path, suffix):
    path = tmp_path / f"video{suffix}"
    write_video(path, frames(), FPS)
    with Image.open(path) as image:
        assert image.format == suffix[1:].upper()
        assert image.info["loop"] == 0  # without end
        decoded, durations = [], []
        for index in range(image.n_frames):
            image.seek(index)
            decoded.append(image.convert("RGB"))
            durations.append(image.info["duration"])
    assert_like_frames(decoded, tolerance=5)
    assert durations == [1000 / FPS] * FRAMES


def test_frames_too_large_for_players_are_refused():
    check_size(MAX_SIDE, MAX_SIDE)
    with pytest.raises(UserError, match="fewer source images"):
        check_size(100, MAX_SIDE + 2)
