"""Whether a model is good enough, by its figures, and if not, why."""

from typing import Any, NamedTuple

# By name: its flag, and whether lower is better.
_LIMITS = {
    "FD": ("max_distance", True),
    "diversity": ("min_diversity", False),
    "accuracy": ("min_domain_accuracy", False),
}
_WORDS = {"latent": "random looks", "reference": "looks of references"}


class Thresholds(NamedTuple):
    """What a model must come up to, with random looks and with those of references.

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


class Figure(NamedTuple):
    """One number that a model is judged by.

    Attributes:
      short: FD, diversity or accuracy.
      mode: latent or reference.
      name: as metrics.json has it, without /mean.
      value: mean over all pairs of domains.
    """

    short: str
    mode: str
    name: str
    value: float


def decisive_figures(results: dict[str, Any], names: dict[str, str]) -> list[Figure]:
    """Takes from metrics.json what a model is judged by.

    Args:
      results: its contents.
      names: of FD, diversity and accuracy in it, such as FID and LPIPS.
    """
    return [
        Figure(short, mode, f"{name}_{mode}", results[f"{name}_{mode}/mean"])
        for mode in _WORDS
        for short, name in names.items()
    ]


def reasons_against(
    candidate: list[Figure], baseline: list[Figure] | None, thresholds: Thresholds
) -> list[str]:
    """Compares a model with thresholds and with the model before it.

    Args:
      candidate: its figures.
      baseline: those of the other model in the same order, if there is one.
      thresholds: see `Thresholds`.

    Returns:
      A clause for each figure that is not good enough, none for a good model.
    """
    reasons = [_absolute(figure, thresholds) for figure in candidate]
    if baseline is not None:
        pairs = zip(candidate, baseline, strict=True)
        reasons += [_relative(new, old, thresholds.max_worsening) for new, old in pairs]
    return [reason for reason in reasons if reason]


def summary(candidate: list[Figure], baseline: list[Figure] | None) -> str:
    """The figures of random looks in one line, with those of the other model in brackets."""
    before = {figure.name: f" ({figure.value:.3g})" for figure in baseline or []}
    return ", ".join(
        f"{figure.short} {figure.value:.3g}{before.get(figure.name, '')}"
        for figure in candidate
        if figure.mode == "latent"
    )


# A figure that is NaN fulfils no comparison: each asks for what is good.
def _absolute(figure: Figure, thresholds: Thresholds) -> str:
    flag, lower_is_better = _LIMITS[figure.short]
    limit = getattr(thresholds, flag)
    if lower_is_better:
        good, side = limit == 0 or figure.value <= limit, "above"
    else:
        good, side = figure.value >= limit, "below"
    words = f"{figure.name} ({_WORDS[figure.mode]}) is {figure.value:.4g}"
    return "" if good else f"{words}, {side} --{flag}={limit:g}"


def _relative(new: Figure, old: Figure, max_worsening: float) -> str:
    _, lower_is_better = _LIMITS[new.short]
    sign = 1 if lower_is_better else -1
    good = sign * new.value <= sign * old.value * (1 + sign * max_worsening)
    words = f"{new.name} ({_WORDS[new.mode]}) is {new.value:.4g}"
    return (
        ""
        if good
        else f"{words} after {old.value:.4g} of the latest good model, worse by more than "
        f"--max_worsening={max_worsening:g}"
    )
