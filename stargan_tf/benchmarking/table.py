"""What was measured, as a table to read."""

from collections.abc import Callable, Sequence
from typing import Any

_GIB = 2**30

Row = dict[str, Any]


def _number(key: str, scale: float = 1.0, digits: int = 1) -> Callable[[Row], str]:
    """A cell with one number of a row, empty where the row has none."""

    def cell(row: Row) -> str:
        value = row.get(key)
        return "" if value is None else f"{value * scale:,.{digits}f}"

    return cell


def _spread(key: str, scale: float, digits: int) -> Callable[[Row], str]:
    """A cell with the two quartiles."""
    return lambda row: " - ".join(f"{value * scale:,.{digits}f}" for value in row[key])


def _total_operations(row: Row) -> str:
    return f"{sum(row['operations'].values()) / 1e9:,.2f}" if row["operations"] else ""


# Headings with what stands beneath; a column that is empty throughout is not shown.
_COLUMNS: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("ms", _number("median_seconds", 1e3, 2)),
    ("quartiles", _spread("quartiles_seconds", 1e3, 2)),
    ("first s", lambda row: f"{row['warm_up_seconds'][0]:,.1f}"),
    ("images/s", _number("images_per_second")),
    ("GFLOP", _total_operations),
    ("GFLOP/s", _number("operations_per_second", 1e-9)),
    ("limit ms", _number("limit_seconds", 1e3, 2)),
    ("of peak", _number("share_of_peak", 100, 0)),
    ("GB/s", _number("bytes_per_second", 1e-9)),
    ("host GiB", _number("host_peak_bytes", 1 / _GIB, 2)),
    ("device GiB", _number("device_peak_bytes", 1 / _GIB, 2)),
    ("file MB", _number("size_mb")),
    ("interpreter MB", _number("interpreter_mb")),
    ("PSNR dB", _number("psnr_db")),
    ("difference", lambda row: f"{row['max_difference']:.1e}" if "max_difference" in row else ""),
)
_COMPARED: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("ratio", _number("ratio_median", digits=3)),
    ("quartiles", _spread("ratio_quartiles", 1, 3)),
)
_MEMORY: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("program GiB", _number("program_bytes", 1 / _GIB, 2)),
    ("with state", _number("state_bytes", 1 / _GIB, 2)),
    ("peak", _number("peak_bytes", 1 / _GIB, 2)),
    ("device peak", _number("device_peak_bytes", 1 / _GIB, 2)),
    ("dry_run's estimate", _number("estimated_bytes", 1 / _GIB, 2)),
)


def table(found: dict[str, Any]) -> str:
    """Makes tables of what `report` returned."""
    blocks = [_heading(found)]
    variants = found["variants"]
    if len(variants) > 1:
        blocks.append("\n".join(_named(n, v["flags"]) for n, v in enumerate(variants)))
    if found["rows"]:
        blocks.append(_table(found["rows"], _label(len(variants)), _COLUMNS))
    if found["comparisons"]:
        label = _label(len(variants), " / A")
        blocks.append(_table(found["comparisons"], label, _COMPARED))
    if found["training_memory"]:
        rows = [{"what": "training", **row} for row in found["training_memory"]]
        blocks.append(_table(rows, _label(len(variants)), _MEMORY))
    return "\n\n".join(blocks)


def _heading(found: dict[str, Any]) -> str:
    machine, software = found["machine"], found["software"]
    memory = machine["memory_bytes"]
    facts = [
        machine["cpu"],
        f"{machine['usable_cores']} of {machine['cores']} cores",
        *([f"{memory / _GIB:.1f} GiB"] if memory else []),
        *machine["gpus"],
    ]
    versions = ", ".join(f"{name} {version}" for name, version in software.items())
    sets = ", ".join(machine["instruction_sets"]) or "unknown"
    load = found["load_average"]
    loads = [f"{load[when][0]:.1f} {when}" for when in ("before", "after") if load[when]]
    return "\n".join(
        [
            ", ".join(facts),
            f"instruction sets: {sets}",
            versions,
            f"median of {found['repeats']} repeats, after {found['warm_up']} that do not count; "
            f"load average: {', '.join(loads) or 'unknown'}",
        ]
    )


def _letter(variant: int) -> str:
    return chr(ord("A") + variant)


def _named(number: int, flags: str) -> str:
    return f"{_letter(number)}: {flags or 'no other flags'}" if number else "A: as given"


def _label(variants: int, suffix: str = "") -> Callable[[Row], str]:
    """What a row is called, with the letter of its settings where there are several."""

    def label(row: Row) -> str:
        return f"{row['what']}  {_letter(row['variant'])}{suffix}" if variants > 1 else row["what"]

    return label


def _table(
    rows: Sequence[Row],
    label: Callable[[Row], str],
    columns: Sequence[tuple[str, Callable[[Row], str]]],
) -> str:
    lines = [["", *(heading for heading, _ in columns)]]
    lines += [[label(row), *(cell(row) for _, cell in columns)] for row in rows]
    used = [i for i in range(len(lines[0])) if any(line[i] for line in lines[1:])]
    widths = {i: max(len(line[i]) for line in lines) for i in used}
    padded = [
        [line[i].rjust(widths[i]) if i else line[i].ljust(widths[i]) for i in used]
        for line in lines
    ]
    return "\n".join("  ".join(cells).rstrip() for cells in padded)
