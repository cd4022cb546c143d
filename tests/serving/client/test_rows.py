import unicodedata

import numpy as np
import pytest

from stargan_tf.serving.client.errors import InvalidRequestError
from stargan_tf.serving.client.rows import Rows

IMAGE = b"image"


def columns_of(images=IMAGE, *, domain="cat", seed=7, psi=1.0):
    rows = Rows.of_images("image_bytes", images)
    rows.add_domain(domain)
    rows.add_int("seed", seed)
    rows.add_float("psi", psi)
    return rows.columns


def test_a_single_image_is_one_row():
    expected = {"image_bytes": [IMAGE], "target_domain": ["cat"], "seed": [7], "psi": [1.0]}
    assert columns_of() == expected
    assert Rows.of_images("x", IMAGE).result([1]) == 1


def test_a_list_is_many_with_values_for_all_or_each():
    columns = columns_of([b"a", b"b"], domain=["cat", 1], seed=[1, 2], psi=0.5)
    assert columns == {
        "image_bytes": [b"a", b"b"],
        "target_domain": ["cat", "1"],
        "seed": [1, 2],
        "psi": [0.5, 0.5],
    }
    assert Rows.of_images("x", (IMAGE,)).result([1]) == [1]


@pytest.mark.parametrize("name", ["개", "Müller", "Åre"])
def test_domains_are_named_in_the_form_of_unicode_that_models_have(name):
    decomposed = unicodedata.normalize("NFD", name)
    assert columns_of(domain=decomposed)["target_domain"] == [name]
    columns = columns_of([b"a", b"b"], domain=[decomposed, name])
    assert columns["target_domain"] == [name, name]


def test_values_of_arrays_become_plain():
    columns = columns_of([b"a", b"b"], domain=np.array([0, 1]), seed=np.int32(3), psi=np.ones(2))
    assert columns["target_domain"] == ["0", "1"]
    assert [type(v) for v in columns["seed"]] == [int, int]
    assert [type(v) for v in columns["psi"]] == [float, float]
    assert (
        columns_of(bytearray(IMAGE))["image_bytes"] == columns_of(memoryview(IMAGE))["image_bytes"]
    )


def test_a_whole_number_will_do_for_a_float():
    assert columns_of(psi=1)["psi"] == [1.0]
    assert type(columns_of(psi=1)["psi"][0]) is float  # by which its type on the wire is chosen


@pytest.mark.parametrize(
    "changes",
    [
        {"images": "photo.jpg"},
        {"images": ["photo.jpg"]},
        {"images": None},
        {"images": 5},
        {"domain": None},
        {"domain": 1.5},
        {"domain": True},
        {"seed": "7"},
        {"seed": 1.5},
        {"seed": None},
        {"psi": "1"},
        {"psi": None},
        {"psi": object()},
    ],
)
def test_wrong_types(changes):
    with pytest.raises(TypeError, match="expected"):
        columns_of(**changes)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"images": []}, "empty list"),
        ({"images": [b"a", b"b"], "seed": [1]}, "1 values for seed beside 2 images"),
        ({"images": [b"a"], "domain": ["cat", "dog"]}, "2 values for target_domain beside 1"),
        ({"seed": [1]}, "a list for seed beside a single image"),
        ({"seed": 2**63}, "64 bits"),
        ({"seed": -(2**63) - 1}, "64 bits"),
    ],
)
def test_wrong_values(changes, sentence):
    with pytest.raises(InvalidRequestError, match=sentence):
        columns_of(**changes)


def vectors(images, value):
    rows = Rows.of_images("image_bytes", images)
    rows.add_vector("latent", value)
    return rows.columns["latent"]


def test_vectors_for_one_for_all_and_for_each():
    assert vectors(IMAGE, [1, 2.5]) == [[1.0, 2.5]]
    assert vectors([b"a", b"b"], [1, 2]) == [[1.0, 2.0]] * 2
    assert vectors([b"a", b"b"], [[1, 2], [3, 4]]) == [[1.0, 2.0], [3.0, 4.0]]
    assert vectors([b"a", b"b"], np.eye(2, dtype=np.float32)) == [[1.0, 0.0], [0.0, 1.0]]
    assert vectors([b"a", b"b"], [np.array([1.0]), np.array([2.0])]) == [[1.0], [2.0]]


def test_wrong_vectors():
    for value in (None, 1.0, [], "abc", [None], [["a"]]):
        with pytest.raises(TypeError, match="latent"):
            vectors([b"a"], value)
    with pytest.raises(InvalidRequestError, match="1 to 2 floats"):
        vectors([b"a", b"b"], [[1], [1, 2]])
    with pytest.raises(InvalidRequestError, match="3 values for latent beside 2 images"):
        vectors([b"a", b"b"], [[1], [1], [1]])
    with pytest.raises(InvalidRequestError, match="beside a single image"):
        vectors(IMAGE, [[1]])


def test_rows_of_vectors():
    one = Rows.of_vectors("latent", [1, 2])
    one.add_domain("cat")
    assert one.columns == {"latent": [[1.0, 2.0]], "target_domain": ["cat"]}
    assert one.result([5]) == 5
    two = Rows.of_vectors("latent", np.eye(2))
    two.add_float("psi", 0.5)
    assert two.columns == {"latent": [[1.0, 0.0], [0.0, 1.0]], "psi": [0.5, 0.5]}
    assert two.result([5, 6]) == [5, 6]


def test_wrong_rows_of_vectors():
    for value in (None, 1.0, [], "abc", [None], [["a"]], b"image"):
        with pytest.raises(TypeError, match="latent"):
            Rows.of_vectors("latent", value)
    with pytest.raises(InvalidRequestError, match="1 to 2 floats"):
        Rows.of_vectors("latent", [[1], [1, 2]])
    with pytest.raises(InvalidRequestError, match="1 values for psi beside 2 latents"):
        Rows.of_vectors("latent", [[1], [2]]).add_float("psi", [1.0])
    with pytest.raises(InvalidRequestError, match="beside a single latent.* a list of latents"):
        Rows.of_vectors("latent", [1]).add_float("psi", [1.0])
