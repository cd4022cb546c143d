"""--set against the labels of a model."""

import numpy as np
import pytest

from stargan_tf.errors import UserError
from stargan_tf.labels import LabelSet
from stargan_tf.sampling.label_changes import (
    LabelChange,
    change_to,
    changed,
    check_mask,
    read_changes,
    read_off,
    said_of,
    with_wrong_mask,
)

HAIR = ("Black", "Blond", "Brown")
FACES = LabelSet((*HAIR, "Male", "a=b"), True, (HAIR,))
MOODS = LabelSet(("happy", "sad"), False)
MORE = LabelSet(("Smiling",), True)


def one(text, *label_sets):
    (change,) = read_changes([text], label_sets or [FACES])
    return change


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Blond", {"Blond": 1}),
        ("Blond, Male=0 ,", {"Blond": 1, "Male": 0}),
        ("Male=.25", {"Male": 0.25}),
        ("a=b", {"a=b": 1}),
        ("a=b=0.5", {"a=b": 0.5}),
        ("Black=0.5,Brown=0.5", {"Black": 0.5, "Brown": 0.5}),
        ("Black=0,Brown=1", {"Black": 0, "Brown": 1}),
    ],
)
def test_attributes_and_their_numbers(text, values):
    assert one(text) == LabelChange(text, 0, values)


def test_attributes_of_either_data_set():
    assert one("Male", FACES, MORE).which == 0
    assert one("Smiling=0", FACES, MORE) == LabelChange("Smiling=0", 1, {"Smiling": 0})
    assert one("Male", MOODS, FACES).which == 1


@pytest.mark.parametrize(
    ("text", "label_sets", "sentence"),
    [
        ("Red", [FACES], "Found Red in --set=Red, expected some of the attributes Black, Blond, "),
        ("Male,Red=1", [FACES], "Found Red in --set=Male,Red=1, expected some of the attributes"),
        ("=1", [FACES], "Found =1 in --set==1, expected some of the attributes"),
        ("Male=2", [FACES], "Found Male=2 in --set=Male=2, expected a number from 0 "),
        ("Male=-0.1", [FACES], "Found Male=-0.1 in .* expected a number from 0 "),
        ("Male=nan", [FACES], "Found Male=nan in .* expected a number from 0 "),
        ("Male=", [FACES], "Found Male= in .* expected a number from 0 "),
        ("Male=x", [FACES], "Found Male=x in .* expected a number from 0 "),
        ("Male,Male=0", [FACES], "Found Male twice in --set=Male,Male=0, expected each attribute"),
        ("", [FACES], "Found an empty --set, expected attributes such as Black"),
        ("Blond,Black", [FACES], "Found Black and Blond in .* at most one of Black, Blond, Brown"),
        ("Blond,Black=0.1", [FACES], "or fractions up to 1 in all, since they exclude each other"),
        ("happy", [MOODS], "the domains happy, sad: pass one of them as --target_domain"),
        ("Male", [MOODS], "Found --set=Male, expected a model whose labels are attributes"),
        ("happy", [FACES, MOODS], "the domain happy in --set=happy, .*as --target_domain=happy"),
        ("Male,Smiling", [FACES, MORE], "attributes of two data sets in --set=Male,Smiling"),
    ],
)
def test_mistakes_are_one_sentence(text, label_sets, sentence):
    with pytest.raises(UserError, match=sentence) as error:
        read_changes([text], label_sets)
    assert str(error.value).endswith(".") and str(error.value).count(". ") == 0


def test_each_flag_is_read():
    assert [change.title for change in read_changes(["Male", "Male=0"], [FACES])] == [
        "Male",
        "Male=0",
    ]


OWN = np.array([[1, 0, 0, 1, 0], [0, 0, 0, 0, 1]], np.float32)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Male=0.5", [[1, 0, 0, 0.5, 0], [0, 0, 0, 0.5, 1]]),
        ("Blond", [[0, 1, 0, 1, 0], [0, 1, 0, 0, 1]]),
        ("Blond=0.5", [[0, 0.5, 0, 1, 0], [0, 0.5, 0, 0, 1]]),
        ("Blond=0", [[1, 0, 0, 1, 0], [0, 0, 0, 0, 1]]),
        ("Black=0,Male=0", [[0, 0, 0, 0, 0], [0, 0, 0, 0, 1]]),
    ],
)
def test_what_is_not_named_stays_but_for_what_it_excludes(text, expected):
    before = OWN.copy()
    np.testing.assert_array_equal(changed(OWN, FACES, one(text)), np.array(expected, np.float32))
    np.testing.assert_array_equal(OWN, before)


def test_what_is_read_off_has_one_colour_of_hair_at_most():
    probabilities = np.array([[0.6, 0.9, 0.2, 0.5, 0.1], [0.4, 0.3, 0.2, 0.49, 0.51]])
    found = read_off(probabilities, FACES)
    np.testing.assert_array_equal(found, [[0, 1, 0, 1, 0], [0, 0, 0, 0, 1]])
    assert said_of(found[0], probabilities[0], FACES.names) == (
        "Blond 0.90, Male 0.50; not Black 0.60, Brown 0.20, a=b 0.10"
    )
    assert said_of(np.ones(2), np.array([0.9, 1.0]), "xy") == "x 0.90, y 1.00"
    assert said_of(np.zeros(2), np.array([0.1, 0.2]), "xy") == "not x 0.10, y 0.20"


def test_a_wrong_mask_stands_beside_the_proper_one():
    changes = [change_to(name, [FACES, MOODS]) for name in ("Male", "happy", "sad")]
    found = with_wrong_mask(changes, 1)
    assert [change.heading for change in found] == [
        *("Male", "happy", "happy, mask 1", "sad", "sad, mask 1"),
    ]
    assert [change.style for change in found[1:3]] == ["label", "label_mask1"]
    with pytest.raises(UserError, match="Found --mask=1 for labels of data set 1, .* --mask=2"):
        with_wrong_mask(changes[:1], 1)


def test_models_of_one_data_set_have_no_mask():
    check_mask(0, [FACES])
    check_mask(2, [FACES, MOODS])
    for label_sets in ([FACES], []):
        with pytest.raises(UserError, match="Found --mask=2 for a model of one data set"):
            check_mask(2, label_sets)
