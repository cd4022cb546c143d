"""Traces a pushed model back to its images, with ML Metadata."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2 as pb
from tensorflow_metadata.proto.v0 import anomalies_pb2

from pipeline.components.image_example_gen import settings_of
from pipeline.history import Execution, History, value_of
from pipeline.paths import local_path
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.errors import UserError

Record = dict[str, Any]

_THRESHOLDS = ("max_distance", "min_diversity", "min_domain_accuracy", "max_worsening")


def trace(store: mlmd.MetadataStore, version: str) -> Record:
    """Follows a pushed model back to the images.

    Args:
      store: the metadata of the pipeline.
      version: of the model, as its folder is called.

    Returns:
      What is known, ready for JSON: version, pushed_to, model, training, data, evaluation,
      infrastructure. What lies in files that are gone is None.

    Raises:
      UserError: no such version was pushed.
    """
    history = History(store)
    pushed = history.pushed()
    if version not in pushed:
        there = ", ".join(pushed) or "none yet"
        raise UserError(
            f"Found no pushed model of version {version}, expected one of the versions that this "
            f"metadata knows: {there}; pass one of them, or the --pipeline_root of that model."
        )
    artifact = pushed[version]
    pusher = history.producer(artifact)
    inputs = history.inputs(pusher)
    model = inputs["model"]
    trainer = history.producer(model)
    return {
        "version": version,
        "pushed_to": value_of(artifact, "pushed_destination"),
        "push": pusher.record(),
        "model": {"number": model.id, "uri": model.uri},
        "training": _training(history, trainer),
        "data": _data(history, trainer),
        "evaluation": _evaluation(history, inputs.get("model_blessing")),
        "infrastructure": _infrastructure(history, inputs.get("infra_blessing")),
    }


def _training(history: History, trainer: Execution) -> Record:
    custom = json.loads(trainer.setting("custom_config") or "{}")
    parent = history.inputs(trainer).get("base_model") if custom.get("warm_start") else None
    return {
        **trainer.record(),
        "earlier_attempts": [attempt.record() for attempt in history.earlier_attempts(trainer)],
        "source_hash": custom.get("source_hash"),
        "settings": custom.get("train"),
        "started_from": _model(history, parent),
    }


def _data(history: History, trainer: Execution) -> Record:
    examples = history.inputs(trainer)["examples"]
    example_gen = history.producer(examples)
    settings = example_gen.setting("custom_config")
    try:
        info = DatasetInfo.load(local_path(examples.uri))
    except UserError:
        info = None
    found = {
        kind: (artifact, history.producer(artifact))
        for execution in history.same_run(trainer)
        for artifact in execution.outputs.values()
        if (kind := artifact.type) in ("Schema", "ExampleStatistics", "ExampleAnomalies")
    }
    checks = {
        kind: {"uri": artifact.uri, **(producer.record() if producer else {})}
        for kind, (artifact, producer) in found.items()
    }
    anomalies = checks.get("ExampleAnomalies")
    return {
        **example_gen.record(),
        "uri": examples.uri,
        "fingerprint": example_gen.setting("input_fingerprint"),
        "name": info and info.name,
        "source": info and info.source,
        "counts": info and info.counts,
        "rejected": info and info.rejected,
        "licence": info and info.licence,
        "settings": dataclasses.asdict(settings_of({"custom_config": settings})),
        "schema": checks.get("Schema"),
        "statistics": checks.get("ExampleStatistics"),
        "anomalies": anomalies and {**anomalies, "found": _anomalies(local_path(anomalies["uri"]))},
    }


def _evaluation(history: History, blessing: pb.Artifact | None) -> Record | None:
    if blessing is None:
        return None
    evaluator = history.producer(blessing)
    evaluation = evaluator.outputs.get("evaluation")
    verdict = _read_json(local_path(evaluation.uri) / "verdict.json") if evaluation else None
    return {
        **evaluator.record(),
        "blessed": bool(value_of(blessing, "blessed")),
        "reasons": value_of(blessing, "reasons"),
        "thresholds": {name: evaluator.setting(name) for name in _THRESHOLDS},
        "figures": verdict and verdict["figures"],
        "baseline": _model(history, history.inputs(evaluator).get("baseline_model")),
        "baseline_figures": verdict and verdict["baseline"],
        "notes": verdict and verdict["notes"],
        "uri": evaluation and evaluation.uri,
    }


def _infrastructure(history: History, blessing: pb.Artifact | None) -> Record | None:
    if blessing is None:
        return None
    return {
        **history.producer(blessing).record(),
        "blessed": bool(value_of(blessing, "blessed")),
    }


def _model(history: History, model: pb.Artifact | None) -> Record | None:
    """Another model, with the versions under which it was pushed."""
    if model is None:
        return None
    pushes = [execution.outputs.get("pushed_model") for execution in history.consumers(model)]
    versions = [value_of(push, "pushed_version") for push in pushes if push]
    return {
        "number": model.id,
        "uri": model.uri,
        "versions": sorted({version for version in versions if version}),
    }


def _anomalies(folder: Path) -> dict[str, list[str]] | None:
    """Names of the features that did not fit the schema, by split."""
    found = {}
    for path in sorted(folder.glob("Split-*/SchemaDiff.pb")):
        anomalies = anomalies_pb2.Anomalies.FromString(path.read_bytes())
        found[path.parent.name.removeprefix("Split-")] = sorted(anomalies.anomaly_info)
    return found or None


def _read_json(path: Path) -> Record | None:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
