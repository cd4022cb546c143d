"""Illustrated portraits drawn from seeds: the built-in data set.

Each style is one domain. The drawings of a style vary in face, hair, clothes and
colours, all chosen by the seed; see the style's page at https://www.dicebear.com.
With --attributes, labels are what is drawn, such as glasses, in whatever style.
"""

import functools
import importlib.metadata
import importlib.resources
import json
from collections.abc import Iterator
from typing import Any

import resvg_py
from dicebear import Avatar, Style

from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.config.settings import check
from stargan_tf.data.attributes import check_known
from stargan_tf.data.sources import portrait_attributes
from stargan_tf.data.sources.base import Candidate, digest
from stargan_tf.errors import UserError

IMAGES_PER_CHUNK = 25
# The packages whose versions decide what is drawn.
_PACKAGES = ("dicebear-core", "dicebear-styles", "resvg-py")

# What --styles is by default: each is a domain. Their heads have about the same outline, and all
# three draw skin, hair and expressions, which a translation can keep.
DEFAULT_STYLES = ("toon-head", "personas", "micah")
# The same soft colours for every style: a background is content, which translation
# should keep, not a mark of the domain.
BACKGROUNDS = [
    "#b6c9e8",
    "#c9b8e0",
    "#f0c0c8",
    "#f3d9a8",
    "#bfe0c3",
    "#b5dfe0",
    "#e3e3e3",
    "#e8cdb5",
]
# Bring the faces of these styles to about the same place and size. The drawings of
# pixel-art stay as they are, so that their pixels meet the image's.
FRAMING: dict[str, dict[str, float]] = {
    "open-peeps": {"scale": 1.15, "translateX": -2, "translateY": 2},
    "toon-head": {"scale": 1.25, "translateY": 1},
    "personas": {"scale": 1.3},
    "micah": {"scale": 1.3, "translateY": 6},
    "miniavs": {"scale": 1.1, "translateX": 6, "translateY": -6},
}

PortraitChunk = tuple[str, str, int, int]  # style, split, first, behind the last


class PortraitsSource:
    """Draws portraits; see `Source`."""

    default_size = 128

    @classmethod
    def validate(cls, config: PrepareDataConfig) -> None:
        """Checks the styles and what they can draw; see `Source`."""
        check(
            len(styles_of(config)) >= 2 or bool(config.attributes),
            f"Found --styles={','.join(config.styles)}, expected at least two: translation needs a "
            "second domain to go to.",
        )
        for style in styles_of(config) if config.attributes else ():
            check(
                style in portrait_attributes.STYLES,
                f"Found --attributes for the style {style}, expected one of "
                f"{', '.join(portrait_attributes.STYLES)}: change --styles.",
            )
            known = portrait_attributes.names_of(style)
            where = f"those that {style} can draw"
            check_known(config.attributes, known, "--attributes", where)
        check(
            len(set(config.styles)) == len(config.styles),
            f"Found --styles={','.join(config.styles)}, expected each style once: remove the "
            "repetition.",
        )

    @classmethod
    def describe(cls, config: PrepareDataConfig) -> str:
        """The styles; see `Source`."""
        return ", ".join((*styles_of(config), *config.attributes))

    @classmethod
    def cache_key(cls, config: PrepareDataConfig) -> str:
        """The versions of the packages that draw; see `Source`."""
        return digest(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)

    def __init__(self, config: PrepareDataConfig) -> None:
        """Loads the styles and their licences.

        Raises:
          UserError: a style does not exist.
        """
        self.name = config.name or "portraits"
        self.styles = styles_of(config)
        self.attributes = config.attributes
        self.domains = () if self.attributes else self.styles
        self.size = config.img_size or self.default_size
        self.seed = config.seed
        self.counts = {"train": config.train_per_domain, "val": config.val_per_domain}
        self.total = len(self.styles) * sum(self.counts.values())
        self.splits = tuple(split for split, count in self.counts.items() if count)
        self.credits: dict[str, Any] = {style: style_credit(style) for style in self.styles}
        self.licence = config.licence or "; ".join(
            f"{style}: {credit['licence']}" for style, credit in self.credits.items()
        )

    def chunks(self) -> list[PortraitChunk]:
        """Ranges of portraits, the styles taking turns so that workers share evenly."""
        return [
            (style, split, start, min(start + IMAGES_PER_CHUNK, count))
            for split, count in self.counts.items()
            for start in range(0, count, IMAGES_PER_CHUNK)
            for style in self.styles
        ]

    def read(self, chunk: PortraitChunk) -> Iterator[Candidate]:
        """Draws the portraits of one chunk."""
        style, split, start, stop = chunk
        for index in range(start, stop):
            name = f"{style}/{split}-{index:06d}"
            # The name is in the seed: no two portraits share theirs, whatever the split.
            seed = f"{self.seed}/{name}"
            if self.attributes:
                values = portrait_attributes.random_values(self.attributes, seed)
                options = portrait_attributes.options(style, self.attributes, values, seed)
                content = draw(style, seed, self.size, options)
                yield Candidate(name, "", split, content, attributes=values)
            else:
                yield Candidate(name, style, split, draw(style, seed, self.size))


def styles_of(config: PrepareDataConfig) -> tuple[str, ...]:
    """Names of the styles to draw."""
    default = portrait_attributes.DEFAULT_STYLES if config.attributes else DEFAULT_STYLES
    return config.styles or default


def draw(style: str, seed: str, size: int, choices: dict[str, Any] | None = None) -> bytes:
    """Draws one portrait.

    Args:
      style: name of a style in the dicebear-styles package.
      seed: any text; the same text gives the same portrait.
      size: side of the image in pixels.
      choices: DiceBear's options for parts that the seed must not choose; it chooses the
        other parts as it does without these.

    Returns:
      A PNG file, opaque.
    """
    options = {
        "seed": seed,
        "size": size,
        "backgroundColor": BACKGROUNDS,
        **FRAMING.get(style, {}),
        **(choices or {}),
    }
    svg = Avatar(_style(style), options).to_string()
    # Fonts differ between machines; the drawings need none.
    return bytes(
        resvg_py.svg_to_bytes(svg_string=svg, width=size, height=size, skip_system_fonts=True)
    )


def style_credit(style: str) -> dict[str, str]:
    """Licence, creator, source and credit line of a style, as its file states them.

    Raises:
      UserError: there is no such style.
    """
    meta = _style(style).meta()
    credit = {
        "licence": meta.license().name(),
        "licence_url": meta.license().url(),
        "creator": meta.creator().name(),
        "creator_url": meta.creator().url(),
        "title": meta.source().name(),
        "source_url": meta.source().url(),
        "credit": meta.license().text(),
    }
    return {key: value for key, value in credit.items() if value}


def style_names() -> list[str]:
    """Names of all styles that can be drawn."""
    files = importlib.resources.files("dicebear_styles").iterdir()
    return sorted(file.name[: -len(".json")] for file in files if file.name.endswith(".json"))


@functools.cache
def _style(name: str) -> Style:
    if name not in style_names():
        raise UserError(
            f"Found no style {name!r}, expected one of {', '.join(style_names())}: correct "
            "--styles."
        )
    file = importlib.resources.files("dicebear_styles") / f"{name}.json"
    return Style(json.loads(file.read_text(encoding="utf-8")))
