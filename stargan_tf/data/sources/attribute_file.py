"""Files that list the attributes of images: CelebA's text file, and the same as CSV.

CelebA's text file has the number of images in its first line, the names of all attributes
in the second, and then a line for each image: the name of its file and, for each attribute,
1 where it is true and -1 where it is not. In CSV, the first line has a column for the file
and then the names. A 0 is read as -1 is.
"""

import csv
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from stargan_tf.config.settings import check
from stargan_tf.data.attributes import check_known
from stargan_tf.errors import UserError
from stargan_tf.names import normalised

_VALUES = {"1": 1, "+1": 1, "0": 0, "-1": 0}
_COPY = "correct the file or copy it anew"

Row = tuple[int, str, Sequence[str]]  # number of the line, name of the image, values


class AttributeFile:
    """What a file says of each image."""

    def __init__(self, path: Path, wanted: Sequence[str]) -> None:
        """Reads a file.

        Args:
          path: of the file.
          wanted: names of the attributes to read.

        Raises:
          UserError: it cannot be read, lacks an attribute, or a line is damaged.
        """
        self.path = path
        text = _read(path)
        first = text.lstrip().split("\n", 1)[0]
        names, rows = (_csv_rows if "," in first else _text_rows)(path, text)
        check(
            len(set(names)) == len(names),
            f"Found an attribute twice in the header of {path}, expected each once: {_COPY}.",
        )
        check_known(wanted, names, "--attributes", f"those of {path}")
        places = [(names.index(name), name) for name in wanted]
        self._values: dict[str, tuple[int, ...]] = {}
        for number, image, values in rows:
            name = normalised(image)
            check(
                len(values) == len(names),
                f"Found {len(values)} values in line {number} of {path}, expected {len(names)}, "
                f"one for each attribute: {_COPY}.",
            )
            check(
                name not in self._values,
                f"Found a second line for {image} in {path}, line {number}, expected one for each "
                f"image: {_COPY}.",
            )
            self._values[name] = tuple(
                _value(values[at], what, path, number) for at, what in places
            )
        check(bool(self._values), f"Found no images in {path}, expected a line for each: {_COPY}.")
        # The archive of CelebA as PNG comes with names that end in .jpg.
        self._by_stem: dict[str, str] = {}
        for name in self._values:
            stem = Path(name).stem
            self._by_stem[stem] = "" if stem in self._by_stem else name

    def match(self, images: Sequence[str]) -> dict[str, tuple[int, ...]]:
        """Finds the attributes of images, and says on stderr which lines are of none of them.

        Args:
          images: names of their files.

        Returns:
          For each name, a 0 or 1 for each wanted attribute; none where no line names the image.

        Raises:
          UserError: no line names any of the images.
        """
        lines = {image: self._line_of(image) for image in images}
        used = set(lines.values()) - {""}
        check(
            bool(used),
            f"Found none of the {len(images)} images, such as {images[0]}, in {self.path}, which "
            f"lists {next(iter(self._values))}, expected their names in it: check --input_dir and "
            "--attributes_file.",
        )
        # Part of a large data set is a wish, so images that are missing are no error.
        others = [name for name in self._values if name not in used]
        if others:
            print(
                f"warning: not used: {len(others):,} lines of {self.path}, whose images, such as "
                f"{others[0]}, were not found",
                file=sys.stderr,
            )
        return {image: self._values.get(line, ()) for image, line in lines.items()}

    def _line_of(self, image: str) -> str:
        """The name under which a file is listed, if only with another ending; empty for none."""
        name = normalised(image)
        return name if name in self._values else self._by_stem.get(Path(name).stem, "")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path} is not text, expected a list such as list_attr_celeba.txt, or CSV: check "
            "--attributes_file."
        ) from error


def _text_rows(path: Path, text: str) -> tuple[list[str], Iterator[Row]]:
    """Names and lines of CelebA's text file."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    check(
        len(lines) >= 2 and lines[0][1].strip().isdecimal(),
        f"Found {lines[0][1].strip() if lines else '':.80} in the first line of {path}, expected "
        "the number of images, as in list_attr_celeba.txt, or names with commas between them, as "
        "in CSV: check --attributes_file.",
    )
    stated, found = int(lines[0][1]), len(lines) - 2
    check(
        stated == found,
        f"Found {found} images in {path}, whose first line says {stated}, expected as many: "
        f"{_COPY}.",
    )
    names = lines[1][1].split()

    def rows() -> Iterator[Row]:
        for number, line in lines[2:]:
            words = line.split()
            if len(words) > len(names) + 1 and words[-len(names) - 1] not in _VALUES:
                words = line.strip().rsplit(maxsplit=len(names))  # a name with spaces
            yield number, words[0], words[1:]

    return [*map(normalised, names)], rows()


def _csv_rows(path: Path, text: str) -> tuple[list[str], Iterator[Row]]:
    """Names and lines of CSV."""
    reader = csv.reader(io.StringIO(text.lstrip(), newline=""))

    def rows() -> Iterator[Row]:
        try:
            for row in reader:
                if any(cell.strip() for cell in row):
                    yield reader.line_num, row[0].strip(), row[1:]
        except csv.Error as error:
            raise UserError(
                f"{path} is not CSV after line {reader.line_num} ({error}): {_COPY}."
            ) from error

    try:
        header = next(reader)
    except csv.Error as error:
        raise UserError(f"The header of {path} is not CSV ({error}): {_COPY}.") from error
    return [normalised(cell.strip()) for cell in header[1:]], rows()


def _value(text: str, attribute: str, path: Path, number: int) -> int:
    value = _VALUES.get(text.strip())
    if value is None:
        raise UserError(
            f"Found the value {text.strip()!r:.80} of {attribute} in line {number} of {path}, "
            f"expected 1, 0 or -1: {_COPY}."
        )
    return value
