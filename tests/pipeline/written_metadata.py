"""Metadata of a pipeline that never ran, written as TFX writes it."""

import dataclasses
import json
from pathlib import Path

import ml_metadata as mlmd
from google.protobuf import any_pb2, json_format, wrappers_pb2
from ml_metadata.proto import metadata_store_pb2 as pb
from tfx.proto import example_gen_pb2

from stargan_tf.config.prepare_data import PrepareDataConfig

METRICS = {"FID_latent": 12.5, "LPIPS_latent": 0.25}


class Metadata:
    """Writes executions with their events, one after the other."""

    def __init__(self, root):
        self.root = root
        connection = pb.ConnectionConfig()
        connection.sqlite.filename_uri = str(root / "metadata.db")
        connection.sqlite.connection_mode = 3  # create
        self.store = mlmd.MetadataStore(connection)
        self.run_name = "run 1"

    def artifact(self, kind, **properties):
        type_id = self.store.put_artifact_type(pb.ArtifactType(name=kind))
        artifact = pb.Artifact(type_id=type_id)
        fill(artifact.custom_properties, properties)
        (artifact.id,) = self.store.put_artifacts([artifact])
        artifact.uri = str(self.root / kind / str(artifact.id))
        self.store.put_artifacts([artifact])
        return artifact

    def execute(self, node, inputs=None, outputs=None, state="COMPLETE", **settings):
        type_id = self.store.put_execution_type(pb.ExecutionType(name=f"tfx.{node}"))
        execution = pb.Execution(type_id=type_id)
        execution.last_known_state = pb.Execution.State.Value(state)
        fill(execution.custom_properties, settings)
        internal = state == "COMPLETE" and node == "Baseline"
        output = pb.Event.INTERNAL_OUTPUT if internal else pb.Event.OUTPUT
        events = [(a, event(key, pb.Event.INPUT)) for key, a in (inputs or {}).items()]
        events += [(a, event(key, output)) for key, a in (outputs or {}).items()]
        contexts = [self.context("pipeline_run", self.run_name), self.context("node", f"p.{node}")]
        self.store.put_execution(execution, events, contexts, reuse_context_if_already_exist=True)

    def context(self, kind, name):
        return pb.Context(type_id=self.store.put_context_type(pb.ContextType(name=kind)), name=name)


def fill(properties, values):
    for name, value in values.items():
        kind = {int: "int_value", float: "double_value", str: "string_value"}[type(value)]
        setattr(properties[name], kind, value)


def event(key, kind):
    made = pb.Event(type=kind)
    made.path.steps.add().key = key
    return made


def example_gen_settings(**settings):
    """As ImageExampleGen keeps them."""
    values = dataclasses.asdict(PrepareDataConfig(**settings))
    packed = any_pb2.Any()
    packed.Pack(wrappers_pb2.StringValue(value=json.dumps(values)))
    return json_format.MessageToJson(example_gen_pb2.CustomConfig(custom_config=packed))


def trainer_settings(warm_start=False, **train):
    return json.dumps({"train": train, "source_hash": "c0de", "warm_start": warm_start})


class History(Metadata):
    """A first model; then another that started from it and was compared with it."""

    def __init__(self, root):
        super().__init__(root)
        self.examples = self.artifact("Examples")
        settings = example_gen_settings(input_dir="/photos")
        fingerprint = "input 12, code 34"
        made = {"custom_config": settings, "input_fingerprint": fingerprint}
        self.execute("ImageExampleGen", {}, {"examples": self.examples}, **made)
        self.schema, self.statistics = self.artifact("Schema"), self.artifact("ExampleStatistics")
        self.anomalies = self.artifact("ExampleAnomalies")
        self.execute("ImportSchemaGen", {}, {"schema": self.schema})
        self.execute("StatisticsGen", {"examples": self.examples}, {"statistics": self.statistics})
        self.execute(
            "ExampleValidator", {"statistics": self.statistics}, {"anomalies": self.anomalies}
        )
        self.first = self.artifact("Model")
        self.train(self.first, custom_config=trainer_settings(img_size=64, lr=1e-4))
        self.push(self.first, "100")

        self.run_name = "run 2"
        cached = {"examples": self.examples}
        self.execute("ImageExampleGen", {}, cached, state="CACHED", **made)
        self.execute("Baseline", {}, {"model": self.first})
        start = trainer_settings(warm_start=True, img_size=64, seed=5)
        self.second = self.artifact("Model")
        for state in ("FAILED", "CANCELED"):
            self.execute("Trainer", cached, {}, state=state, custom_config=start)
        self.execute("Trainer", cached, {}, state="FAILED", custom_config="{}")
        self.train(self.second, {"base_model": self.first}, custom_config=start)
        self.push(self.second, "200", baseline=self.first)
        bad = self.artifact("PushedModel", pushed=0)
        self.execute("Pusher", {"model": self.second}, {"pushed_model": bad})

    def train(self, model, inputs=None, **settings):
        inputs = {"examples": self.examples, **(inputs or {})}
        self.execute("Trainer", inputs, {"model": model}, **settings)

    def push(self, model, version, baseline=None):
        evaluation = self.artifact("ModelEvaluation")
        blessing = self.artifact("ModelBlessing", blessed=1, reasons="")
        inputs = {"examples": self.examples, "model": model}
        if baseline:
            inputs["baseline_model"] = baseline
        outputs = {"evaluation": evaluation, "blessing": blessing}
        thresholds = {"max_distance": 40.0, "max_worsening": 0.1}
        self.execute("ModelEvaluator", inputs, outputs, **thresholds)
        infra = self.artifact("InfraBlessing", blessed=1)
        self.execute("InfraCheck", {"model": model}, {"blessing": infra})
        place = f"saved_models/pets/{version}"
        pushed = self.artifact(
            "PushedModel", pushed=1, pushed_version=version, pushed_destination=place
        )
        inputs = {"model": model, "model_blessing": blessing, "infra_blessing": infra}
        self.execute("Pusher", inputs, {"pushed_model": pushed})
        verdict = {"figures": METRICS, "baseline": baseline and METRICS, "notes": []}
        write(Path(evaluation.uri) / "verdict.json", json.dumps(verdict).encode())


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
