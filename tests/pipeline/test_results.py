from pathlib import Path

import ml_metadata as mlmd
import pytest

from pipeline.config import PipelineConfig
from pipeline.results import Results
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.errors import UserError
from tests.pipeline.artifacts import examples_of
from tests.pipeline.records import new_store, record


@pytest.fixture
def store() -> mlmd.MetadataStore:
    return new_store()


@pytest.fixture
def results(store: mlmd.MetadataStore) -> Results:
    return Results(store, PipelineConfig(), StarGANv2Settings(total_iters=3000))


def blessed(store: mlmd.MetadataStore, node: str, blessed: int, **properties: str) -> None:
    record(store, node, "COMPLETE", "blessing", "/pipeline", blessed=blessed, **properties)


def pushed(store: mlmd.MetadataStore, pushed: int, place: Path) -> None:
    properties = {"pushed": pushed, "pushed_destination": str(place)}
    record(store, "Pusher", "COMPLETE", "pushed_model", "/pipeline", **properties)


def test_images_are_counted(
    store: mlmd.MetadataStore, results: Results, two_domains_dir: Path, tmp_path: Path
) -> None:
    uri = examples_of(two_domains_dir, tmp_path / "examples")
    record(store, "ImageExampleGen", "COMPLETE", "examples", uri)
    assert results.describe("ImageExampleGen") == "9 train, 4 val images of 2 domains"


def test_attributes_are_counted(
    store: mlmd.MetadataStore, results: Results, faces_dir: Path, tmp_path: Path
) -> None:
    uri = examples_of(faces_dir, tmp_path / "examples")
    record(store, "ImageExampleGen", "COMPLETE", "examples", uri)
    assert results.describe("ImageExampleGen") == "40 train, 9 val images of 3 attributes"


def test_each_component_has_its_words(store: mlmd.MetadataStore, results: Results) -> None:
    record(store, "Trainer", "COMPLETE", "model", "/pipeline/Trainer/model/5")
    record(store, "Baseline", "COMPLETE", "model", "/pipeline/Trainer/model/4")
    record(store, "StatisticsGen", "COMPLETE")
    blessed(store, "ModelEvaluator", 1, summary="FD 351")
    assert results.describe("Trainer") == "to iteration 3,000"
    assert results.describe("Baseline") == "model 4"
    assert results.describe("ModelEvaluator") == "FD 351"
    assert results.describe("StatisticsGen") == ""
    assert results.describe("Pusher") == ""


def test_there_need_not_be_a_baseline(store: mlmd.MetadataStore, results: Results) -> None:
    record(store, "Baseline")
    assert results.describe("Baseline") == "none yet"


def test_a_pushed_model_is_a_success(
    store: mlmd.MetadataStore, results: Results, tmp_path: Path
) -> None:
    (tmp_path / "17").mkdir()
    pushed(store, 1, tmp_path / "17")
    assert results.describe("Pusher") == "version 17"
    assert results.verdict() == (f"Pushed to {tmp_path / '17'}", 0)


def test_a_pushed_model_that_is_gone_is_none(
    store: mlmd.MetadataStore, results: Results, tmp_path: Path
) -> None:
    pushed(store, 1, tmp_path / "17")
    verdict = results.verdict()
    assert verdict.exit_status == 1
    assert "is gone: run again with --nocache" in verdict.sentence


def test_a_model_that_is_not_good_enough(store: mlmd.MetadataStore, results: Results) -> None:
    blessed(store, "ModelEvaluator", 0, summary="FD 351", reasons="FD is 351, above 100")
    blessed(store, "InfraCheck", 1)
    pushed(store, 0, Path("/nowhere"))
    assert results.describe("ModelEvaluator") == "FD 351: not good enough"
    assert results.describe("InfraCheck") == "it loads and answers"
    assert results.describe("Pusher") == "nothing"
    assert results.verdict() == ("Not pushed: FD is 351, above 100.", 2)


@pytest.mark.parametrize("reason", ["It does not load.", ""])
def test_a_model_that_does_not_serve(
    store: mlmd.MetadataStore, results: Results, reason: str
) -> None:
    blessed(store, "ModelEvaluator", 1)
    blessed(store, "InfraCheck", 0, reason=reason)
    pushed(store, 0, Path("/nowhere"))
    said = reason or "TensorFlow Serving could not load the exported model."
    assert results.verdict() == (f"Not pushed: {said}", 2)


def test_both_may_be_wrong(store: mlmd.MetadataStore, results: Results) -> None:
    blessed(store, "ModelEvaluator", 0, reasons="FD is 351, above 100")
    blessed(store, "InfraCheck", 0, reason="It does not load.")
    pushed(store, 0, Path("/nowhere"))
    assert results.verdict().sentence == "Not pushed: FD is 351, above 100; It does not load."


def test_a_node_without_inputs_ends_the_run(store: mlmd.MetadataStore, results: Results) -> None:
    record(store, "Baseline", "FAILED")
    with pytest.raises(UserError, match="Baseline could not find its inputs"):
        results.describe("Baseline")
