"""From repeats to medians, shares of the machine's peak and ratios: what the JSON file holds."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from stargan_tf.benchmarking.machine import machine, software
from stargan_tf.benchmarking.peak import PRODUCT
from stargan_tf.benchmarking.work import Measured
from stargan_tf.config.benchmark import BenchmarkConfig, Variant

FORMAT = 1  # raised when a key changes its meaning
_QUARTILES = (25, 75)


def report(
    config: BenchmarkConfig,
    variants: Sequence[Variant],
    measured: Sequence[Measured],
    memory: Sequence[Mapping[str, Any]],
    load: Sequence[list[float] | None],
) -> dict[str, Any]:
    """Makes everything that was measured one JSON object.

    Args:
      config: how it was measured.
      variants: the settings; the first is the one that others are compared with.
      measured: works of all variants, their repeats in the same rounds.
      memory: of training in a process of its own, by variant; empty where it was not measured.
      load: the load averages before and after.
    """
    rates = _peak_rates(measured)
    return {
        "format": FORMAT,
        "machine": machine(),
        "software": software(),
        "load_average": {"before": load[0], "after": load[-1]},
        "repeats": config.repeats,
        "warm_up": config.warm_up,
        "variants": [
            {
                "flags": variant.flags,
                "training": dataclasses.asdict(variant.training),
                "exported": dataclasses.asdict(variant.exported),
            }
            for variant in variants
        ],
        "rows": [_row(one, rates) for one in measured],
        "alone": _alone(measured, rates),
        "comparisons": _comparisons(variants, measured),
        "training_memory": [{"variant": number, **found} for number, found in enumerate(memory)],
    }


def _peak_rates(measured: Sequence[Measured]) -> dict[str, np.ndarray]:
    """Operations per second of the large matrix product, by dtype, in each round."""
    return {
        dtype: count / np.array(one.seconds)
        for one in measured
        for dtype, count in (one.work.operations or {}).items()
        if one.work.what == PRODUCT.format(dtype)
    }


def _row(measured: Measured, rates: Mapping[str, np.ndarray]) -> dict[str, Any]:
    work, seconds = measured.work, np.array(measured.seconds)
    median = float(np.median(seconds))
    row: dict[str, Any] = {
        "what": work.what,
        "variant": work.variant,
        "median_seconds": median,
        "quartiles_seconds": _quartiles(seconds),
        "seconds": measured.seconds,
        "warm_up_seconds": measured.warm_up,
        "images_per_second": work.images / median if work.images else None,
        "bytes_per_second": work.moved_bytes / median if work.moved_bytes else None,
        "operations": work.operations,
        "operations_per_second": None,
        "limit_seconds": None,
        "share_of_peak": None,
        "host_peak_bytes": measured.memory.host,
        "device_peak_bytes": measured.memory.device,
        **work.details,
    }
    if work.operations:
        row["operations_per_second"] = sum(work.operations.values()) / median
        row |= _beside_peak(seconds, work.operations, rates)
    return row


def _beside_peak(
    seconds: np.ndarray, operations: Mapping[str, int], rates: Mapping[str, np.ndarray]
) -> dict[str, float | None]:
    """How long operations would take at the machine's peak, and that as a share of the seconds."""
    if not set(operations) <= set(rates):
        return {"limit_seconds": None, "share_of_peak": None}
    # Of each round by its own peak, for another process may have slowed down both.
    limits = sum(count / rates[dtype] for dtype, count in operations.items())
    return {
        "limit_seconds": float(np.median(limits)),
        "share_of_peak": float(np.median(limits / seconds)),
    }


def _alone(measured: Sequence[Measured], rates: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """What the parts of a work take together, each measured alone, beside the whole."""
    found = []
    for whole in measured:
        name, variant = whole.work.what, whole.work.variant
        parts = [m for m in measured if (m.work.part_of, m.work.variant) == (name, variant)]
        if parts:
            seconds = np.sum([part.seconds for part in parts], axis=0)
            operations = sum((Counter(part.work.operations) for part in parts), Counter())
            found.append(
                {
                    "what": name,
                    "variant": variant,
                    "whole_seconds": float(np.median(whole.seconds)),
                    "median_seconds": float(np.median(seconds)),
                    "share_of_whole": float(np.median(seconds / np.array(whole.seconds))),
                    **_beside_peak(seconds, operations, rates),
                }
            )
    return found


def _comparisons(variants: Sequence[Variant], measured: Sequence[Measured]) -> list[dict[str, Any]]:
    """The ratios of each variant's seconds to the first one's, round by round."""
    first = {one.work.what: one for one in measured if one.work.variant == 0}
    comparisons = []
    for one in measured:
        other = first.get(one.work.what)
        if one.work.variant and other:
            ratios = np.array(one.seconds) / np.array(other.seconds)
            comparisons.append(
                {
                    "what": one.work.what,
                    "variant": one.work.variant,
                    "flags": variants[one.work.variant].flags,
                    "ratio_median": float(np.median(ratios)),
                    "ratio_quartiles": _quartiles(ratios),
                    "ratios": ratios.tolist(),
                }
            )
    return comparisons


def _quartiles(values: np.ndarray) -> list[float]:
    return [float(value) for value in np.percentile(values, _QUARTILES)]
