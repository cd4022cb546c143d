"""What became of an export, in words."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from stargan_tf.config.export import ExportConfig
from stargan_tf.serving.export_parity import Agreement
from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.shell import command


class Exported(NamedTuple):
    """What became of an export.

    Attributes:
      summary: what was written, how large it is and how near it comes, in words.
      rejected: a sentence about the files that do not come near enough and were not written;
        empty if there are none.
    """

    summary: str
    rejected: str


class Result(NamedTuple):
    """What became of one SavedModel or file.

    Attributes:
      path: where it is when the export is whole.
      size: in bytes.
      agreement: with the trained networks, in words.
      floor: the decibels that it misses, where it is rejected.
    """

    path: Path
    size: int
    agreement: str
    floor: float | None = None


def within(agreement: Agreement) -> str:
    """How near a model comes that rounds nothing."""
    if agreement.worst == 0:
        return "equal to the trained networks"
    return f"within {agreement.worst:.0e} of the trained networks"


def report(
    config: ExportConfig, info: ModelInfo, results: Sequence[Result], *, noise: bool
) -> Exported:
    """Puts an export into words.

    Args:
      config: what was asked for.
      info: of the model.
      results: all that was made, also what is rejected.
      noise: whether it was compared on noise.
    """
    written = [result for result in results if result.floor is None]
    summary = _summary(config, info, written, noise=noise)
    return Exported(summary, _rejection([result for result in results if result.floor]))


def _rejection(rejected: Sequence[Result]) -> str:
    if not rejected:
        return ""
    found = ", ".join(
        f"{r.path.name} ({r.agreement}, expected at least {r.floor:g} dB)" for r in rejected
    )
    types = ", ".join(result.path.stem for result in rejected)
    return (
        f"Rejected {found}, and wrote everything else: train longer, calibrate int8 on more images "
        f"(--calibration_images), or take {types} out of --tflite_types."
    )


def _summary(
    config: ExportConfig, info: ModelInfo, results: Sequence[Result], *, noise: bool
) -> str:
    if not results:
        return f"Nothing of {info.name} was exported."
    lines = [f"Exported {info.name} version {info.version}:"]
    width = max(len(str(result.path)) for result in results)
    for path, size, agreement, _ in results:
        lines.append(f"  {path!s:{width}}  {size / 1e6:6.1f} MB  {agreement}")
    if noise:
        lines.append("Compared on noise, for want of the data set: pass --data_dir to do better.")
    if "saved_model" in config.formats:
        lines.append(f"Serve it: {command('serve', models_dir=Path(config.out).parent)}")
    return "\n".join(lines)
