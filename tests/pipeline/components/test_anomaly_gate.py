import json
from pathlib import Path

import pytest
from tensorflow_metadata.proto.v0 import anomalies_pb2

from pipeline.components.anomaly_gate import (
    check_anomalies,
    check_rejected,
    schema_name,
)
from stargan_tf.errors import UserError
from tests.pipeline.artifacts import examples_of

TOTAL = 13  # images of two_domains_dir


@pytest.fixture
def examples(two_domains_dir: Path, tmp_path: Path) -> Path:
    """Examples beside which 7 images were rejected."""
    uri = examples_of(two_domains_dir, tmp_path / "examples")
    images = [{"file": f"cat/{n}.png", "domain": "cat", "reason": "empty file"} for n in range(7)]
    (uri / "rejected.jsonl").write_text("".join(json.dumps(image) + "\n" for image in images))
    return uri


def test_sound_data_passes(two_domains_dir: Path, tmp_path: Path) -> None:
    check_rejected(str(examples_of(two_domains_dir, tmp_path / "examples")), 0.0)
    check_anomalies(anomalies_pb2.Anomalies(), "train", "file")


@pytest.mark.parametrize("max_rejected", [7.0, 0.36])
def test_as_many_may_be_rejected_as_the_flag_says(examples: Path, max_rejected: float) -> None:
    check_rejected(str(examples), max_rejected)


@pytest.mark.parametrize("max_rejected", [0.0, 6.0, 0.34])
def test_rejected_images_are_named(examples: Path, max_rejected: float) -> None:
    with pytest.raises(UserError) as raised:
        check_rejected(str(examples), max_rejected)
    sentence = str(raised.value)
    assert sentence.startswith(f"Found 7 of {TOTAL + 7} images rejected: cat/0.png (empty file); ")
    assert "cat/4.png (empty file) and 2 more; expected at most" in sentence
    assert f"--data.max_rejected={max_rejected:g}" in sentence
    assert f"{examples}/rejected.jsonl" in sentence


def test_anomalies_are_named() -> None:
    found = anomalies_pb2.Anomalies()
    found.anomaly_info["label"].short_description = "Out-of-range values."
    found.anomaly_info["extra"].short_description = "New column"
    with pytest.raises(UserError) as raised:
        check_anomalies(found, "val", "/there/SchemaDiff.pb")
    sentence = str(raised.value)
    assert "records of the val split" in sentence
    assert "extra (New column); label (Out-of-range values);" in sentence
    assert "/there/SchemaDiff.pb" in sentence and "/schema/schema.pbtxt" in sentence
    with pytest.raises(UserError, match="/schema/attributes.pbtxt"):
        check_anomalies(found, "val", "file", schema_name(attributes=True))


def test_anomalies_of_the_whole_count() -> None:
    found = anomalies_pb2.Anomalies()
    found.dataset_anomaly_info.short_description = "Low num examples in dataset."
    with pytest.raises(UserError, match=r"the whole \(Low num examples in dataset\)"):
        check_anomalies(found, "val", "file")
