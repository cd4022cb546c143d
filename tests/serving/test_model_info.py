import dataclasses
import json
import unicodedata

import pytest

from stargan_tf.algorithms.stargan_v2.codes import MODES
from stargan_tf.algorithms.stargan_v2.signatures import SIGNATURES
from stargan_tf.errors import UserError
from stargan_tf.serving.model_info import FILE, ModelInfo, describe
from stargan_tf.serving.model_info_values import FITS
from tests.source_tree import ROOT

OLD = ROOT / "tests/stored/old_version/models/old/1"


def test_what_is_written_is_read(exported):
    assert ModelInfo.from_json(exported.info.to_json()) == exported.info


def test_names_of_earlier_models_are_read_in_one_form_of_unicode(exported):
    text = unicodedata.normalize("NFD", exported.info.to_json().replace("cat", "Müller"))
    assert ModelInfo.from_json(text).domains == ("Müller", "dog", "wild")


def test_modes_and_signatures_are_those_of_the_algorithm(exported):
    assert exported.info.algorithm == "stargan_v2"
    assert exported.info.modes == MODES
    assert exported.info.signatures == describe(SIGNATURES)


def test_signatures_are_described_by_kind(exported):
    values = json.loads(exported.info.to_json())
    assert list(values["signatures"]) == [signature.name for signature in SIGNATURES]
    assert values["signatures"]["map_latent"] == {
        "inputs": {"latent": "latent", "target_domain": "domain", "psi": "fraction"},
        "output": {"style_code": "code"},
    }
    assert values["modes"][0] == {"name": "latent", "source": "latent", "title": "random styles"}


def test_only_a_model_of_aligned_faces_says_so(exported):
    assert not exported.info.aligned_faces and not ModelInfo.of_saved_model(OLD).aligned_faces
    faces = dataclasses.replace(exported.info, aligned_faces=True)
    assert ModelInfo.from_json(faces.to_json()).aligned_faces


def test_what_earlier_versions_left_unsaid_is_stargan_v2(exported):
    info = ModelInfo.of_saved_model(OLD)
    assert (info.name, info.style_dim) == ("old", 6)
    assert info.algorithm == exported.info.algorithm
    assert info.modes == exported.info.modes
    # Later versions may have more of them.
    found = list(exported.info.signatures.items())
    assert list(info.signatures.items()) == found[: len(info.signatures)]


@pytest.fixture
def folder(tmp_path):
    """A SavedModel's folder, with nothing but its model.json."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / FILE).write_text((OLD / "assets" / FILE).read_text())
    return tmp_path


def rejection(folder, content):
    (folder / "assets" / FILE).write_bytes(content)
    with pytest.raises(
        UserError, match=r"model\.json is not what stargan_tf\.export wrote"
    ) as error:
        ModelInfo.of_saved_model(folder)
    return str(error.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 100_000, b'"\\ud800"', b'{"name": "x"}'],
    ids=range(9),
)
def test_what_is_no_model_json_is_explained(folder, content):
    assert rejection(folder, content).endswith("or export it again.")


def test_every_value_has_its_check():
    assert set(FITS) == {field.name for field in dataclasses.fields(ModelInfo)}


# What no value may be, whatever its field.
@pytest.mark.parametrize(
    "wrong",
    [None, True, -1, 0.5, [], [1], ["a", "a"], [[]], [{}], {"a": 1}, {"a": {}}, float("nan")],
)
@pytest.mark.parametrize("name", sorted(FITS))
def test_values_of_other_kinds_are_named(exported, folder, name, wrong):
    values = json.loads(exported.info.to_json()) | {name: wrong}
    if name == "credits" and isinstance(wrong, dict):
        assert ModelInfo.from_json(json.dumps(values)).credits == wrong
        return
    if name == "aligned_faces" and wrong is True:
        assert ModelInfo.from_json(json.dumps(values)).aligned_faces
        return
    assert f"it has {name}: " in rejection(folder, json.dumps(values).encode())


@pytest.mark.parametrize("name", sorted(FITS))
def test_a_field_may_be_missing_only_where_earlier_versions_had_none(exported, folder, name):
    values = json.loads(exported.info.to_json())
    del values[name]
    later = ("value_range", "channels", "algorithm", "modes", "signatures", "aligned_faces")
    if name in (*later, "label_sets"):
        assert ModelInfo.from_json(json.dumps(values))
    else:
        assert f"it lacks {name}" in rejection(folder, json.dumps(values).encode())


def test_label_sets_of_other_names_are_said(exported, folder):
    values = json.loads(exported.info.to_json())
    values["label_sets"][0]["names"] = ["cat", "dog", "fox"]
    assert "label_sets have other names" in rejection(folder, json.dumps(values).encode())


def test_names_that_look_the_same_are_one_too_many(exported, folder):
    values = json.loads(exported.info.to_json()) | {"domains": ["\u00fc", "u\u0308"]}
    assert "it has domains: " in rejection(folder, json.dumps(values).encode())


def test_fields_of_later_versions_are_named(exported, folder):
    values = json.loads(exported.info.to_json()) | {"colour": 3}
    assert "it has colour, of another version" in rejection(folder, json.dumps(values).encode())
