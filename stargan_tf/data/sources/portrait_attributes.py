"""What portraits can be labelled with: hair colours, glasses and beards that are really drawn.

The names are CelebA's, but Beard, which CelebA gives as No_Beard. For an attribute that is
asked for, only parts are drawn that show it clearly: no moustache for a beard, no sunglasses
for glasses, no bald head and no hat for a hair colour.
"""

import dataclasses
import random
from collections.abc import Sequence
from typing import Any

from stargan_tf.data.attributes import HAIR_COLOURS

GLASSES = "Eyeglasses"
BEARD = "Beard"
DEFAULT_STYLES = ("personas",)

Options = dict[str, Any]

# Far apart enough that light or dark skin does not make one look like another.
_SHADES = {
    "Black_Hair": ["#0e0e10", "#17130f", "#1f1a1c"],
    "Blond_Hair": ["#f2d16b", "#e8c04d", "#f6dd8a"],
    "Brown_Hair": ["#6b3f22", "#7a4a28", "#5c3317"],
    "Gray_Hair": ["#9a9a9f", "#a9abb0", "#8b8d93"],
}
# Of hair that has none of the colours that were asked for.
_OTHER_SHADES = ["#c4452b", "#d2552f", "#b23a34"]


@dataclasses.dataclass(frozen=True)
class StyleAttributes:
    """How a style draws attributes, as DiceBear's options.

    Attributes:
      hair: the parts that show the colour of hair.
      coloured: the options that take this colour.
      shown: by attribute, the parts that show it, and those that do not.
    """

    hair: Options
    coloured: tuple[str, ...]
    shown: dict[str, tuple[Options, Options]]


def _variants(prefix: str, numbers: Sequence[int]) -> list[str]:
    return [f"{prefix}{number:02d}" for number in numbers]


# Those on which black glasses and brown beards can be seen. Images without glasses or a beard
# have the same, or skin would tell one from the other.
_MICAH_SKINS = ["#f9c9b6", "#ac6651"]
_TOON_COLOURS = {
    "skinColor": ["#f1c3a5", "#a36b4f", "#c68e7a", "#b98e6a"],
    "hairColor": ["#2c1b18", "#724133"],  # where no colour of hair is asked for
}
_PIXEL_GLASSES = _variants("light", [1, 2, 3, 5, 6, 7])

STYLES = {
    "personas": StyleAttributes(
        hair={
            # The curly ones are transparent: black would look grey.
            "hairVariant": ["bobBangs", "bobCut", "extraLong", "long", "pigtails"]
            + ["shortCombover", "sideShave"],
        },
        coloured=("hairColor", "facialHairColor"),
        shown={
            GLASSES: (
                {"eyesVariant": ["glasses"]},
                {"eyesVariant": ["happy", "open", "sleep", "wink"]},
            ),
            BEARD: (
                {
                    "facialHairProbability": 100,
                    "facialHairVariant": ["beardMustache"],
                    # All mouths but a pacifier, which would hide the beard.
                    "mouthVariant": ["bigSmile", "frown", "lips", "smile", "smirk", "surprise"],
                },
                {"facialHairProbability": 0},
            ),
        },
    ),
    "micah": StyleAttributes(
        hair={"hairVariant": ["dannyPhantom", "fonze", "full", "pixie"]},
        coloured=("hairColor", "facialHairColor"),
        shown={
            GLASSES: (
                {
                    "glassesProbability": 100,
                    "glassesColor": ["#000000"],
                    "baseColor": _MICAH_SKINS,
                },
                {"glassesProbability": 0, "baseColor": _MICAH_SKINS},
            ),
            BEARD: (
                {
                    "facialHairProbability": 100,
                    "facialHairVariant": ["beard"],
                    "baseColor": _MICAH_SKINS,
                },
                {"facialHairProbability": 0, "baseColor": _MICAH_SKINS},
            ),
        },
    ),
    "open-peeps": StyleAttributes(
        # The others are black, whatever the colour.
        hair={
            "headVariant": ["bangs", "grayBun", "grayMedium", "grayShort"]
            + ["mediumBangs2", "short4"],
        },
        coloured=("headContrastColor",),
        shown={
            GLASSES: (
                {
                    "accessoriesProbability": 100,
                    "accessoriesVariant": ["glasses", "glasses2", "glasses3", "glasses5"],
                },
                {"accessoriesProbability": 0},
            ),
            BEARD: (
                {
                    "facialHairProbability": 100,
                    "facialHairVariant": ["full4"],
                    "maskProbability": 0,
                },
                {"facialHairProbability": 0},
            ),
        },
    ),
    "pixel-art": StyleAttributes(
        hair={
            "hatProbability": 0,
            "hairVariant": _variants("long", [1, 2, 3, 4, 7, 9, 10, 11, 12, 13, 16, 17, 20, 21])
            + _variants("short", [1, 2, 4, 6, 7, 10, 12, 14, 15, 16, 18, 20, 22]),
        },
        coloured=("hairColor",),
        # Its beards are transparent: on some skins they cannot be seen.
        shown={
            GLASSES: (
                {"glassesProbability": 100, "glassesVariant": _PIXEL_GLASSES},
                {"glassesProbability": 0},
            ),
        },
    ),
    "toon-head": StyleAttributes(
        hair={"hairProbability": 100},
        coloured=("hairColor",),
        shown={
            BEARD: (
                {
                    "beardProbability": 100,
                    "beardVariant": ["fullBeard", "longBeard"],
                    **_TOON_COLOURS,
                },
                {"beardProbability": 0, **_TOON_COLOURS},
            ),
        },
    ),
}


def names_of(style: str) -> tuple[str, ...]:
    """Names of the attributes that a style can draw."""
    return (*HAIR_COLOURS, *STYLES[style].shown)


def random_values(attributes: Sequence[str], seed: str) -> tuple[int, ...]:
    """Chooses attributes, the same for the same seed.

    Hair has one of the colours that are asked for, each as often; if it is only one colour,
    half of the images have it. The other attributes are true of half of the images each.

    Args:
      attributes: names.
      seed: any text.

    Returns:
      A 0 or 1 for each name.
    """
    rng = random.Random(f"attributes/{seed}")  # no part of a drawing depends on this text
    colours = [name for name in attributes if name in HAIR_COLOURS]
    colour = rng.choice(colours if len(colours) != 1 else [*colours, ""]) if colours else ""
    true = {name: rng.random() < 0.5 for name in attributes if name not in HAIR_COLOURS}
    return tuple(int(true.get(name, name == colour)) for name in attributes)


def options(style: str, attributes: Sequence[str], values: Sequence[int], seed: str) -> Options:
    """DiceBear's options for a portrait with certain attributes.

    Args:
      style: one of `STYLES`.
      attributes: names; what else there is, the portrait's seed decides.
      values: a 0 or 1 for each.
      seed: decides the shade of the hair.
    """
    draws = STYLES[style]
    chosen: Options = {}
    for name, value in zip(attributes, values, strict=True):
        if name not in HAIR_COLOURS:
            shown, hidden = draws.shown[name]
            chosen |= shown if value else hidden
    colours = {
        name: value for name, value in zip(attributes, values, strict=True) if name in HAIR_COLOURS
    }
    if colours:
        shades = next((_SHADES[name] for name, value in colours.items() if value), _OTHER_SHADES)
        # One for hair and beard alike: DiceBear would choose for each.
        shade = random.Random(f"shade/{seed}").choice(shades)
        chosen |= draws.hair | {option: [shade] for option in draws.coloured}
    return chosen
