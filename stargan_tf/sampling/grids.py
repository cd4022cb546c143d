"""Lays out labelled grids of images."""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from stargan_tf.config.settings import check

# What viewers and the 8-bit formats still cope with.
MAX_PIXELS = 2**25

_BACKGROUND = (255, 255, 255)
_INK = (40, 40, 40)
_RULE = (190, 190, 190)
# Pillow's own font is ASCII only; these are where names in other scripts are looked for.
_FONTS_BEYOND_ASCII = ("NotoSansCJK-Regular.ttc", "DejaVuSans.ttf", "Arial Unicode.ttf")


class Group(NamedTuple):
    """Neighbouring columns or rows under one label."""

    label: str
    span: int = 1


class Grid:
    """Square images in columns and rows, with groups of each labelled and set apart.

    Everything but the images is drawn at once, so that a video pays for it once.
    """

    def __init__(self, cell: int, columns: Sequence[Group], rows: Sequence[Group]) -> None:
        """Lays out the grid.

        Args:
          cell: side of the images.
          columns: groups of columns, from left to right, labelled above.
          rows: groups of rows, from top to bottom, labelled at the left.

        Raises:
          UserError: it would have more than `MAX_PIXELS` pixels.
        """
        self.cell = cell
        self._gap = max(2, cell // 32)  # between images
        self._space = max(8, cell // 8)  # between groups, and around everything
        self._font_size = max(12, cell // 11)
        left = self._space + self._row_labels_width(rows)
        has_header = any(group.label for group in columns)
        top = self._space + (self._font_size + self._space) * has_header
        self._lefts = self._positions(left, columns)
        self._tops = self._positions(top, rows)
        self.width = self._lefts[-1] + cell + self._space
        self.height = self._tops[-1] + cell + self._space
        # The usual video encodings take even sizes only.
        self.width += self.width % 2
        self.height += self.height % 2
        check(
            self.width * self.height <= MAX_PIXELS,
            f"Found {len(self._lefts)} x {len(self._tops)} images of {cell} pixels for one "
            f"grid, expected at most {MAX_PIXELS // 10**6} million pixels in all: give fewer "
            "images, or write them singly with --images_only.",
        )
        self._canvas = Image.new("RGB", (self.width, self.height), _BACKGROUND)
        self._draw_column_labels(columns)
        self._draw_row_labels(rows)

    def paste(self, column: int, row: int, image: np.ndarray) -> None:
        """Puts an image, [cell, cell, 3] uint8, into a cell; `image` gives it from now on."""
        self._canvas.paste(Image.fromarray(image), self.corner(column, row))

    def write(self, column: int, row: int, text: str, *, below: bool) -> None:
        """Writes into an empty cell: about the cell below it, or the one to the right."""
        left, top = self.corner(column, row)
        text, size = _fit(text, self.cell, self._font_size)
        if below:
            position, anchor = (left + self.cell / 2, top + self.cell), "md"
        else:
            position, anchor = (left + self.cell, top + self.cell / 2), "rm"
        ImageDraw.Draw(self._canvas).text(
            position, text, _INK, font=_font(size, text), anchor=anchor
        )

    def corner(self, column: int, row: int) -> tuple[int, int]:
        """Returns the x and y of a cell's upper left pixel."""
        return self._lefts[column], self._tops[row]

    def image(self) -> np.ndarray:
        """Returns the grid with all that was pasted: a new array, [height, width, 3] uint8."""
        return np.array(self._canvas)

    def _positions(self, start: int, groups: Sequence[Group]) -> list[int]:
        positions = []
        for group in groups:
            for _ in range(group.span):
                positions.append(start)
                start += self.cell + self._gap
            start += self._space - self._gap
        return positions

    def _row_labels_width(self, rows: Sequence[Group]) -> int:
        widths = [_text_width(row.label, self._font_size) for row in rows if row.label]
        return max(widths) + self._space if widths else 0

    def _draw_column_labels(self, columns: Sequence[Group]) -> None:
        draw = ImageDraw.Draw(self._canvas)
        first = 0
        for label, span in columns:
            left, right = self._lefts[first], self._lefts[first + span - 1] + self.cell
            first += span
            if not label:
                continue
            text, size = _fit(label, right - left, self._font_size)
            baseline = self._space + self._font_size
            center = (left + right) / 2
            draw.text((center, baseline), text, _INK, font=_font(size, text), anchor="ms")
            if span > 1:  # a rule shows which columns the label is about
                y = baseline + self._space // 2 - 1
                draw.line([(left, y), (right - 1, y)], _RULE)

    def _draw_row_labels(self, rows: Sequence[Group]) -> None:
        draw = ImageDraw.Draw(self._canvas)
        first = 0
        for label, span in rows:
            top, bottom = self._tops[first], self._tops[first + span - 1] + self.cell
            first += span
            if label:
                position = (self._lefts[0] - self._space, (top + bottom) / 2)
                font = _font(self._font_size, label)
                draw.text(position, label, _INK, font=font, anchor="rm")


def styles_grid(
    sources: np.ndarray,
    translations: np.ndarray,
    styles: Sequence[Group],
    references: np.ndarray | None = None,
) -> Grid:
    """Draws sources down the side, each followed by its translations, one column a style.

    Args:
      sources: [N, R, R, 3] uint8.
      translations: [N, M, R, R, 3] uint8.
      styles: groups of the M columns.
      references: [M, R, R, 3] uint8, a row of their own above the translations.

    Raises:
      UserError: the grid would be too large.
    """
    grid = sources_grid(
        len(sources), sources.shape[1], styles, with_references=references is not None
    )
    first_row = 0 if references is None else 1
    for column, reference in enumerate(references if references is not None else []):
        grid.paste(1 + column, 0, reference)
    for row, (source, of_source) in enumerate(zip(sources, translations, strict=True), first_row):
        grid.paste(0, row, source)
        for column, translation in enumerate(of_source):
            grid.paste(1 + column, row, translation)
    return grid


def sources_grid(
    num_sources: int, cell: int, styles: Sequence[Group], *, with_references: bool = False
) -> Grid:
    """Makes the empty grid of `styles_grid`: for videos, and to see whether it is too large."""
    if not with_references:
        return Grid(cell, [Group("source"), *styles], [Group("", num_sources)])
    grid = Grid(cell, [Group(""), *styles], [Group(""), Group("", num_sources)])
    # Both labels stand in the empty corner, next to what they are about.
    grid.write(0, 0, "reference", below=False)
    grid.write(0, 0, "source", below=True)
    return grid


def _fit(text: str, width: int, size: int) -> tuple[str, int]:
    """Makes the font smaller, then the text shorter, until it is at most `width` wide."""
    while _text_width(text, size) > width and size > 9:
        size -= 1
    if _text_width(text, size) <= width:
        return text, size
    while len(text) > 1 and _text_width(text + "...", size) > width:
        text = text[:-1]
    return text + "...", size


def _text_width(text: str, size: int) -> int:
    return round(_font(size, text).getlength(text))


def _font(size: int, text: str) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return _load_font(size, text.isascii())


@functools.lru_cache(maxsize=64)
def _load_font(size: int, ascii_only: bool) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    for name in () if ascii_only else _FONTS_BEYOND_ASCII:
        try:
            return ImageFont.truetype(name, size)
        except OSError:  # not on this machine
            continue
    return ImageFont.load_default(size)
