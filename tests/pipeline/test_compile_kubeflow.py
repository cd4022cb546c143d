"""The pipeline compiles for Kubeflow without any cluster, and into what its schema says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from pipeline.config import PipelineConfig
from pipeline.kubeflow import compile_pipeline
from pipeline.options import Options
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.config.prepare_data import PrepareDataConfig

IMAGE = "registry.example.org/stargan_tf:1"
TASKS = {
    *("ImageExampleGen", "ImportSchemaGen", "StatisticsGen", "ExampleValidator", "AnomalyGate"),
    *("Trainer", "Baseline-model-resolver", "InfraCheck", "ModelEvaluator", "Pusher"),
}


def compiled(out: Path, **changes: object) -> Path:
    config = PipelineConfig(
        infrastructure="canary", pipeline_root="gs://bucket/root", push_dir="/models", **changes
    )
    data = PrepareDataConfig(source="portraits", max_rejected=0.0)
    compile_pipeline(Options(config, data, StarGANv2Settings()), IMAGE, Path("/app"), out)
    return out


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> dict:
    return json.loads(compiled(tmp_path_factory.mktemp("job") / "pipeline.json").read_text())


@pytest.fixture(scope="module")
def spec(job: dict) -> pipeline_spec_pb2.PipelineSpec:
    return json_format.ParseDict(job["pipelineSpec"], pipeline_spec_pb2.PipelineSpec())


def test_every_component_is_a_task(spec: pipeline_spec_pb2.PipelineSpec) -> None:
    assert TASKS <= set(spec.root.dag.tasks)


def test_the_gate_comes_before_training(spec: pipeline_spec_pb2.PipelineSpec) -> None:
    assert "AnomalyGate" in spec.root.dag.tasks["Trainer"].dependent_tasks


def test_every_container_is_ours(job: dict) -> None:
    executors = job["pipelineSpec"]["deploymentSpec"]["executors"].values()
    images = {executor["container"]["image"] for executor in executors if "container" in executor}
    assert images == {IMAGE}


def test_paths_are_those_of_the_image(job: dict) -> None:
    text = json.dumps(job)
    assert "/app/pipeline/schema/schema.pbtxt" in text
    assert str(Path(__file__).parents[2]) not in text
    assert job["runtimeConfig"]["gcsOutputDirectory"] == "gs://bucket/root"


def test_yaml_holds_the_same(job: dict, tmp_path: Path) -> None:
    text = compiled(tmp_path / "pipeline.yaml").read_text()
    assert yaml.safe_load(text) == job["pipelineSpec"]


def test_a_warm_start_compiles_too(tmp_path: Path) -> None:
    job = json.loads(compiled(tmp_path / "pipeline.json", warm_start=True).read_text())
    assert "WarmStart-model-resolver" in job["pipelineSpec"]["root"]["dag"]["tasks"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Found no --image"),
        (["--image=x", "--out=pipeline.txt"], "--out=pipeline.txt, expected a name that ends in"),
        (["--image=x", "--infrastructure=docker"], "Found --mysql or --infrastructure=docker"),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], message: str) -> None:
    command = [sys.executable, "-m", "pipeline.compile_kubeflow", "--data.source=portraits"]
    process = subprocess.run([*command, *arguments], capture_output=True, text=True)
    assert process.returncode == 1
    assert process.stderr.startswith("error: ") and process.stderr.count("\n") == 1
    assert message in process.stderr
