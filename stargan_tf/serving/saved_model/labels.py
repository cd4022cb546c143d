"""Labels by name, inside the graph: Blond_Hair,Young=0.5 is a vector of numbers."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from stargan_tf.labels import LabelLayout
from stargan_tf.serving.saved_model.checks import checked, first_wrong, printable

_NUMBER = r"[0-9]{1,9}(\.[0-9]{0,9})?|\.[0-9]{1,9}"


def labels_of_names(
    name: str,
    texts: tf.Tensor,
    table: tf.lookup.StaticHashTable,
    domains: Sequence[str],
    layout: LabelLayout,
) -> tf.Tensor:
    """Reads labels.

    Args:
      name: of the input.
      texts: [N] string: in each the names of labels that hold, separated by commas; NAME=0.5 is
        one that holds by half. None at all is an image that none of them holds of.
      table: from names to indices, -1 for others.
      domains: the names.
      layout: of the vectors that the model takes. Of two data sets, names in a text must be of
        one, whose mask is filled in; without a name it is the first's.

    Returns:
      [N, length] float32 from 0 to 1. Of a name that is there twice, the larger number counts.
    """
    parts = tf.strings.split(texts, ",").with_row_splits_dtype(tf.int64)
    rows, parts = parts.value_rowids(), tf.strings.strip(parts.values)
    given = tf.not_equal(parts, "")
    rows, parts = tf.boolean_mask(rows, given), tf.boolean_mask(parts, given)
    # A name that is spelt with = is looked up whole first.
    index = table.lookup(parts)
    whole = index >= 0
    index = tf.where(whole, index, table.lookup(tf.strings.regex_replace(parts, "=[^=]*$", "")))
    numbered = ~whole & tf.strings.regex_full_match(parts, f"(?s).*=({_NUMBER})")
    numbers = tf.strings.regex_replace(parts, "(?s)^.*=", "")
    values = tf.strings.to_number(tf.where(numbered, numbers, "1"))
    fine = (index >= 0) & (whole | numbered) & (values >= 0) & (values <= 1)
    wrong = first_wrong(fine)
    message = [
        f"Found {name} ",
        printable(tf.gather(tf.concat([parts, [""]], 0), wrong)),
        " in row ",
        tf.gather(tf.concat([rows, [0]], 0), wrong),
        f", expected names of {', '.join(domains)}, separated by commas, each alone or with a "
        f"number from 0 to 1 as in {domains[0]}=0.5: correct it.",
    ]
    values = checked(values, tf.reduce_all(fine), message)
    none = tf.zeros([tf.size(texts), len(domains)])
    places = tf.stack([rows, index], axis=1)
    labels = tf.tensor_scatter_nd_max(none, places, values)
    labels = tf.ensure_shape(labels, [None, len(domains)])
    if not layout.is_joint:
        return labels
    return _masked(name, labels, rows, index, domains, layout)


def _masked(
    name: str,
    labels: tf.Tensor,
    rows: tf.Tensor,
    index: tf.Tensor,
    domains: Sequence[str],
    layout: LabelLayout,
) -> tf.Tensor:
    """Adds the masks of the data sets that the names `index` [M] in `rows` [M] are of."""
    num = tf.shape(labels)[0]
    least = tf.math.unsorted_segment_min(index, rows, num)
    most = tf.math.unsorted_segment_max(index, rows, num)
    nothing = most < 0  # no name in a row
    least, most = (tf.where(nothing, tf.zeros_like(n), n) for n in (least, most))
    of_one = tf.equal(layout.sets_of(least), layout.sets_of(most))
    sets = [", ".join(domains[layout.part(which)]) for which in range(len(layout.sizes))]
    message = [
        f"Found {name} of two data sets in row ",
        first_wrong(of_one),
        f", expected names of one, either of {' or of '.join(sets)}: leave out those of the other.",
    ]
    return layout.with_masks(checked(labels, tf.reduce_all(of_one), message), least)


def names_of_labels(labels: np.ndarray, domains: Sequence[str], layout: LabelLayout) -> str:
    """What `labels_of_names` reads as these labels, [length] from 0 to 1."""
    part = slice(0, len(domains))
    if layout.is_joint:
        part = layout.part(int(labels[len(domains) :].argmax()))
    numbers = zip(domains[part], labels[part].tolist(), strict=True)
    # Of two data sets a label of 0 is named, too: it says which set is meant.
    said = [f"{name}={number:.9f}" for name, number in numbers if number or layout.is_joint]
    return ",".join(said)
