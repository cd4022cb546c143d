"""How far the crops of two finders are from each other, on the images of a folder."""

import json
import statistics
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from stargan_tf.bars import bar
from stargan_tf.config.align import COMPARISON_SHEET, AlignConfig
from stargan_tf.config.settings import check
from stargan_tf.data.images import RejectedError
from stargan_tf.faces.alignment import NOT_FOUND, corner_distance
from stargan_tf.faces.finder import FaceFinder
from stargan_tf.faces.folder import image_files, read_image
from stargan_tf.faces.squares import cut
from stargan_tf.faces.wing import WingFaces
from stargan_tf.files import write_text, written_whole

COMPARISON_FILE = "comparison.jsonl"
_ROWS, _PAIRS_A_ROW, _SHOWN_SIDE = 8, 4, 128


class Pair(NamedTuple):
    """The two crops of the largest face of an image.

    Attributes:
      file: path of the image in its folder.
      distance: mean distance of the crops' corners, in % of the side of the first.
      images: both crops, for the sheet.
    """

    file: str
    distance: float
    images: tuple[Image.Image, Image.Image]


def compare(config: AlignConfig, finder: FaceFinder, wing: WingFaces) -> str:
    """Compares the crops of the largest face of each image.

    Args:
      config: validated settings.
      finder: finds the faces, and crops them in one way.
      wing: crops the same faces in another way.

    Returns:
      The result, in words. The distances are in comparison.jsonl, pairs of crops in
      comparison.png.

    Raises:
      UserError: no image has a face.
    """
    root, output = Path(config.input_dir), Path(config.output_dir)
    files = image_files(root)
    pairs: list[Pair] = []
    lines: list[dict[str, object]] = []
    for file in bar(files, unit="image", desc="Comparing", dynamic_ncols=True):
        try:
            pair = _compared(read_image(root / file), str(file), finder, wing)
        except RejectedError as error:
            lines.append({"file": str(file), "rejected": str(error)})
            continue
        lines.append({"file": str(file), "distance_percent": round(pair.distance, 3)})
        keep = len(pairs) < _ROWS * _PAIRS_A_ROW
        pairs.append(pair if keep else pair._replace(images=pairs[0].images))
    check(bool(pairs), f"Found no face in the {len(files)} files in {root}, expected one at least.")
    write_text(output / COMPARISON_FILE, "".join(json.dumps(line) + "\n" for line in lines))
    with written_whole(output / COMPARISON_SHEET) as path:
        sheet(pairs[: _ROWS * _PAIRS_A_ROW]).save(path)
    distances = [pair.distance for pair in pairs]
    mean, median, most = statistics.mean(distances), statistics.median(distances), max(distances)
    return (
        f"The corners of the crops by mediapipe and wing differ by {mean:.2f}% of the side, the "
        f"mean of {len(pairs)} faces (median {median:.2f}%, most {most:.2f}%):\n"
        f"  {output / COMPARISON_FILE}\n"
        f"  {output / COMPARISON_SHEET} (left: mediapipe, right: wing)"
    )


def sheet(pairs: list[Pair]) -> Image.Image:
    """The pairs side by side, a few in each row."""
    side, gap = _SHOWN_SIDE, _SHOWN_SIDE // 8
    columns = min(len(pairs), _PAIRS_A_ROW)
    rows = -(-len(pairs) // _PAIRS_A_ROW)
    result = Image.new(
        "RGB", (columns * (2 * side + gap) - gap, rows * (side + gap) - gap), "white"
    )
    for index, pair in enumerate(pairs):
        row, column = divmod(index, _PAIRS_A_ROW)
        for number, image in enumerate(pair.images):
            place = column * (2 * side + gap) + number * side, row * (side + gap)
            result.paste(image.resize((side, side), Image.Resampling.LANCZOS), place)
    return result


def _compared(image: Image.Image, file: str, finder: FaceFinder, wing: WingFaces) -> Pair:
    found = finder.find(image)
    if not found:
        raise RejectedError(NOT_FOUND)
    other = wing.crop(image, found[0])
    if other is None:
        raise RejectedError("no landmarks found by wing")
    distance = corner_distance(found[0], other.crop.corners())
    crops = (cut(image, face.crop, _SHOWN_SIDE) for face in (found[0], other))
    return Pair(file, 100 * distance, tuple(crops))
