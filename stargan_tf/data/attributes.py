"""Names of binary attributes, and which of them exclude each other."""

import difflib
import sys
from collections.abc import Mapping, Sequence

from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.config.settings import check
from stargan_tf.names import normalised

# CelebA's names of hair colours. A head has one, so they exclude each other by default.
HAIR_COLOURS = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair")
NO_GROUPS = "none"  # as --exclusive
# What separates names, or a name from a value, on command lines.
_SEPARATORS = "/=,"
_SHOWN = 60


def check_attributes(config: PrepareDataConfig) -> None:
    """Checks --attributes, and --exclusive against them.

    Raises:
      UserError: a name cannot be used or is there twice, or a group is none of attributes.
    """
    names = tuple(map(normalised, config.attributes))
    found = f"Found --attributes={','.join(config.attributes)}"
    for name in names:
        check(
            name != "" and name == name.strip() and not set(name) & set(_SEPARATORS),
            f"{found}, expected names without spaces around them and without any of "
            f"{' '.join(_SEPARATORS)}: correct {name!r}.",
        )
        check(
            names.count(name) == 1,
            f"{found}, expected each attribute once: remove the repetition of {name}.",
        )
    if names or config.exclusive:
        exclusive_groups(config.exclusive, names)


def exclusive_groups(
    exclusive: Sequence[str], attributes: Sequence[str]
) -> tuple[tuple[str, ...], ...]:
    """The groups of attributes of which at most one is true of an image.

    Args:
      exclusive: the setting: groups such as Black_Hair/Blond_Hair, none, or empty for the
        default, the hair colours that are among the attributes.
      attributes: names of all attributes of the data set.

    Returns:
      The names of each group, in the order of `attributes`.

    Raises:
      UserError: a group has less than two names, or one that is no attribute or in two groups.
    """
    if not exclusive:
        hair = tuple(name for name in attributes if name in HAIR_COLOURS)
        return (hair,) if len(hair) >= 2 else ()
    if tuple(exclusive) == (NO_GROUPS,):
        return ()
    found = f"Found --exclusive={','.join(exclusive)}"
    check(bool(attributes), f"{found} without attributes, expected some: add --attributes.")
    groups = [tuple(map(normalised, group.split("/"))) for group in exclusive]
    every = [name for group in groups for name in group]
    for group in groups:
        check(
            len(group) >= 2,
            f"{found}, expected at least two names in each group, such as "
            "--exclusive=Black_Hair/Blond_Hair: add the other names, or pass --exclusive=none.",
        )
    check_known(every, attributes, "--exclusive", "the attributes of the data set")
    for name in every:
        check(
            every.count(name) == 1, f"{found}, expected each name once: remove one of the {name}."
        )
    return tuple(tuple(name for name in attributes if name in group) for group in groups)


def check_known(wanted: Sequence[str], known: Sequence[str], flag: str, where: str) -> None:
    """Checks that attributes exist.

    Args:
      wanted: names that were asked for.
      known: names that there are.
      flag: that asks for them, for the error.
      where: what has the known ones, for the error.

    Raises:
      UserError: one does not exist; the sentence lists the names that are near.
    """
    by_small = {name.lower(): name for name in known}
    for name in wanted:
        near = difflib.get_close_matches(name.lower(), by_small, n=3)
        likely = ", ".join(by_small[small] for small in near)
        shown = ", ".join(known[:_SHOWN]) + ", ..." * (len(known) > _SHOWN)
        expected = f"such as {likely}" if likely else f"which are {shown or 'none'}"
        check(
            name in known,
            f"Found the attribute {name!r} in {flag}, expected one of {where}, {expected}: "
            "correct the name.",
        )


def contradiction(values: Sequence[int], groups: Sequence[Sequence[tuple[int, str]]]) -> str:
    """Why the attributes of an image cannot all be right; empty if they can.

    Args:
      values: a 0 or 1 for each attribute.
      groups: the place and the name of each attribute of each exclusive group.
    """
    for group in groups:
        true = [name for place, name in group if values[place]]
        if len(true) > 1:
            return f"{' and '.join(true)} are both true, at most one can be (--exclusive)"
    return ""


def warn_of_constants(
    positives: Mapping[str, Mapping[str, int]], counts: Mapping[str, Mapping[str, int]]
) -> None:
    """Says on stderr which attributes are the same for all images of a split.

    Such an attribute cannot be learned, and is most often that of another column.

    Args:
      positives: of how many images each attribute is true, per split.
      counts: images per split and group.
    """
    for split, by_name in positives.items():
        total = sum(counts[split].values())
        for name, count in by_name.items():
            if count in (0, total):
                print(
                    f"warning: {name} is true of {'all' if count else 'none'} of the {total:,} "
                    f"{split} images",
                    file=sys.stderr,
                )
