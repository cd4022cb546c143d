"""How metrics are called in metrics.json, and how they are shown to people."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from stargan_tf.evaluation.features.names import FEATURES
from stargan_tf.evaluation.measuring import MeasuringNetworks
from stargan_tf.evaluation.perceptual.names import PERCEPTUAL
from stargan_tf.evaluation.tasks import Task

# What stands in the table below the translations: what they lie between.
_ROWS = {
    "source": "sources as they are (no translation)",
    "real": "real validation images",
}
METRICS = ("FD", "KD", "diversity", "accuracy", "precision", "recall", "change", "change_same")


class MetricNames(NamedTuple):
    """Names of metrics: those of the paper only for what is the paper's.

    Attributes:
      features: name of the feature network.
      perceptual: name of the perceptual distance.
    """

    features: str
    perceptual: str

    @classmethod
    def of(cls, networks: MeasuringNetworks) -> "MetricNames":
        """The names of what some networks measure."""
        return cls(networks.features.name, networks.perceptual.name)

    def published(self, metric: str) -> str:
        """The name of one of METRICS as results carry it, such as FID for FD on Inception."""
        network, table = self.features, FEATURES
        if metric == "diversity":
            network, table = self.perceptual, PERCEPTUAL
        names = table[network].published if network in table else {}
        prefix = {"FD": "FD_", "KD": "KD_", "diversity": "PD_"}.get(metric)
        return names.get(metric) or (f"{prefix}{network}" if prefix else metric)

    def key(self, metric: str, task: Task) -> str:
        """Such as FID_latent/cat2dog, the published form; of one domain alone its name."""
        domains = task.target if task.source == task.target else task.pair
        return f"{self.published(metric)}_{task.mode}/{domains}"


def with_means(metrics: dict[str, float]) -> dict[str, float]:
    """Adds the mean over the tasks of each metric, as FID_latent/mean."""
    kinds: dict[str, list[float]] = {}
    for key, value in metrics.items():
        kinds.setdefault(key.split("/")[0], []).append(value)
    return metrics | {f"{kind}/mean": float(np.mean(values)) for kind, values in kinds.items()}


def table(results: dict[str, Any], names: MetricNames) -> str:
    """The means as a table, with what each metric lies between, and what to read from it."""
    rows = results["about"]["modes"] | _ROWS
    columns = [names.published(metric) for metric in METRICS]
    widths = [max(len(column), 9) for column in columns]
    first = max(map(len, rows.values()))
    heading = "  ".join(f"{c:>{w}}" for c, w in zip(columns, widths, strict=True))
    lines = [f"{'':{first}}  {heading}"]
    for mode, words in rows.items():
        values = [results.get(f"{column}_{mode}/mean") for column in columns]
        if all(value is None for value in values):
            continue
        cells = ["-" if value is None else f"{value:.4g}" for value in values]
        row = "  ".join(f"{c:>{w}}" for c, w in zip(cells, widths, strict=True))
        lines.append(f"{words:{first}}  {row}")
    about = results["about"]
    lines += [
        "",
        *in_short(results, names),
        f"After {about['step']} iterations; means over all {about['tasks']}. Lower is better for "
        f"{columns[0]} and {columns[1]},",
        "higher for diversity, accuracy, precision and recall. The table's last two rows are what "
        "to compare with: doing nothing, and perfection.",
    ]
    if about["outputs_each"] > 1:
        lines.append(
            f"They show each image once, the translations {about['outputs_each']} times: of as "
            f"many images, {columns[0]} would be lower in them, and recall higher."
        )
    if any(name.startswith("change_same") for name in results):
        lines += [
            "change: how far translations are from their sources, the mean absolute difference in "
            "shares of the range of values;",
            "change_same: that of sources which are drawn as what they are (in a random style of "
            "their domain, or in their own",
            "style, where there are styles): 0 is best.",
        ]
    compared = max(about["outputs_compared"].values())
    if compared < max(about["outputs"].values()):
        lines.append(
            f"All metrics but {columns[0]} and {columns[2]} come of {compared} outputs at most, "
            "evenly spread over the sources."
        )
    fewest = min(min(about[f"{split}_images"].values()) for split in ("training", "validation"))
    fewest = min(fewest, *(count // about["outputs_each"] for count in about["outputs"].values()))
    if fewest <= about["features_dim"]:
        lines.append(
            f"No more images of a domain ({fewest}) than features ({about['features_dim']}): "
            f"{columns[0]} comes out too large, and compares only with one of as many images."
        )
    return "\n".join(lines)


def in_short(results: dict[str, Any], names: MetricNames) -> list[str]:
    """One sentence for each of what one asks first of a model.

    How far it is from perfection, in units of how far doing nothing is; how the hardest pair of
    domains is translated; and whether random styles are as many as those of references.

    Args:
      results: metrics and `about`, as metrics.json holds them.
      names: what the metrics are called there.
    """
    modes = results["about"]["modes"]
    lines = []
    for distance in (names.published("FD"), names.published("KD")):
        nothing, perfect = (results.get(f"{distance}_{row}/mean") for row in ("source", "real"))
        if None in (nothing, perfect) or nothing <= perfect:
            continue
        places = {
            words: (results[key] - perfect) / (nothing - perfect)
            for mode, words in modes.items()
            if (key := f"{distance}_{mode}/mean") in results
        }
        if places:
            found = ", ".join(f"{place:.2f} in {words}" for words, place in places.items())
            lines.append(f"{distance} where perfection is 0 and doing nothing 1: {found}.")
    for mode, words in modes.items():
        kind = f"accuracy_{mode}/"
        pairs = {key[len(kind) :]: value for key, value in results.items() if key.startswith(kind)}
        if hardest := min(
            pairs.keys() - {"mean"}, key=lambda pair: (pairs[pair], pair), default=""
        ):
            lines.append(f"Lowest accuracy in {words}: {pairs[hardest]:.2f}, of {hardest}.")
    diversity = names.published("diversity")
    random, reference = (results.get(f"{diversity}_{m}/mean") for m in ("latent", "reference"))
    if random is not None and reference:
        lines.append(f"Random styles are {random / reference:.2f} as diverse as references'.")
    return [*lines, ""] if lines else []


def write_curves(results: dict[str, Any], images: Mapping[str, np.ndarray], folder: Path) -> None:
    """Writes every metric and image for TensorBoard, at the iteration that was evaluated.

    A folder that cannot be written to, such as that of somebody else's run, is no reason to
    fail: every metric is in metrics.json.
    """
    try:
        writer = tf.summary.create_file_writer(str(folder))
        with writer.as_default(step=results["about"]["step"]):
            for key, value in results.items():
                if key != "about":
                    tf.summary.scalar(key, value)
            for name, image in images.items():
                tf.summary.image(name, image[np.newaxis])
        writer.close()
    except (OSError, tf.errors.OpError) as error:
        # TensorFlow puts the name of an operation first.
        reason = re.sub(r"^\{\{.*?\}\}\s*", "", " ".join(str(error).split()))
        tqdm.write(f"warning: no curves for TensorBoard are in {folder} ({reason}).", sys.stderr)
