"""The pipeline's graph, the same for every orchestrator.

ImageExampleGen -> StatisticsGen -> ExampleValidator -> AnomalyGate
  -> Trainer -> ModelEvaluator -> InfraCheck -> Pusher
"""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

from tfx import v1 as tfx
from tfx.dsl.components.base.base_node import BaseNode

from pipeline.components import baseline
from pipeline.components.anomaly_gate import AnomalyGate, schema_name
from pipeline.components.image_example_gen import ImageExampleGen
from pipeline.components.infrastructure import infrastructure_check
from pipeline.components.model_evaluator import ModelEvaluator
from pipeline.config import PipelineConfig
from pipeline.paths import absolute, local_path
from pipeline.source_hash import source_hash
from stargan_tf.algorithms.registry import module_path
from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.config.train import TrainConfig
from stargan_tf.training.checkpoints import newest_checkpoint
from stargan_tf.training.run_dir import RunDir

SCHEMA_DIR = Path(__file__).parent / "schema"
TRAINER = "pipeline.components.trainer"


def create_pipeline(
    config: PipelineConfig,
    data: PrepareDataConfig,
    train: TrainConfig,
    *,
    metadata: Any = None,
    portable: bool = False,
    schema_file: Path | None = None,
) -> tfx.dsl.Pipeline:
    """Builds the graph; nothing is written or run.

    Args:
      config: of the pipeline; its `infrastructure` is docker or canary.
      data: the images.
      train: the training.
      metadata: ML Metadata's connection config, for runners that need one.
      portable: use only what every orchestrator knows, at a price: a second run of the same
        settings evaluates and pushes the model again.
      schema_file: the schema, where the components see it; that of `schema_file_of` by default.

    Returns:
      The pipeline, for a runner.
    """
    examples, checks = _data_nodes(data, schema_file or schema_file_of(data))
    warm_start = [baseline.latest_blessed().with_id("WarmStart")] if config.warm_start else []
    trainer = _trainer(config, train, examples, warm_start)
    trainer.add_upstream_node(checks[-1])
    model = trainer.outputs["model"]
    other = baseline.latest_blessed() if portable else baseline.other_blessed(model)
    other = other.with_id("Baseline")
    evaluator = _evaluator(config, examples, model, other)
    infra_check = infrastructure_check(config.infrastructure, model, examples, config.serving_tag)
    pusher = tfx.components.Pusher(
        model=model,
        model_blessing=evaluator.outputs["blessing"],
        infra_blessing=infra_check.outputs["blessing"],
        push_destination=tfx.proto.PushDestination(
            filesystem=tfx.proto.PushDestination.Filesystem(
                base_directory=absolute(config.model_dir)
            )
        ),
    )
    return tfx.dsl.Pipeline(
        pipeline_name=config.pipeline_name,
        pipeline_root=absolute(config.pipeline_root),
        components=[*checks, *warm_start, trainer, other, evaluator, infra_check, pusher],
        enable_cache=config.cache,
        metadata_connection_config=metadata,
        beam_pipeline_args=list(config.beam_args),
    )


def schema_file_of(data: PrepareDataConfig, folder: Path = SCHEMA_DIR) -> Path:
    """What the records must fit: labels are domains, one a record, or attributes, several."""
    return folder / schema_name(attributes=bool(data.attributes))


def _data_nodes(
    data: PrepareDataConfig, schema_file: Path
) -> tuple[tfx.types.BaseChannel, list[BaseNode]]:
    """The examples, and the nodes that make and check them, the gate last."""
    example_gen = ImageExampleGen(data)
    examples = example_gen.outputs["examples"]
    schema_gen = tfx.components.ImportSchemaGen(schema_file=str(schema_file))
    schema = schema_gen.outputs["schema"]
    statistics_gen = tfx.components.StatisticsGen(examples=examples, schema=schema)
    validator = tfx.components.ExampleValidator(
        statistics=statistics_gen.outputs["statistics"], schema=schema
    )
    gate = AnomalyGate(
        examples=examples,
        anomalies=validator.outputs["anomalies"],
        max_rejected=float(data.max_rejected),
    )
    return examples, [example_gen, schema_gen, statistics_gen, validator, gate]


def _trainer(
    config: PipelineConfig,
    train: TrainConfig,
    examples: tfx.types.BaseChannel,
    warm_start: list[BaseNode],
) -> BaseNode:
    settings = dataclasses.asdict(train)
    for name in ("data_dir", "run_dir"):  # chosen by run_fn
        del settings[name]
    return tfx.components.Trainer(
        run_fn=f"{TRAINER}.run_fn",
        examples=examples,
        base_model=warm_start[0].outputs["model"] if warm_start else None,
        train_args=tfx.proto.TrainArgs(splits=["train"], num_steps=train.total_iters),
        eval_args=tfx.proto.EvalArgs(splits=["val"]),
        custom_config={
            "train": settings,
            "source_hash": source_hash(TRAINER, module_path(train.algorithm)),
            "working_dir": str(_root(config) / "training"),
            "warm_start": config.warm_start,
            "parent": _parent(train),
            "model_name": config.model_name,
        },
    )


def _parent(train: TrainConfig) -> str:
    """What lies in the run that --train.warm_start names; its path alone would not tell.

    Empty where there is none here, as on the machine that compiles for others.
    """
    newest = newest_checkpoint(RunDir(train.warm_start)) if train.warm_start else None
    # The index has checksums of all weights.
    return hashlib.sha256(Path(f"{newest}.index").read_bytes()).hexdigest()[:16] if newest else ""


def _evaluator(
    config: PipelineConfig,
    examples: tfx.types.BaseChannel,
    model: tfx.types.BaseChannel,
    other: BaseNode,
) -> BaseNode:
    return ModelEvaluator(
        examples=examples,
        model=model,
        baseline_model=other.outputs["model"],
        max_distance=config.max_distance,
        min_diversity=config.min_diversity,
        min_domain_accuracy=config.min_domain_accuracy,
        max_worsening=config.max_worsening,
        networks=json.dumps(config.measuring_settings()),
        num_sources=config.eval_sources,
        num_outs=config.eval_outputs,
        seed=config.eval_seed,
        working_dir=str(_root(config) / "evaluation"),
    )


def _root(config: PipelineConfig) -> Path:
    return local_path(absolute(config.pipeline_root))
