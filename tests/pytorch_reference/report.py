"""From the runs of both sides to medians and ratios: what the JSON file and the table hold."""

from collections.abc import Sequence

import numpy as np

from stargan_tf.benchmarking.table import GIB, Row, aligned, heading, number, spread
from tests.pytorch_reference.job import Results

FORMAT = 1  # raised when a key changes its meaning
_QUARTILES = (25, 75)

_ROWS = (
    ("ms", number("median_seconds", 1e3, 2)),
    ("quartiles", spread("quartiles_seconds", 1e3, 2)),
    ("first s", lambda row: f"{row['warm_up_seconds'][0]:,.1f}"),
    ("images/s", number("images_per_second")),
    ("GFLOP", number("operations", 1e-9, 2)),
    ("GFLOP/s", number("operations_per_second", 1e-9)),
    ("threads", number("threads", digits=0)),
    ("program GiB", number("program_bytes", 1 / GIB, 2)),
    ("with state", number("state_bytes", 1 / GIB, 2)),
    ("peak", number("peak_bytes", 1 / GIB, 2)),
    ("peak added", number("added_bytes", 1 / GIB, 2)),
)
_RATIOS = (
    ("time", number("ratio_median", digits=3)),
    ("quartiles", spread("ratio_quartiles", 1, 3)),
    ("GFLOP", number("operations_ratio", digits=3)),
    ("peak added", number("added_bytes_ratio", digits=3)),
    ("results differ by", lambda row: f"{row['difference']:.1e}"),
    ("before any step", lambda row: _exponent(row["difference_at_first"])),
)


def _exponent(value: float | None) -> str:
    return "" if value is None else f"{value:.1e}"


def row(what: str, side: str, facts: Row, seconds: Sequence[float], images: int) -> Row:
    """What is known of one side.

    Args:
      what: was timed.
      side: its name.
      facts: see `serve`.
      seconds: of each run.
      images: that a run works on.
    """
    median = float(np.median(seconds))
    memory = {key: facts[key] for key in ("program_bytes", "state_bytes", "peak_bytes")}
    known = None not in memory.values()
    return {
        "what": what,
        "side": side,
        "median_seconds": median,
        "quartiles_seconds": _quartiles(seconds),
        "seconds": list(seconds),
        "warm_up_seconds": facts["warm_up_seconds"],
        "images_per_second": images / median,
        "operations": facts["operations"],
        "operations_per_second": facts["operations"] / median,
        "threads": facts["threads"],
        "software": facts["software"],
        **memory,
        "added_bytes": memory["peak_bytes"] - memory["program_bytes"] if known else None,
    }


def comparison(ours: Row, theirs: Row, gap: float, gap_at_first: float | None) -> Row:
    """Ratios of two of `row`, ours to theirs; those of the time round by round.

    Args:
      ours: of stargan_tf.
      theirs: of PyTorch.
      gap: of `difference`.
      gap_at_first: of the losses that come before any optimizer's step; None where there are none.
    """
    ratios = np.array(ours["seconds"]) / np.array(theirs["seconds"])
    known = ours["added_bytes"] is not None
    return {
        "what": ours["what"],
        "ratio_median": float(np.median(ratios)),
        "ratio_quartiles": _quartiles(ratios),
        "ratios": ratios.tolist(),
        "operations_ratio": ours["operations"] / theirs["operations"],
        "added_bytes_ratio": ours["added_bytes"] / theirs["added_bytes"] if known else None,
        "difference": gap,
        "difference_at_first": gap_at_first,
    }


def difference(ours: Results, theirs: Results) -> float:
    """By how much results differ at most: numbers relatively, lists by their deviation."""
    assert set(ours) == set(theirs)
    found = []
    for name, value in theirs.items():
        scale = np.std(value) if isinstance(value, list) else abs(value)
        gaps = np.abs(np.subtract(ours[name], value))
        found.append(float(np.max(gaps) / max(scale, np.finfo(np.float32).tiny)))
    return float(np.max(found))  # NaN, if one is


def table(found: Row) -> str:
    """Tables of everything that was measured."""
    blocks = [
        heading(found),
        aligned(found["rows"], lambda row: f"{row['what']}  {row['side']}", _ROWS),
        aligned(found["comparisons"], lambda row: f"{row['what']}  ratio", _RATIOS),
    ]
    return "\n\n".join(blocks)


def _quartiles(values: Sequence[float]) -> list[float]:
    return [float(value) for value in np.percentile(values, _QUARTILES)]
