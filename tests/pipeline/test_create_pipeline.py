import dataclasses
import json
from pathlib import Path

import pytest
from tfx import v1 as tfx
from tfx.dsl.components.base.base_node import BaseNode

from pipeline import create_pipeline as module
from pipeline.config import PipelineConfig
from pipeline.create_pipeline import create_pipeline
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.config.prepare_data import PrepareDataConfig

CONFIG = PipelineConfig(infrastructure="canary")
DATA = PrepareDataConfig(input_dir="nowhere", max_rejected=0.0)
CHECKS = ["ImageExampleGen", "ImportSchemaGen", "StatisticsGen", "ExampleValidator", "AnomalyGate"]
MODEL = ["Trainer", "Baseline", "InfraCheck", "ModelEvaluator", "Pusher"]


def graph(**changes: object) -> tfx.dsl.Pipeline:
    return create_pipeline(dataclasses.replace(CONFIG, **changes), DATA, StarGANv2Settings())


def nodes(**changes: object) -> dict[str, BaseNode]:
    return {node.id: node for node in graph(**changes).components}


def upstream(found: dict[str, BaseNode], name: str) -> set[str]:
    return {node.id for node in found[name].upstream_nodes}


def test_the_order_is_that_of_the_readme() -> None:
    assert list(nodes()) == CHECKS + MODEL


def test_nothing_is_trained_before_the_gate() -> None:
    found = nodes()
    assert upstream(found, "AnomalyGate") == {"ImageExampleGen", "ExampleValidator"}
    assert upstream(found, "Trainer") == {"ImageExampleGen", "AnomalyGate"}
    assert upstream(found, "StatisticsGen") == {"ImageExampleGen", "ImportSchemaGen"}


def test_nothing_is_pushed_without_both_blessings() -> None:
    found = nodes()
    assert upstream(found, "Pusher") == {"Trainer", "ModelEvaluator", "InfraCheck"}
    assert upstream(found, "ModelEvaluator") == {"ImageExampleGen", "Trainer", "Baseline"}


def test_a_warm_start_begins_with_the_latest_good_model() -> None:
    found = nodes(warm_start=True)
    assert "WarmStart" in upstream(found, "Trainer")
    assert found["Trainer"].inputs["base_model"] is found["WarmStart"].outputs["model"]
    assert custom_config(found["Trainer"])["warm_start"] is True
    assert "WarmStart" not in nodes()


def test_the_trainer_sees_what_lies_in_the_run_it_starts_from(tmp_path: Path) -> None:
    """Or a run that was trained on would be taken for what it was."""
    checkpoints = tmp_path / "parent" / "checkpoints"
    checkpoints.mkdir(parents=True)
    train = StarGANv2Settings(warm_start=str(tmp_path / "parent"))
    found = []
    for step in (0, 5, 6):  # at first nothing is there
        if step:
            (checkpoints / f"iteration-{step}.index").write_bytes(b"weights %d" % step)
            (checkpoints / "checkpoint").write_text(f'model_checkpoint_path: "iteration-{step}"')
        trainer = next(
            n for n in create_pipeline(CONFIG, DATA, train).components if n.id == "Trainer"
        )
        found.append(custom_config(trainer)["parent"])
    assert found[0] == "" and len(set(found)) == 3


def test_docker_takes_the_place_of_the_canary() -> None:
    found = nodes(infrastructure="docker")
    assert isinstance(found["InfraCheck"], tfx.components.InfraValidator)


def custom_config(trainer: BaseNode) -> dict[str, object]:
    return json.loads(trainer.exec_properties["custom_config"])


def test_the_trainer_is_told_all_that_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "source_hash", lambda *names: f"hash of {names}")
    train = StarGANv2Settings(seed=5, total_iters=7)
    pipeline = create_pipeline(CONFIG, DATA, train)
    trainer = next(node for node in pipeline.components if node.id == "Trainer")
    custom = custom_config(trainer)
    settings = dataclasses.asdict(train)
    assert custom["train"] == {
        k: v for k, v in settings.items() if k not in ("data_dir", "run_dir")
    }
    assert custom["source_hash"] == (
        "hash of ('pipeline.components.trainer', 'stargan_tf.algorithms.stargan_v2')"
    )
    assert custom["working_dir"] == str(Path.cwd() / "runs/pipeline/training")
    assert trainer.exec_properties["run_fn"] == "pipeline.components.trainer.run_fn"


def test_thresholds_go_to_the_evaluator() -> None:
    properties = nodes(max_distance=12.5, eval_sources=6, eval_outputs=3)["ModelEvaluator"]
    given = properties.exec_properties
    assert (given["max_distance"], given["num_sources"], given["num_outs"]) == (12.5, 6, 3)


def test_models_go_where_the_flag_says() -> None:
    destination = nodes(push_dir="/models/cats")["Pusher"].exec_properties["push_destination"]
    assert json.loads(destination)["filesystem"]["base_directory"] == "/models/cats"
    destination = nodes(model_name="dogs")["Pusher"].exec_properties["push_destination"]
    assert str(Path.cwd() / "saved_models/dogs") in destination


def test_the_pipeline_is_told_how_to_run() -> None:
    pipeline = graph(cache=False, beam_args=("--runner=FlinkRunner",), pipeline_root="gs://b/root")
    assert not pipeline.enable_cache
    assert pipeline.beam_pipeline_args == ["--runner=FlinkRunner"]
    assert pipeline.pipeline_info.pipeline_root == "gs://b/root"


def test_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    graph()
    assert list(tmp_path.iterdir()) == []


def test_the_schema_is_that_of_the_records() -> None:
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2

    from stargan_tf.data.schema import encode_example

    schema_file = module.schema_file_of(PrepareDataConfig())
    schema = text_format.Parse(schema_file.read_text(), schema_pb2.Schema())
    record = tfx_example(encode_example(b"bytes", 1, "name"))
    assert {feature.name for feature in schema.feature} == record
    image = next(feature for feature in schema.feature if feature.name == "image")
    assert image.HasField("image_domain")


def tfx_example(record: bytes) -> set[str]:
    import tensorflow as tf

    return set(tf.train.Example.FromString(record).features.feature)


@pytest.mark.parametrize(("attributes", "name"), [((), "schema"), (("Male",), "attributes")])
def test_the_schema_follows_from_what_labels_are(attributes: tuple[str, ...], name: str) -> None:
    data = dataclasses.replace(DATA, attributes=attributes)
    pipeline = create_pipeline(CONFIG, data, StarGANv2Settings())
    (node,) = (node for node in pipeline.components if node.id == "ImportSchemaGen")
    assert Path(node.exec_properties["schema_file"]).name == f"{name}.pbtxt"
