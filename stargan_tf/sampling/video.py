"""Videos: mp4 by the ffmpeg that imageio brings along, webp and gif by Pillow."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import imageio.v2 as imageio
import numpy as np
from PIL import Image

from stargan_tf.config.settings import check
from stargan_tf.files import check_room

# Beyond it, players of H.264 give up; WebP ends at 16383.
MAX_SIDE = 4096

_MP4_QUALITY = 8  # of 10: imageio's scale for a variable bit rate
_WEBP_QUALITY = 85


def check_size(width: int, height: int) -> None:
    """Makes sure that frames of this size can be shown.

    Raises:
      UserError: one side is longer than `MAX_SIDE`.
    """
    check(
        max(width, height) <= MAX_SIDE,
        f"Found video frames of {width} x {height} pixels, expected at most {MAX_SIDE} a side: "
        "give fewer source images or choose one --target_domain.",
    )


def write_video(path: Path, frames: Iterable[np.ndarray], fps: int) -> None:
    """Writes an endlessly repeating animation (mp4: a plain video).

    Args:
      path: the file, whose suffix .mp4, .webp or .gif decides the format.
      frames: [H, W, 3] uint8 each, all of one size, H and W even; consumed one by one.
      fps: frames per second; gif counts in hundredths of a second, so it is rounded.
    """
    if path.suffix.lower() == ".mp4":
        _write_mp4(path, frames, fps)
    else:
        _write_animation(path, frames, fps)


def _write_mp4(path: Path, frames: Iterable[np.ndarray], fps: int) -> None:
    writing = imageio.get_writer(
        path,
        format="FFMPEG",
        mode="I",
        fps=fps,
        codec="libx264",
        quality=_MP4_QUALITY,
        pixelformat="yuv420p",  # what browsers and phones play
        macro_block_size=2,
        ffmpeg_log_level="error",
        output_params=["-movflags", "+faststart"],  # plays while it still downloads
    )
    try:
        with writing as writer:
            for frame in frames:
                writer.append_data(frame)
    finally:
        check_room(path)  # FFmpeg's failures show as a broken pipe, or not at all


def _write_animation(path: Path, frames: Iterable[np.ndarray], fps: int) -> None:
    images: Iterator[Image.Image] = (Image.fromarray(frame) for frame in frames)
    first = next(images)
    options = {"save_all": True, "append_images": images, "duration": round(1000 / fps), "loop": 0}
    if path.suffix.lower() == ".webp":
        # Consecutive frames are alike, and Pillow wants the list.
        first.save(path, "WEBP", quality=_WEBP_QUALITY, method=4, **options)
    else:
        first.save(path, "GIF", **options)
