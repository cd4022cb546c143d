"""What `prepare_data` says at the end, and what it keeps others from saying before."""

import logging
import shlex
from collections.abc import Sequence

from stargan_tf.data.schema import DatasetInfo


def quieten() -> None:
    """Holds down the chatter of Beam and tensorflow-datasets; flags.py does that of TensorFlow."""
    # Beam logs the errors that it raises in the end anyway.
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    logging.getLogger().setLevel(logging.ERROR)


def summary(info: DatasetInfo, output_dir: str) -> str:
    """A few lines for people: counts, place, size and the next command."""
    width = max(len(group) for group in info.groups)
    lines = [f"{info.name} is ready in {output_dir}:"]
    for group in info.groups:
        counts = ", ".join(
            f"{by_group[group]:,} {split}" for split, by_group in info.counts.items()
        )
        lines.append(f"  {group:<{width}}  {counts}")
    width = max((len(name) for name in info.attributes), default=0)
    for name in info.attributes:
        counts = ", ".join(
            f"{by_name[name]:,} {split}" for split, by_name in info.positives.items()
        )
        lines.append(f"  {name:<{width}}  true of {counts}")
    for names in info.exclusive:
        lines.append(f"  at most one is true: {', '.join(names)}")
    megabytes = sum(sum(sizes.values()) for sizes in info.encoded_bytes.values()) / 1e6
    size = f"{info.img_size}x{info.img_size}" if info.img_size else "their own size"
    lines.append(f"  {megabytes:,.1f} MB, images at {size}; licence: {info.licence}")
    if info.rejected:
        lines.append(f"  rejected: {info.rejected:,}, listed in {output_dir}/rejected.jsonl")
    lines.append(f"Next: {_next_command(info, output_dir)}")
    return "\n".join(lines)


def _next_command(info: DatasetInfo, output_dir: str) -> str:
    words: Sequence[str] = (
        "python",
        "-m",
        "stargan_tf.train",
        f"--data_dir={output_dir}",
        "--run_dir=runs/first",
        f"--img_size={info.training_size}",
        *(("--algorithm=stargan",) if info.attributes else ()),  # which alone learns them
    )
    return shlex.join(words)
