"""Size, time, memory and quality of a model's TFLite files, as a table."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from stargan_tf.config.benchmark_tflite import BenchmarkTFLiteConfig
from stargan_tf.config.settings import check
from stargan_tf.files import write_text
from stargan_tf.serving.agreement import Probe, compare, make_probe, saved_model
from stargan_tf.serving.examples import find_images
from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.serving.publishing import TFLITE_FOLDER, versions
from stargan_tf.serving.tflite.interpreters import caller, open_file
from stargan_tf.serving.tflite.measurement import measure_apart

_SEED = 1  # other latents than those that the export was compared on
_COLUMNS = (
    ("file", "{:<16}"),
    ("runtime", "{:<11}"),
    ("size_mb", "{:>8.1f}"),
    ("median_ms", "{:>10.1f}"),
    ("p95_ms", "{:>8.1f}"),
    ("peak_memory_mb", "{:>15.0f}"),
    ("psnr_db", "{:>8.1f}"),
    ("max_difference", "{:>15.1e}"),
)


def benchmark(config: BenchmarkTFLiteConfig) -> str:
    """Measures every .tflite file of a version.

    Args:
      config: which and how; already validated.

    Returns:
      A table. Time is that of one call; memory what the interpreter adds; quality is
      against the SavedModel, all image signatures together, the worst of them.

    Raises:
      UserError: there are no such files.
    """
    base = Path(config.model)
    found = versions(base / TFLITE_FOLDER)
    check(
        bool(found),
        f"Found no TFLite files in {base / TFLITE_FOLDER}, expected version folders: export "
        "with --formats=saved_model,tflite.",
    )
    version = config.version or found[-1]
    check(
        version in found,
        f"Found versions {', '.join(map(str, found))} in {base / TFLITE_FOLDER}, expected "
        f"{version}: choose one of them.",
    )
    probe = _probe(config, base / str(version))
    files = sorted((base / TFLITE_FOLDER / str(version)).glob("*.tflite"), key=_size, reverse=True)
    tasks = [(file, runtime) for runtime in config.runtimes for file in files]
    rows = [_measure(file, runtime, config, probe) for file, runtime in tqdm(tasks, unit="file")]
    if config.out:
        heading = {"model": base.resolve().name, "version": version, "signature": config.signature}
        result = {**heading, "num_threads": config.num_threads, "files": rows}
        write_text(Path(config.out), json.dumps(result, indent=2) + "\n")
    title = f"{base.resolve().name} version {version}: {config.signature}, one image at a time, "
    title += f"{config.num_threads} threads, {config.runs} runs"
    if probe is None:
        title += "\n(no quality: that needs --data_dir and the SavedModel of the same version)"
    return f"{title}\n{_table(rows)}"


def _probe(config: BenchmarkTFLiteConfig, folder: Path) -> Probe | None:
    if not config.data_dir or not (folder / "saved_model.pb").exists():
        return None
    import tensorflow as tf

    info = ModelInfo.of_saved_model(folder)
    images = find_images(
        Path(config.data_dir), "val", info.domains, info.img_size, config.num_images
    )
    return make_probe(saved_model(tf.saved_model.load(str(folder)).signatures), info, images, _SEED)


def _measure(
    file: Path, runtime: str, config: BenchmarkTFLiteConfig, probe: Probe | None
) -> dict[str, Any]:
    cost = measure_apart(str(file), runtime, config.num_threads, config.signature, config.runs)
    row = {
        "file": file.name,
        "runtime": runtime,
        "size_mb": _size(file) / 1e6,
        "median_ms": 1e3 * float(np.median(cost.seconds)),
        "p95_ms": 1e3 * float(np.percentile(cost.seconds, 95)),
        "peak_memory_mb": cost.memory / 1e6,
    }
    if probe:
        interpreter = open_file(file, runtime=runtime, num_threads=config.num_threads)
        agreement = compare(caller(interpreter), probe)
        row |= {"psnr_db": agreement.psnr, "max_difference": agreement.worst}
    return row


def _size(file: Path) -> int:
    return file.stat().st_size


def _table(rows: list[dict[str, Any]]) -> str:
    columns = [(name, form) for name, form in _COLUMNS if name in rows[0]]
    # A column's heading is its name, as wide as the numbers beneath.
    widths = [form.split(":")[1].split(".")[0].rstrip("}") for _, form in columns]
    lines = [" ".join(f"{{:{w}}}".format(n) for (n, _), w in zip(columns, widths, strict=True))]
    lines += [" ".join(form.format(row[name]) for name, form in columns) for row in rows]
    return "\n".join(lines)
