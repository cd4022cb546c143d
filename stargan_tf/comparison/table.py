"""The table of a comparison, as Markdown."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from stargan_tf.comparison.rows import ROWS, heading
from stargan_tf.comparison.runs import ComparedRun
from stargan_tf.evaluation.results import MetricNames

_COLUMNS = ("", "adds", "paper: FID", "LPIPS", "iterations", "{distance}", "{diversity}")
_SCALE = {"source": "sources as they are", "real": "real validation images"}


def table(runs: Sequence[ComparedRun]) -> str:
    """The means over the seeds, and the value of each; and what to read from them.

    Args:
      runs: complete ones.
    """
    metrics = {run: run.metrics() for run in runs}
    about = next(iter(metrics.values()))["about"]
    names = MetricNames(about["features"], about["diversity"])
    distance, diversity = names.published("FD"), names.published("diversity")
    heads = [text.format(distance=distance, diversity=diversity) for text in _COLUMNS]
    lines = [_line(heads), _line(["---"] * len(heads))]
    for name in dict.fromkeys(run.row for run in runs):
        row, found = ROWS[name], [metrics[run] for run in runs if run.row == name]
        lines.append(
            _line(
                [
                    heading(name),
                    row.title,
                    _number(row.fid),
                    _number(row.lpips),
                    ", ".join(dict.fromkeys(str(m["about"]["step"]) for m in found)),
                    _values(found, f"{distance}_{row.mode}/mean"),
                    _values(found, f"{diversity}_{row.mode}/mean"),
                ]
            )
        )
    lines += _scale(runs, metrics, distance)
    seeds = ", ".join(dict.fromkeys(str(run.seed) for run in runs))
    outputs = max(about["outputs"].values())
    return "\n".join([*lines, "", *_notes(distance, diversity, seeds, outputs)]) + "\n"


def _scale(
    runs: Sequence[ComparedRun], metrics: dict[ComparedRun, dict[str, Any]], distance: str
) -> list[str]:
    """Rows of doing nothing and of perfection, where they are of as many images as the others."""
    whole = [metrics[run] for run in runs if ROWS[run.row].num_outs == 1][:1]
    return [
        _line(["", title, "", "", "", _values(whole, f"{distance}_{mode}/mean"), ""])
        for mode, title in _SCALE.items()
        if whole
    ]


def _notes(distance: str, diversity: str, seeds: str, outputs: int) -> list[str]:
    several = "," in seeds
    return [
        f"{distance} (lower is better) compares {outputs} translations of each ordered pair of "
        f"domains with the training images; {diversity} (higher is more diverse) is between two "
        "translations of an image, and is not defined where there is one.",
        f"Seeds: {seeds}."
        + (" The mean, and in brackets each: a spread of so few is thin." if several else ""),
        "The paper's figures are recalled from memory of Choi et al. 2020, table 1, and of another "
        "data set (CelebA-HQ, 256 px, by latent codes), other features and far longer training: "
        "compare the order of the rows, not the numbers. No code of B to E was published: they are "
        "built as its text can be read.",
    ]


def _values(found: Sequence[dict[str, Any]], key: str) -> str:
    values = [metrics[key] for metrics in found if key in metrics]
    if not values:
        return ""
    each = f" ({', '.join(map(_number, values))})" if len(values) > 1 else ""
    return f"{_number(float(np.mean(values)))}{each}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
