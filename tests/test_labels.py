"""Label sets in JSON, and the vectors that models take."""

import json

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf import labels
from stargan_tf.labels import LabelLayout, LabelSet

FACES = LabelSet(("Blond", "Brown", "Young"), True, (("Blond", "Brown"),))
MOODS = LabelSet(("happy", "sad"), False)


@pytest.mark.parametrize("sets", [(FACES,), (MOODS,), (FACES, MOODS), (MOODS, FACES)])
def test_what_is_written_is_read(sets):
    assert labels.from_json(json.loads(json.dumps(labels.to_json(sets)))) == sets


@pytest.mark.parametrize(
    "change",
    [
        {"names": []},
        {"names": ["a", 1]},
        {"names": "ab"},
        {"attributes": 1},
        {"exclusive": [["Black"]]},
        {"exclusive": ["Blond"]},
        {"exclusive": None},
        {"more": 1},
    ],
)
def test_other_values_are_rejected(change):
    with pytest.raises(ValueError, match="label set"):
        labels.from_json([FACES._asdict() | change])


@pytest.mark.parametrize("value", [None, [], {}, "x", [1], [FACES._asdict()] * 3])
def test_other_lists_are_rejected(value):
    with pytest.raises(ValueError, match="label set"):
        labels.from_json(value)


def test_one_set_has_no_mask():
    layout = LabelLayout((3,))
    assert (layout.length, layout.is_joint) == (3, False)
    for y in (layout.vectors_of_set, layout.vectors_of_indices):
        np.testing.assert_array_equal(y(tf.constant([2, 0])), [[0, 0, 1], [1, 0, 0]])
    given = tf.constant([[1.0, 0.0, 0.5]])
    np.testing.assert_array_equal(layout.vectors_of_set(given), given)
    np.testing.assert_array_equal(layout.with_masks(given, tf.constant([1])), given)


def test_two_sets_have_zeros_and_a_mask():
    layout = LabelLayout((3, 2))
    assert (layout.length, layout.is_joint) == (7, True)
    assert [layout.part(which) for which in (0, 1)] == [slice(0, 3), slice(3, 5)]
    np.testing.assert_array_equal(layout.sets_of(tf.range(5)), [0, 0, 0, 1, 1])
    of_first = layout.vectors_of_set(tf.constant([[1.0, 0.0, 0.5]]), 0)
    np.testing.assert_array_equal(of_first, [[1, 0, 0.5, 0, 0, 1, 0]])
    of_second = layout.vectors_of_set(tf.constant([1, 0]), 1)
    np.testing.assert_array_equal(of_second, [[0, 0, 0, 0, 1, 0, 1], [0, 0, 0, 1, 0, 0, 1]])
    of_indices = layout.vectors_of_indices(tf.constant([2, 3]))
    np.testing.assert_array_equal(of_indices, [[0, 0, 1, 0, 0, 1, 0], [0, 0, 0, 1, 0, 0, 1]])
    masked = layout.with_masks(tf.zeros([3, 5]), tf.constant([0, 2, 3]))
    np.testing.assert_array_equal(masked[:, 5:], [[1, 0], [1, 0], [0, 1]])
