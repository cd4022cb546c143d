"""Aligns the images of a folder, in any folders within it, and reports what came of each."""

import collections
import dataclasses
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from stargan_tf.bars import bar
from stargan_tf.config.align import AlignConfig
from stargan_tf.config.settings import check
from stargan_tf.data.images import JPEG_QUALITY, RejectedError, decode
from stargan_tf.errors import UserError
from stargan_tf.faces.alignment import AlignSettings, align
from stargan_tf.faces.finder import FaceFinder
from stargan_tf.faces.journal import Entry, Journal, stamp_of
from stargan_tf.faces.report import report_path, summary, write_report
from stargan_tf.files import (
    MAX_NAME_BYTES,
    remove_unfinished,
    short_name,
    written_whole,
)
from stargan_tf.locks import LOCK, exclusive_lock
from stargan_tf.names import is_system_name
from stargan_tf.sampling.files import distinct_names

# A larger file is no image; reading it could fill the memory.
_MAX_FILE_BYTES = 2**30
# Settings that do not decide over the results.
_PLACES = ("input_dir", "output_dir", "workers", "compare")
# Images of more pixels are halved, if their shorter side then has this many: the crop of a face
# needs no more.
_KEPT_SIDE = 4096


def align_folder(config: AlignConfig, finder: FaceFinder) -> str:
    """Aligns every image of --input_dir into --output_dir.

    Args:
      config: validated settings.
      finder: finds the faces.

    Returns:
      What was done, in words.

    Raises:
      UserError: there is nothing to align, nothing could be aligned, or the output folder holds
        something else.
    """
    root, output = Path(config.input_dir), Path(config.output_dir)
    files = image_files(root)
    work = "alignment"
    advice = "choose another --output_dir"
    place = output.absolute().parent
    lock = place / f".{short_name(output.absolute().name, MAX_NAME_BYTES - 32)}{LOCK}"
    with exclusive_lock(lock, output, work, advice):
        journal = Journal(output, _settings(config))
        for folder, _, _ in os.walk(output):
            remove_unfinished(Path(folder))
        entries = _align_files(config, finder, files, journal)
    write_report(output, entries)
    aligned = sum(len(entry.outputs) for entry in entries)
    check(
        aligned > 0,
        f"None of the {len(entries)} files in {root} could be aligned, expected at least one: see "
        f"{report_path(output)}.",
    )
    return summary(config, entries)


def image_files(root: Path) -> list[Path]:
    """Every file of a folder and of the folders within it, but those that systems leave.

    Returns:
      Paths from `root`, sorted.

    Raises:
      UserError: there is none.
    """
    files, seen = [], set()
    for folder, folders, names in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:  # a link to a folder above it
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not is_system_name(name))
        there = Path(folder).relative_to(root)
        files += [there / name for name in names if not is_system_name(name)]
    check(bool(files), f"Found no files in {root}, expected images: add some.")
    return sorted(files)


def read_image(path: Path) -> Image.Image:
    """Reads an image file: upright, RGB.

    Raises:
      RejectedError: it cannot be used, for the reason in the text.
    """
    try:
        if (size := path.stat().st_size) > _MAX_FILE_BYTES:
            raise RejectedError(f"absurdly large: a file of {size} bytes")
        content = path.read_bytes()
    except OSError as error:
        raise RejectedError(f"cannot be read: {error.strerror}") from error
    return decode(content, halve_above=_KEPT_SIDE)[0]


def _settings(config: AlignConfig) -> dict[str, object]:
    values = dataclasses.asdict(config)
    return {name: value for name, value in values.items() if name not in _PLACES}


def _align_files(
    config: AlignConfig, finder: FaceFinder, files: list[Path], journal: Journal
) -> list[Entry]:
    """Aligns what is not done yet, under a progress bar."""
    root, output = Path(config.input_dir), Path(config.output_dir)
    names = _output_names(files)
    entries: list[Entry] = []

    def work(file: Path) -> Entry:
        if entry := journal.find(str(file), stamp_of(root / file)):
            return entry
        for old in journal.outputs(str(file)):
            (output / old).unlink(missing_ok=True)
        return _align_file(config, finder, file, names)

    pool = ThreadPoolExecutor(config.threads)
    try:
        with bar(total=len(files), unit="image", desc="Aligning", dynamic_ncols=True) as shown:
            for entry in pool.map(work, files):
                journal.add(entry)
                entries.append(entry)
                shown.update()
    except KeyboardInterrupt as interrupt:
        raise UserError(
            f"Interrupted after {len(entries)} of {len(files)} images, which are kept: run the "
            "same command again to go on."
        ) from interrupt
    finally:
        pool.shutdown(cancel_futures=True)
    return entries


def _align_file(
    config: AlignConfig, finder: FaceFinder, file: Path, names: dict[Path, Path]
) -> Entry:
    """Aligns one image and writes what comes of it."""
    path = Path(config.input_dir) / file
    stamp = stamp_of(path)
    settings = AlignSettings(
        config.img_size, config.least_pixels, config.faces, config.cut, config.max_outside
    )
    try:
        aligned = align(read_image(path), finder, settings)
    except RejectedError as error:
        return Entry(str(file), stamp, (), (str(error),))
    outputs = []
    for number, image in enumerate(aligned.images, 1):
        name = names[file]
        if len(aligned.images) > 1:
            name = _numbered(name, number, names)
        # Not with_suffix, which would cut a name that has a dot.
        output = str(name) + f".{config.format}"
        with written_whole(Path(config.output_dir) / output) as temporary:
            if config.format == "png":
                image.save(temporary, "PNG")
            else:
                image.save(temporary, "JPEG", quality=JPEG_QUALITY, subsampling=0)
        outputs.append(output)
    return Entry(str(file), stamp, tuple(outputs), tuple(aligned.remarks))


def _numbered(name: Path, number: int, names: dict[Path, Path]) -> Path:
    """The name of one face of several, which is no other image's."""
    ending = f"_face{number}"
    while name.with_name(name.name + ending) in names.values():
        ending = f"_{ending}"
    return name.with_name(name.name + ending)


def _output_names(files: list[Path]) -> dict[Path, Path]:
    """Names without suffix, distinct within their folder, with room for what is added."""
    by_folder = collections.defaultdict(list)
    for file in files:
        by_folder[file.parent].append(file)
    return {
        file: folder / short_name(name, MAX_NAME_BYTES - 32)
        for folder, some in by_folder.items()
        for file, name in zip(some, distinct_names(some), strict=True)
    }
