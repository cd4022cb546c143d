"""What was measured, as a table to read."""

from collections.abc import Callable, Sequence
from typing import Any

GIB = 2**30

Row = dict[str, Any]


def number(key: str, scale: float = 1.0, digits: int = 1) -> Callable[[Row], str]:
    """A cell with one number of a row, empty where the row has none."""

    def cell(row: Row) -> str:
        value = row.get(key)
        return "" if value is None else f"{value * scale:,.{digits}f}"

    return cell


def spread(key: str, scale: float, digits: int) -> Callable[[Row], str]:
    """A cell with the two quartiles."""
    return lambda row: " - ".join(f"{value * scale:,.{digits}f}" for value in row[key])


def _total_operations(row: Row) -> str:
    return f"{sum(row['operations'].values()) / 1e9:,.2f}" if row["operations"] else ""


_ONEDNN = {"0": "off", "false": "off", "1": "on", "true": "on"}
# Headings with what stands beneath; a column that is empty throughout is not shown.
_COLUMNS: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("ms", number("median_seconds", 1e3, 2)),
    ("quartiles", spread("quartiles_seconds", 1e3, 2)),
    ("first s", lambda row: f"{row['warm_up_seconds'][0]:,.1f}"),
    ("images/s", number("images_per_second")),
    ("GFLOP", _total_operations),
    ("GFLOP/s", number("operations_per_second", 1e-9)),
    ("limit ms", number("limit_seconds", 1e3, 2)),
    ("of peak", number("share_of_peak", 100, 0)),
    ("GB/s", number("bytes_per_second", 1e-9)),
    ("host GiB", number("host_peak_bytes", 1 / GIB, 2)),
    ("device GiB", number("device_peak_bytes", 1 / GIB, 2)),
    ("file MB", number("size_mb")),
    ("interpreter MB", number("interpreter_mb")),
    ("PSNR dB", number("psnr_db")),
    ("difference", lambda row: f"{row['max_difference']:.1e}" if "max_difference" in row else ""),
)
_COMPARED: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("ratio", number("ratio_median", digits=3)),
    ("quartiles", spread("ratio_quartiles", 1, 3)),
)
_ALONE: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("ms", number("whole_seconds", 1e3, 2)),
    ("operations alone, ms", number("median_seconds", 1e3, 2)),
    ("share", number("share_of_whole", digits=2)),
    ("limit ms", number("limit_seconds", 1e3, 2)),
    ("of peak", number("share_of_peak", 100, 0)),
)
_MEMORY: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("program GiB", number("program_bytes", 1 / GIB, 2)),
    ("with state", number("state_bytes", 1 / GIB, 2)),
    ("peak", number("peak_bytes", 1 / GIB, 2)),
    ("device peak", number("device_peak_bytes", 1 / GIB, 2)),
    ("dry_run's estimate", number("estimated_bytes", 1 / GIB, 2)),
)


def table(found: dict[str, Any]) -> str:
    """Makes tables of what `report` returned."""
    blocks = [heading(found)]
    variants = found["variants"]
    if len(variants) > 1:
        blocks.append("\n".join(_named(n, v["flags"]) for n, v in enumerate(variants)))
    if found["rows"]:
        blocks.append(aligned(found["rows"], _label(len(variants)), _COLUMNS))
    if found["alone"]:
        blocks.append(aligned(found["alone"], _label(len(variants)), _ALONE))
    if found["comparisons"]:
        label = _label(len(variants), " / A")
        blocks.append(aligned(found["comparisons"], label, _COMPARED))
    if found["training_memory"]:
        rows = [{"what": "training", **row} for row in found["training_memory"]]
        blocks.append(aligned(rows, _label(len(variants)), _MEMORY))
    return "\n\n".join(blocks)


def heading(found: dict[str, Any]) -> str:
    """Says what was measured on, with which versions, how often, and how busy the machine was."""
    machine, software = found["machine"], found["software"]
    memory = machine["memory_bytes"]
    facts = [
        machine["cpu"],
        f"{machine['usable_cores']} of {machine['cores']} cores",
        *([f"{memory / GIB:.1f} GiB"] if memory else []),
        *machine["gpus"],
    ]
    versions = ", ".join(f"{name} {version}" for name, version in software.items())
    sets = ", ".join(machine["instruction_sets"]) or "unknown"
    onednn = _ONEDNN.get(machine["onednn"].lower(), "as TensorFlow decides")
    load = found["load_average"]
    loads = [f"{load[when][0]:.1f} {when}" for when in ("before", "after") if load[when]]
    return "\n".join(
        [
            ", ".join(facts),
            f"instruction sets: {sets}; oneDNN {onednn}",
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


def aligned(
    rows: Sequence[Row],
    label: Callable[[Row], str],
    columns: Sequence[tuple[str, Callable[[Row], str]]],
) -> str:
    """A table with a line for each row.

    Args:
      rows: at least one.
      label: what a line begins with.
      columns: titles with what makes the cells beneath; those with empty cells alone are left out.
    """
    lines = [["", *(title for title, _ in columns)]]
    lines += [[label(row), *(cell(row) for _, cell in columns)] for row in rows]
    used = [i for i in range(len(lines[0])) if any(line[i] for line in lines[1:])]
    widths = {i: max(len(line[i]) for line in lines) for i in used}
    padded = [
        [line[i].rjust(widths[i]) if i else line[i].ljust(widths[i]) for i in used]
        for line in lines
    ]
    return "\n".join("  ".join(cells).rstrip() for cells in padded)
