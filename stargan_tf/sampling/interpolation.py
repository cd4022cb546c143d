"""Videos in which images move from style to style."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from stargan_tf.config.settings import check
from stargan_tf.files import written_whole
from stargan_tf.sampling.codes import interpolation_loop, lerp
from stargan_tf.sampling.drawing import BatchDrawer, to_8_bit
from stargan_tf.sampling.grids import Grid, Group, sources_grid
from stargan_tf.sampling.stills import Sources, progress
from stargan_tf.sampling.styles import Style
from stargan_tf.sampling.video import check_size, write_video


def write_interpolation(
    out: Path,
    drawer: BatchDrawer,
    sources: Sources,
    styles: Sequence[Style],
    names: Sequence[str],
    *,
    frames: int,
    fps: int,
    batch_size: int,
) -> str:
    """Writes a video that moves the sources from style to style and back to the first.

    Random styles move in one column per domain, side by side. References follow each
    other in one column, from domain to domain too, with the reference itself above.

    Args:
      out: .mp4, .webp or .gif to write.
      drawer: draws the images.
      sources: the images.
      styles: the styles, sorted by domain; of random ones equally many per domain.
      names: of all domains.
      frames: from one style to the next.
      fps: frames per second.
      batch_size: about how many translations to hold in memory at once.

    Returns:
      What was written, in words.

    Raises:
      UserError: there is only one reference, the frames would be too large, or no
        source is an image that can be used.
    """
    check(
        styles[0].reference is None or len(styles) >= 2,
        "Found one reference for a video, which moves from one style to the next, expected at "
        "least two: pass a folder with --ref, or --out=grid.png.",
    )
    tracks = _make_tracks(styles)
    check(
        len(tracks[0]) >= 2,
        f"Found one style for {names[styles[0].domain]}, expected at least two for a video, which "
        "moves from one to the next: name a .png file with --out.",
    )
    grid = _empty_grid(len(sources.paths), sources.img_size, tracks, names)
    check_size(grid.width, grid.height)  # before any work
    images = sources.read()
    grid = _empty_grid(len(images), sources.img_size, tracks, names)
    num_frames = frames * len(tracks[0])
    with (
        progress(num_frames * len(images) * len(tracks)) as advance,
        written_whole(out) as path,
    ):
        drawn = _draw_frames(drawer, images, tracks, grid, frames, batch_size, advance)
        write_video(path, drawn, fps)
    seconds = num_frames / fps
    return f"a video of {num_frames} frames ({seconds:.1f} s), {grid.width} x {grid.height} pixels"


def _make_tracks(styles: Sequence[Style]) -> list[list[Style]]:
    """Returns the styles that follow each other in each column; equally many in all."""
    if styles[0].reference is not None:
        return [list(styles)]
    return [list(group) for _, group in groupby(styles, key=lambda style: style.domain)]


def _empty_grid(
    num_sources: int, cell: int, tracks: Sequence[Sequence[Style]], names: Sequence[str]
) -> Grid:
    columns = []
    for track in tracks:
        domains = {style.domain for style in track}
        columns.append(Group(names[domains.pop()] if len(domains) == 1 else "translation"))
    has_references = tracks[0][0].reference is not None
    return sources_grid(num_sources, cell, columns, with_references=has_references)


def _draw_frames(
    drawer: BatchDrawer,
    images: np.ndarray,
    tracks: Sequence[Sequence[Style]],
    grid: Grid,
    frames: int,
    batch_size: int,
    on_progress: Callable[[int], object],
) -> Iterator[np.ndarray]:
    has_references = tracks[0][0].reference is not None
    first_row = int(has_references)
    for row, source in enumerate(to_8_bit(images), first_row):
        grid.paste(0, row, source)
    encoded = drawer.encode(images)
    steps = interpolation_loop(len(tracks[0]), frames)
    # As many frames together as fill a batch: one small image alone wastes most of it.
    chunk = max(1, batch_size // (len(images) * len(tracks)))
    for start in range(0, len(steps), chunk):
        part = steps[start : start + chunk]
        codes = [lerp(track[a].code, track[b].code, t) for a, b, t in part for track in tracks]
        drawn = drawer.draw(encoded, np.stack(codes), on_progress)
        drawn = drawn.reshape(len(images), len(part), len(tracks), *drawn.shape[2:])
        for number, (a, b, t) in enumerate(part):
            for column, track in enumerate(tracks, 1):
                if has_references:
                    blend = lerp(track[a].reference, track[b].reference, t)
                    grid.paste(column, 0, np.round(blend).astype(np.uint8))
                for row in range(len(images)):
                    grid.paste(column, first_row + row, drawn[row, number, column - 1])
            yield grid.image()
