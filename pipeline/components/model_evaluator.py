"""ModelEvaluator: measures a new model and the latest good one, and blesses the new one or not.

Both draw from the same validation images with the same random numbers, and are measured by
the protocol of `python -m stargan_tf.evaluate`. The ModelEvaluation artifact holds

    metrics.json, table.txt             of the new model
    baseline/metrics.json, table.txt    of the other, if there is one
    verdict.json                        blessed, reasons, notes, thresholds, metrics of both

The ModelBlessing artifact has the properties that TFX's own Evaluator gives it (blessed,
current_model_id, baseline_model_id ...) and two for people: `summary`, the metrics in one
line, and `reasons`, why the model was not blessed, joined by "; " and empty otherwise.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tfx import v1 as tfx
from tfx.components.evaluator import constants
from tfx.utils import path_utils

from pipeline.examples import as_data_dir
from pipeline.judgement import (
    Metric,
    Thresholds,
    decisive_metrics,
    reasons_against,
    summary,
)
from pipeline.paths import local_path
from stargan_tf.config.evaluate import EvaluateConfig

if TYPE_CHECKING:  # they import TensorFlow's feature networks, slowly
    from stargan_tf.evaluation.evaluator import Evaluator

VERDICT_FILE = "verdict.json"

_Input = tfx.dsl.components.InputArtifact
_Output = tfx.dsl.components.OutputArtifact
_Parameter = tfx.dsl.components.Parameter
_artifacts = tfx.types.standard_artifacts


@tfx.dsl.components.component
def ModelEvaluator(
    examples: _Input[_artifacts.Examples],
    model: _Input[_artifacts.Model],
    evaluation: _Output[_artifacts.ModelEvaluation],
    blessing: _Output[_artifacts.ModelBlessing],
    baseline_model: _Input[_artifacts.Model] = None,
    max_distance: _Parameter[float] = 0.0,
    min_diversity: _Parameter[float] = 0.0,
    min_domain_accuracy: _Parameter[float] = 0.0,
    max_worsening: _Parameter[float] = 0.1,
    networks: _Parameter[str] = "{}",
    num_sources: _Parameter[int] = 0,
    num_outs: _Parameter[int] = 10,
    seed: _Parameter[int] = 7,
    working_dir: _Parameter[str] = "",
) -> None:
    """Evaluates; a model that is not good enough is no failure of the component.

    Args:
      examples: whose validation images are translated.
      model: the candidate.
      evaluation: metrics and verdict.
      blessing: of the candidate.
      baseline_model: what it is compared with, if there is any.
      max_distance: see `Thresholds`, like the three that follow.
      min_diversity: see there.
      min_domain_accuracy: see there.
      max_worsening: see there.
      networks: settings of `MeasuringConfig`, as JSON.
      num_sources: validation images of each domain, the first ones; 0 for all.
      num_outs: outputs for each of them and each target domain.
      seed: of latent codes and references.
      working_dir: keeps the features of the real images for the next time; optional.

    Raises:
      UserError: there are too few images, or weights are missing.
    """
    config = EvaluateConfig(
        **json.loads(networks),
        max_sources=num_sources,
        num_outs_per_domain=num_outs,
        seed=seed,
    )
    config.validate_networks()
    config.validate_weights_files()
    thresholds = Thresholds(max_distance, min_diversity, min_domain_accuracy, max_worsening)
    other = _saved_model(baseline_model) if baseline_model else None
    with TemporaryDirectory() as temporary:
        folder = Path(working_dir or temporary) / "data"
        data_dir = as_data_dir(examples.uri, folder)
        verdict = judge(
            config, data_dir, _saved_model(model), other, local_path(evaluation.uri), thresholds
        )
    _bless(blessing, model, baseline_model, verdict)


def judge(
    config: EvaluateConfig,
    data_dir: Path,
    candidate: Path,
    baseline: Path | None,
    out: Path,
    thresholds: Thresholds,
) -> dict[str, Any]:
    """Measures a model, and the one before it, and writes what was found.

    Args:
      config: how to measure.
      data_dir: what `prepare_data` wrote.
      candidate: folder of a SavedModel.
      baseline: that of the other model, if there is one.
      out: folder for the results.
      thresholds: what the candidate must come up to.

    Returns:
      The contents of verdict.json.
    """
    from stargan_tf.evaluation.evaluator import Evaluator
    from stargan_tf.evaluation.measuring import load_measuring_networks
    from stargan_tf.evaluation.results import MetricNames

    networks = load_measuring_networks(config)
    names = MetricNames.of(networks)
    shown = {kind: names.published(kind) for kind in ("FD", "diversity", "accuracy")}

    def metrics(model: Path, folder: Path) -> list[Metric]:
        evaluator = Evaluator(config, data_dir, folder, networks)
        return decisive_metrics(_measure(evaluator, model), shown)

    new = metrics(candidate, out)
    notes, old = [], None
    if baseline:
        difference = _difference(candidate, baseline)
        if difference:
            notes.append(f"The latest good model has {difference}, so there is no comparison.")
        else:
            old = metrics(baseline, out / "baseline")
    reasons = reasons_against(new, old, thresholds)
    verdict = {
        "blessed": not reasons,
        "reasons": reasons,
        "notes": notes,
        "summary": summary(new, old),
        "thresholds": thresholds._asdict(),
        "figures": {metric.name: metric.value for metric in new},
        "baseline": {metric.name: metric.value for metric in old} if old else None,
    }
    text = json.dumps(verdict, indent=2)
    (out / VERDICT_FILE).write_text(text + "\n", encoding="utf-8")
    return verdict


def _measure(evaluator: "Evaluator", model: Path) -> dict[str, Any]:
    from stargan_tf.serving.exported import load_exported

    return evaluator.evaluate(load_exported(model))


def _difference(candidate: Path, baseline: Path) -> str:
    """Why metrics of two models say nothing about which is better; empty if they do."""
    from stargan_tf.serving.model_info import ModelInfo

    new, old = ModelInfo.of_saved_model(candidate), ModelInfo.of_saved_model(baseline)
    if new.domains != old.domains:
        return f"other domains ({', '.join(old.domains)})"
    if new.img_size != old.img_size:
        return f"images of another size ({old.img_size})"
    if new.modes != old.modes:  # each mode has metrics of its own
        return f"other ways to make styles ({', '.join(mode.title for mode in old.modes)})"
    return ""


def _saved_model(model: Any) -> Path:
    return local_path(path_utils.serving_model_path(model.uri))


def _bless(blessing: Any, model: Any, baseline: Any | None, verdict: dict[str, Any]) -> None:
    """Writes the blessing as TFX's Evaluator does, and why."""
    blessed, reasons = verdict["blessed"], "; ".join(verdict["reasons"])
    name = constants.BLESSED_FILE_NAME if blessed else constants.NOT_BLESSED_FILE_NAME
    folder = local_path(blessing.uri)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(reasons, encoding="utf-8")
    numbers = {
        constants.ARTIFACT_PROPERTY_BLESSED_KEY: int(blessed),
        constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY: model.id,
    }
    texts = {
        constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY: model.uri,
        "summary": verdict["summary"],
        "reasons": reasons,
    }
    if baseline:
        numbers[constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY] = baseline.id
        texts[constants.ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY] = baseline.uri
    for key, number in numbers.items():
        blessing.set_int_custom_property(key, number)
    for key, text in texts.items():
        blessing.set_string_custom_property(key, text)
