"""Describes the result of each component, in a few words, and of the whole run."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import ml_metadata as mlmd

from pipeline.config import PipelineConfig
from pipeline.history import Execution, History
from stargan_tf.config.settings import check
from stargan_tf.config.train import TrainConfig
from stargan_tf.data.schema import DatasetInfo

BLESSED = "blessed"


class Verdict(NamedTuple):
    """The result of a run that went through to its end."""

    sentence: str
    exit_status: int


class Results:
    """Reads results from ML Metadata and the artifacts of the latest executions."""

    def __init__(
        self, store: mlmd.MetadataStore, config: PipelineConfig, train: TrainConfig
    ) -> None:
        """Reads nothing yet.

        Args:
          store: the metadata of the pipeline.
          config: settings of the pipeline.
          train: settings of the training, for its number of iterations.
        """
        self._history = History(store)
        self._config = config
        self._train = train
        self._describers: dict[str, Callable[[Execution], str]] = {
            "ImageExampleGen": _images,
            "AnomalyGate": lambda _: "the data is sound",
            "Trainer": lambda _: f"to iteration {train.total_iters:,}",
            "WarmStart": _found_model,
            "Baseline": _found_model,
            "ModelEvaluator": _metrics,
            "InfraCheck": _infra,
            "Pusher": _pushed,
        }

    def describe(self, node: str) -> str:
        """Describes the result of a node that has just ended; empty when there is nothing to say.

        Raises:
          UserError: the node found no inputs: TFX marks it as failed and goes on.
        """
        execution = self._latest(node)
        if execution is None:
            return ""
        check(
            execution.state != "FAILED",
            f"{node} could not find its inputs in the metadata, expected what the components "
            "before it have made: see the log for the reason.",
        )
        describer = self._describers.get(node)
        return describer(execution) if describer else ""

    def verdict(self) -> Verdict:
        """Returns what to say at the end, and the exit status."""
        pusher = self._latest("Pusher")
        if pusher.output_property("pushed_model", "pushed"):
            place = pushed_to(pusher)
            if place.is_dir():
                return Verdict(f"Pushed to {_short(place)}", 0)
            return Verdict(
                f"The model was pushed to {_short(place)} by an earlier run, but is gone: run "
                "again with --nocache, or train another one.",
                1,
            )
        reasons = [
            reasons_of(execution)
            for node, reasons_of in (("ModelEvaluator", _shortcomings), ("InfraCheck", _infra))
            if (execution := self._latest(node))
            and not execution.output_property("blessing", BLESSED)
        ]
        return Verdict(f"Not pushed: {'; '.join(reasons).rstrip('.')}.", 2)

    def _latest(self, node: str) -> Execution | None:
        return self._history.latest(self._config.pipeline_name, node)


def pushed_to(pusher: Execution) -> Path:
    """The version folder that a Pusher wrote."""
    return Path(pusher.output_property("pushed_model", "pushed_destination"))


def _images(execution: Execution) -> str:
    uri = execution.uri("examples")
    if uri is None:
        return ""
    info = DatasetInfo.load(uri)
    counts = ", ".join(f"{sum(by.values()):,} {split}" for split, by in info.counts.items())
    rejected = f", {info.rejected:,} rejected" if info.rejected else ""
    kind = "attributes" if info.attributes else "domains"
    return f"{counts} images of {len(info.labels)} {kind}{rejected}"


def _found_model(execution: Execution) -> str:
    uri = execution.uri("model")
    return f"model {uri.name}" if uri else "none yet"


def _metrics(execution: Execution) -> str:
    metrics = execution.output_property("blessing", "summary") or "no metrics"
    good = execution.output_property("blessing", BLESSED)
    return metrics if good else f"{metrics}: not good enough"


def _shortcomings(execution: Execution) -> str:
    return execution.output_property("blessing", "reasons") or "the model was not judged"


def _infra(execution: Execution) -> str:
    if execution.output_property("blessing", BLESSED):
        return "it loads and answers"
    # Only the canary gives one.
    reason = execution.output_property("blessing", "reason")
    return reason or "TensorFlow Serving could not load the exported model"


def _pushed(execution: Execution) -> str:
    if not execution.output_property("pushed_model", "pushed"):
        return "nothing"
    return f"version {pushed_to(execution).name}"


def _short(path: Path) -> str:
    """Returns a path relative to the working directory where it lies in it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
