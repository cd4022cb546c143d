import dataclasses
import json
import unicodedata

from stargan_tf.algorithms.stargan_v2.codes import MODES
from stargan_tf.algorithms.stargan_v2.signatures import SIGNATURES
from stargan_tf.serving.model_info import ModelInfo, describe
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
