"""The way back from a pushed model, in metadata written by hand."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
from tensorflow_metadata.proto.v0 import anomalies_pb2

from pipeline.lineage_tree import lineage_tree, render
from pipeline.provenance import trace
from stargan_tf.config.prepare_data import SOURCES, PrepareDataConfig
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.data.sources import source_class
from stargan_tf.errors import UserError
from tests.pipeline.written_metadata import METRICS, History, Metadata, write

ROOT = Path(__file__).parents[2]
INFO = DatasetInfo(
    name="pets",
    source="folder",
    domains=("cat", "dog"),
    counts={"train": {"cat": 1200, "dog": 9}, "val": {"cat": 3, "dog": 4}},
    encoded_bytes={},
    img_size=64,
    licence="CC0",
    credits={},
    rejected=2,
    settings={},
)


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    made = History(tmp_path_factory.mktemp("pipeline"))
    Path(made.examples.uri).mkdir(parents=True)
    INFO.save(Path(made.examples.uri))
    found = anomalies_pb2.Anomalies()
    found.anomaly_info["image"].short_description = "too large"
    for split, anomalies in (("train", found), ("val", anomalies_pb2.Anomalies())):
        diff = Path(made.anomalies.uri) / f"Split-{split}" / "SchemaDiff.pb"
        write(diff, anomalies.SerializeToString())
    return made


@pytest.fixture(scope="module")
def second(history):
    return trace(history.store, "200")


def test_a_model_leads_to_its_training(history, second):
    training = second["training"]
    assert second["pushed_to"] == "saved_models/pets/200"
    assert second["model"]["number"] == history.second.id
    assert training["source_hash"] == "c0de"
    assert training["settings"] == {"img_size": 64, "seed": 5}
    assert training["started_from"]["number"] == history.first.id
    assert training["started_from"]["versions"] == ["100"]
    assert [attempt["state"] for attempt in training["earlier_attempts"]] == ["FAILED", "CANCELED"]
    assert (training["node"], training["state"]) == ("Trainer", "COMPLETE")
    assert training["started"].startswith("20") and training["seconds"] >= 0


def test_the_images_are_those_that_were_made_not_taken_from_the_cache(second):
    data = second["data"]
    assert (data["node"], data["state"], data["execution"]) == ("ImageExampleGen", "COMPLETE", 1)
    assert data["settings"]["input_dir"] == "/photos"
    assert data["fingerprint"] == "input 12, code 34"
    assert (data["counts"], data["licence"]) == (INFO.counts, "CC0")


def test_the_checks_are_those_of_the_run_of_the_training(history):
    data = trace(history.store, "100")["data"]
    assert data["schema"]["uri"] == history.schema.uri
    assert data["statistics"]["node"] == "StatisticsGen"
    assert data["anomalies"]["found"] == {"train": ["image"], "val": []}
    assert trace(history.store, "200")["data"]["statistics"] is None


def test_the_judgement_comes_with_the_model_before(history, second):
    evaluation = second["evaluation"]
    assert (evaluation["blessed"], evaluation["figures"]) == (True, METRICS)
    assert evaluation["thresholds"]["max_distance"] == 40.0
    assert evaluation["baseline"]["versions"] == ["100"]
    assert second["infrastructure"]["blessed"]
    first = trace(history.store, "100")
    assert first["evaluation"]["baseline"] is first["training"]["started_from"] is None


def test_everything_can_be_read(history, second):
    assert json.loads(json.dumps(second))["version"] == "200"
    text = render(lineage_tree(second))
    for line in (
        "version 200\n├─ pushed to saved_models/pets/200 by Pusher (execution ",
        f"├─ model {history.second.id}: {history.second.uri}\n",
        "│  ├─ after Trainer (execution 11 failed), 20",
        "│  ├─ after Trainer (execution 12 canceled), 20",
        f"│  ├─ start: model {history.first.id}, version 100\n",
        "│     ├─ img_size = 64\n│     └─ seed = 5\n",
        "│  ├─ source: folder /photos\n",
        "│  ├─ train: 1,200 cat, 9 dog\n",
        "│  ├─ FID_latent 12.5 (before: 12.5)\n",
        "└─ infrastructure: blessed\n   └─ by InfraCheck (",
    ):
        assert line in text, text
    first = render(lineage_tree(trace(history.store, "100")))
    assert "anomalies: image, by ExampleValidator" in first
    assert "start: random weights" in first


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_describes_itself(history, second, name):
    config = PrepareDataConfig(source=name, input_dir="/photos", tfds_name="afhq")
    data = {**second["data"], "settings": dataclasses.asdict(config)}
    text = render(lineage_tree({**second, "data": data}))
    assert f"source: {name} {source_class(name).describe(config)}\n" in text


def test_files_that_are_gone_are_said_to_be(tmp_path):
    history = History(tmp_path)
    for path in tmp_path.rglob("verdict.json"):
        path.unlink()
    found = trace(history.store, "100")
    assert found["data"]["counts"] is found["evaluation"]["figures"] is None
    assert found["data"]["anomalies"]["found"] is None
    assert render(lineage_tree(found)).count("unknown: its files are gone") == 4


def test_an_unknown_version_lists_those_there_are(history, tmp_path):
    with pytest.raises(UserError, match=r"model of version 7, .* this metadata knows: 100, 200; "):
        trace(history.store, "7")
    with pytest.raises(UserError, match="none yet"):
        trace(Metadata(tmp_path).store, "7")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Found the arguments (none), expected one version"),
        (["100", "--pipeline_rot=x"], "Found the arguments 100 --pipeline_rot=x, expected one"),
        (["100", "--pipeline_root=NOWHERE"], "Found no NOWHERE/metadata.db, expected the metadata"),
    ],
)
def test_a_mistake_is_one_line(arguments, message):
    command = [sys.executable, "-m", "pipeline.lineage", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {message}")
    assert done.stderr.count("\n") == 1
