"""What `align` says of a folder: a line for each image that needs one, and a summary."""

import collections
import json
from collections.abc import Sequence
from pathlib import Path

from stargan_tf.config.align import AlignConfig
from stargan_tf.faces.journal import Entry
from stargan_tf.files import MAX_NAME_BYTES, short_name, write_text
from stargan_tf.shell import command

SUFFIX = ".report.jsonl"


def report_path(output: Path) -> Path:
    """Where the report of an output folder is: beside it, where nothing takes it for an image."""
    output = output.absolute()
    return output.with_name(short_name(output.name, MAX_NAME_BYTES - 32) + SUFFIX)


def write_report(output: Path, entries: Sequence[Entry]) -> None:
    """Writes the report, or removes an earlier one where there is nothing to say."""
    lines = [_line(entry) for entry in entries if entry.remarks]
    if lines:
        write_text(report_path(output), "".join(lines))
    else:
        report_path(output).unlink(missing_ok=True)


def summary(config: AlignConfig, entries: list[Entry]) -> str:
    """A few lines for people: counts, reasons, place and the next command."""
    aligned = [entry for entry in entries if not entry.rejected]
    faces = sum(len(entry.outputs) for entry in aligned)
    lines = [
        f"Aligned {faces:,} face{'s' * (faces != 1)} of {len(aligned):,} of {len(entries):,} "
        f"images: {config.output_dir}"
    ]
    for title, some in (
        ("rejected", [entry for entry in entries if entry.rejected]),
        ("remarked", [entry for entry in aligned if entry.remarks]),
    ):
        kinds = collections.Counter(kind for e in some for kind in {_kind(r) for r in e.remarks})
        counts = ", ".join(f"{kind} {count:,}" for kind, count in kinds.most_common())
        if some:
            lines.append(f"  {title}: {len(some):,} ({counts})")
    if any(entry.remarks for entry in entries):
        lines.append(f"  listed in {report_path(Path(config.output_dir))}")
    if len({Path(name).parent for entry in aligned for name in entry.outputs}) > 1:
        next_command = command(
            "prepare_data", source="folder", input_dir=config.output_dir, output_dir="data/faces"
        )
        lines.append(f"Next: {next_command}")
    return "\n".join(lines)


def _line(entry: Entry) -> str:
    values = {
        "file": entry.file,
        "outcome": "rejected" if entry.rejected else "aligned",
        "reason": "; ".join(entry.remarks),
    }
    return json.dumps(values, ensure_ascii=not entry.file.isprintable()) + "\n"


def _kind(remark: str) -> str:
    """A remark without what differs from image to image."""
    return remark.partition(":")[0]
