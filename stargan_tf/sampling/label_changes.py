"""What --set asks for, read against the labels of a model. It needs no TensorFlow."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stargan_tf.config.settings import check
from stargan_tf.errors import UserError
from stargan_tf.labels import LabelSet
from stargan_tf.names import normalised

# An attribute that is read off an image counts from here on.
THRESHOLD = 0.5
_SHOWN = 40  # characters of what was typed


class LabelChange(NamedTuple):
    """What the labels of each source become.

    Attributes:
      title: as it was typed.
      which: number of the label set that the names are of.
      values: the new labels from 0 to 1, by name.
      mask: the label set that the mask says instead, which is wrong; see `with_wrong_mask`.
    """

    title: str
    which: int
    values: dict[str, float]
    mask: int | None = None

    @property
    def heading(self) -> str:
        """What stands above the column."""
        return self.title if self.mask is None else f"{self.title}, mask {self.mask + 1}"

    @property
    def style(self) -> str:
        """Tells it from others of the title, in file names."""
        return "label" if self.mask is None else f"label_mask{self.mask + 1}"


def read_changes(texts: Sequence[str], label_sets: Sequence[LabelSet]) -> list[LabelChange]:
    """Reads each --set.

    Args:
      texts: such as Blond_Hair,Male=0,Young=0.5.
      label_sets: those of the model.

    Raises:
      UserError: the labels of the model are no attributes, or one text does not fit them.
    """
    _check_has_attributes(texts[0], label_sets)
    return [_read(text, label_sets) for text in texts]


def change_to(name: str, label_sets: Sequence[LabelSet]) -> LabelChange:
    """What draws with one label of any set alone."""
    which, _ = _find(name, label_sets)
    return LabelChange(name, which, {name: 1.0})


def check_mask(mask: int, label_sets: Sequence[LabelSet]) -> None:
    """Checks that there is a mask where --mask is given.

    Raises:
      UserError: the model learned from one data set.
    """
    check(
        not mask or len(label_sets) > 1,
        f"Found --mask={mask} for a model of one data set, whose labels have no mask, expected one "
        "that was trained with --data_dir2: leave it out.",
    )


def with_wrong_mask(changes: Sequence[LabelChange], mask: int) -> list[LabelChange]:
    """Each change, and beside it, where the mask is not its own, the same with that mask.

    Args:
      changes: of a model of two data sets.
      mask: 1 or 2, the data set that the mask says.

    Raises:
      UserError: it is the right one for all of them.
    """
    which = mask - 1
    check(
        any(change.which != which for change in changes),
        f"Found --mask={mask} for labels of data set {mask}, whose mask it is, expected the other "
        f"one, to show what it spoils: pass --mask={3 - mask}.",
    )
    return [
        each
        for change in changes
        for each in (change, change._replace(mask=which))
        if each.mask != change.which
    ]


def changed(labels: np.ndarray, label_set: LabelSet, change: LabelChange) -> np.ndarray:
    """Puts the new labels in the place of old ones.

    Of exclusive attributes, one that is set takes the others away.

    Args:
      labels: of images, [N, A] float32 from 0 to 1.
      label_set: whose they are.
      change: of this set.

    Returns:
      [N, A] float32.
    """
    labels = np.array(labels, np.float32)
    index = {name: number for number, name in enumerate(label_set.names)}
    for group in label_set.exclusive:
        if any(change.values.get(name, 0) > 0 for name in group):
            labels[:, [index[name] for name in group]] = 0
    for name, value in change.values.items():
        labels[:, index[name]] = value
    return labels


def read_off(probabilities: np.ndarray, label_set: LabelSet) -> np.ndarray:
    """The attributes that images most likely have: of exclusive ones, the likeliest at most.

    Args:
      probabilities: of each attribute, [N, A] from 0 to 1.
      label_set: whose they are.

    Returns:
      [N, A] float32, each 0 or 1.
    """
    labels = (probabilities >= THRESHOLD).astype(np.float32)
    for group in label_set.exclusive:
        places = [label_set.names.index(name) for name in group]
        likeliest = np.eye(len(group))[probabilities[:, places].argmax(axis=1)]
        labels[:, places] *= likeliest
    return labels


def said_of(labels: np.ndarray, probabilities: np.ndarray, names: Sequence[str]) -> str:
    """What was read off one image, [A] each, in words."""
    has = [f"{n} {p:.2f}" for n, p, y in zip(names, probabilities, labels, strict=True) if y]
    lacks = [f"{n} {p:.2f}" for n, p, y in zip(names, probabilities, labels, strict=True) if not y]
    return "; ".join(filter(None, (", ".join(has), "not " * bool(lacks) + ", ".join(lacks))))


def _check_has_attributes(text: str, label_sets: Sequence[LabelSet]) -> None:
    domains = [name for one in label_sets for name in one.names]
    check(
        any(one.attributes for one in label_sets),
        f"Found --set={text:.{_SHOWN}}, expected a model whose labels are attributes, and "
        f"those of this one are the domains {', '.join(domains)}: pass one of them as "
        "--target_domain.",
    )


def _read(text: str, label_sets: Sequence[LabelSet]) -> LabelChange:
    values: dict[str, float] = {}
    sets = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        which, name, value = _label(part, text, label_sets)
        check(
            name not in values,
            f"Found {name} twice in --set={text:.{_SHOWN}}, expected each attribute once: leave "
            "one out, or pass --set twice for two columns.",
        )
        values[name] = value
        sets.add(which)
    check(
        bool(values),
        "Found an empty --set, expected attributes such as "
        f"{_attributes(label_sets)[0]}: name one, or leave --set out.",
    )
    check(
        len(sets) == 1,
        f"Found attributes of two data sets in --set={text:.{_SHOWN}}, expected those of one, "
        "since each image has labels of one: pass --set twice, for two columns.",
    )
    which = sets.pop()
    for group in label_sets[which].exclusive:
        given = [name for name in group if values.get(name, 0) > 0]
        check(
            sum(values[name] for name in given) <= 1 + 1e-6,
            f"Found {' and '.join(given)} in --set={text:.{_SHOWN}}, expected at most one of "
            f"{', '.join(group)}, or fractions up to 1 in all, since they exclude each other: "
            "choose one.",
        )
    return LabelChange(text, which, values)


def _label(part: str, text: str, label_sets: Sequence[LabelSet]) -> tuple[int, str, float]:
    """The set, the name and the value of NAME or NAME=0.5."""
    # A name that is spelt with = is looked up whole first.
    name, equals, number = part, "", ""
    found = _find(name, label_sets)
    if found is None:
        name, equals, number = part.rpartition("=")
        found = _find(name.strip(), label_sets) if equals else None
    if found is None:
        raise UserError(
            f"Found {name or part:.{_SHOWN}} in --set={text:.{_SHOWN}}, expected some of the "
            f"attributes {', '.join(_attributes(label_sets))}: correct it."
        )
    which, index = found
    name = label_sets[which].names[index]
    check(
        label_sets[which].attributes,
        f"Found the domain {name} in --set={text:.{_SHOWN}}, expected attributes: pass it as "
        f"--target_domain={name}.",
    )
    return which, name, _value(number, part, text) if equals else 1.0


def _value(number: str, part: str, text: str) -> float:
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    check(
        0 <= value <= 1,
        f"Found {part:.{_SHOWN}} in --set={text:.{_SHOWN}}, expected a number from 0 (the image "
        "has it not) to 1 (it has) after the =: correct it.",
    )
    return value


def _find(name: str, label_sets: Sequence[LabelSet]) -> tuple[int, int] | None:
    for which, one in enumerate(label_sets):
        if normalised(name) in one.names:
            return which, one.names.index(normalised(name))
    return None


def _attributes(label_sets: Sequence[LabelSet]) -> list[str]:
    return [name for one in label_sets if one.attributes for name in one.names]
