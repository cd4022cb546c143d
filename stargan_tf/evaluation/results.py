"""How figures are called in metrics.json, and how they are shown to people."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from stargan_tf.evaluation.tasks import Task

# What stands in the table, best first: the translations, then what they lie between.
_ROWS = {
    "latent": "random looks",
    "reference": "looks of references",
    "source": "sources as they are (no translation)",
    "real": "real validation images",
}
_SHORT = ("FD", "KD", "diversity", "accuracy", "precision", "recall")


class Names(NamedTuple):
    """Names of figures: those of the paper only for what is the paper's.

    Attributes:
      features: name of the feature network.
      perceptual: name of the perceptual distance.
    """

    features: str
    perceptual: str

    def figure(self, short: str) -> str:
        """FID and KID are distances on torchvision's Inception, LPIPS that on AlexNet."""
        if short == "FD":
            return "FID" if self.features == "inception" else f"FD_{self.features}"
        if short == "KD":
            return "KID" if self.features == "inception" else f"KD_{self.features}"
        if short == "diversity":
            return "LPIPS" if self.perceptual == "lpips" else f"PD_{self.perceptual}"
        return short

    def key(self, short: str, task: Task) -> str:
        """Such as FID_latent/cat2dog, the published form."""
        domains = task.target if task.mode == "real" else f"{task.source}2{task.target}"
        return f"{self.figure(short)}_{task.mode}/{domains}"


def with_means(figures: dict[str, float]) -> dict[str, float]:
    """Adds the mean over the tasks of each figure, as FID_latent/mean."""
    kinds: dict[str, list[float]] = {}
    for key, value in figures.items():
        kinds.setdefault(key.split("/")[0], []).append(value)
    return figures | {f"{kind}/mean": float(np.mean(values)) for kind, values in kinds.items()}


def table(results: dict[str, Any], names: Names) -> str:
    """The means as a table, with what each figure lies between, and what to read from it."""
    columns = [names.figure(short) for short in _SHORT]
    widths = [max(len(column), 9) for column in columns]
    first = max(map(len, _ROWS.values()))
    heading = "  ".join(f"{c:>{w}}" for c, w in zip(columns, widths, strict=True))
    lines = [f"{'':{first}}  {heading}"]
    for mode, words in _ROWS.items():
        values = [results.get(f"{column}_{mode}/mean") for column in columns]
        if all(value is None for value in values):
            continue
        cells = ["-" if value is None else f"{value:.4g}" for value in values]
        row = "  ".join(f"{c:>{w}}" for c, w in zip(cells, widths, strict=True))
        lines.append(f"{words:{first}}  {row}")
    about = results["about"]
    lines += [
        "",
        f"After {about['step']} iterations; means over all ordered pairs of domains. Lower is "
        f"better for {columns[0]} and {columns[1]},",
        "higher for the others. The last two rows are what to compare with: doing nothing, and "
        "perfection.",
        f"They show each image once, the translations {about['num_outs_per_domain']} times: of as "
        f"many images, {columns[0]} would be lower in them, and recall higher.",
    ]
    fewest = min(min(about[f"{split}_images"].values()) for split in ("training", "validation"))
    if fewest <= about["features_dim"]:
        lines.append(
            f"No more images of a domain ({fewest}) than features ({about['features_dim']}): "
            f"{columns[0]} comes out too large, and compares only with one of as many images."
        )
    return "\n".join(lines)


def write_scalars(results: dict[str, Any], folder: Path) -> None:
    """Writes every figure for TensorBoard, at the iteration that was evaluated."""
    writer = tf.summary.create_file_writer(str(folder))
    with writer.as_default(step=results["about"]["step"]):
        for key, value in results.items():
            if key != "about":
                tf.summary.scalar(key, value)
    writer.close()
