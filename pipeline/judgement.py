"""Whether a model is good enough, by its metrics, and if not, why."""

from typing import Any, NamedTuple

# By name: its flag, and whether lower is better.
_LIMITS = {
    "FD": ("max_distance", True),
    "diversity": ("min_diversity", False),
    "accuracy": ("min_domain_accuracy", False),
}


class Thresholds(NamedTuple):
    """What a model must come up to, in every mode of its algorithm.

    Attributes:
      max_distance: largest Frechet distance to the real images; 0 for any.
      min_diversity: smallest perceptual distance between the outputs of an image.
      min_domain_accuracy: smallest share of outputs that a classifier takes for their domain.
      max_worsening: how much worse than the baseline each may be, as a fraction of it.
    """

    max_distance: float = 0.0
    min_diversity: float = 0.0
    min_domain_accuracy: float = 0.0
    max_worsening: float = 0.1


class Metric(NamedTuple):
    """One number that a model is judged by.

    Attributes:
      kind: FD, diversity or accuracy.
      mode: how the styles were made, in words, such as random styles.
      name: as metrics.json has it, without /mean.
      value: mean over all pairs of domains.
    """

    kind: str
    mode: str
    name: str
    value: float


def decisive_metrics(results: dict[str, Any], names: dict[str, str]) -> list[Metric]:
    """Takes from metrics.json what a model is judged by.

    Args:
      results: its contents.
      names: of FD, diversity and accuracy in it, such as FID and LPIPS.
    """
    return [
        Metric(kind, title, f"{name}_{mode}", results[f"{name}_{mode}/mean"])
        for mode, title in results["about"]["modes"].items()
        for kind, name in names.items()
        if f"{name}_{mode}/mean" in results  # one output of an image has no diversity
    ]


def reasons_against(
    candidate: list[Metric], baseline: list[Metric] | None, thresholds: Thresholds
) -> list[str]:
    """Compares a model with thresholds and with the model before it.

    Args:
      candidate: its metrics.
      baseline: those of the other model in the same order, if there is one.
      thresholds: see `Thresholds`.

    Returns:
      A clause for each metric that is not good enough, none for a good model.
    """
    reasons = [_absolute(metric, thresholds) for metric in candidate]
    if baseline is not None:
        pairs = zip(candidate, baseline, strict=True)
        reasons += [_relative(new, old, thresholds.max_worsening) for new, old in pairs]
    return [reason for reason in reasons if reason]


def summary(candidate: list[Metric], baseline: list[Metric] | None) -> str:
    """The metrics of the first mode in one line, with those of the other model in brackets."""
    before = {metric.name: f" ({metric.value:.3g})" for metric in baseline or []}
    return ", ".join(
        f"{metric.kind} {metric.value:.3g}{before.get(metric.name, '')}"
        for metric in candidate
        if metric.mode == candidate[0].mode
    )


# A metric that is NaN fulfils no comparison: each asks for what is good.
def _absolute(metric: Metric, thresholds: Thresholds) -> str:
    flag, lower_is_better = _LIMITS[metric.kind]
    limit = getattr(thresholds, flag)
    if lower_is_better:
        good, side = limit == 0 or metric.value <= limit, "above"
    else:
        good, side = metric.value >= limit, "below"
    words = f"{metric.name} ({metric.mode}) is {metric.value:.4g}"
    return "" if good else f"{words}, {side} --{flag}={limit:g}"


def _relative(new: Metric, old: Metric, max_worsening: float) -> str:
    _, lower_is_better = _LIMITS[new.kind]
    sign = 1 if lower_is_better else -1
    good = sign * new.value <= sign * old.value * (1 + sign * max_worsening)
    words = f"{new.name} ({new.mode}) is {new.value:.4g}"
    return (
        ""
        if good
        else f"{words} after {old.value:.4g} of the latest good model, worse by more than "
        f"--max_worsening={max_worsening:g}"
    )
