"""Size, time, memory and quality of a model's TFLite files, as a table."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.bars import bar
from stargan_tf.config.benchmark_tflite import BenchmarkTFLiteConfig
from stargan_tf.config.settings import check
from stargan_tf.files import write_text
from stargan_tf.serving.examples import find_images
from stargan_tf.serving.export_parity import Probe, call_saved_model, compare, make_probe
from stargan_tf.serving.exported import ExportedDrawing
from stargan_tf.serving.inputs import example_inputs
from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.serving.publishing import TFLITE_FOLDER, versions
from stargan_tf.serving.signatures import FLOAT_SUFFIX
from stargan_tf.serving.tflite.interpreters import caller, open_file
from stargan_tf.serving.tflite.measurement import measure_apart

_SEED = 1  # other latents than those that the export was compared on
_DEFAULT = "translate_latent_float"
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
      UserError: there are no such files, or they lack the signature.
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
    folder = base / TFLITE_FOLDER / str(version)
    files = sorted(folder.glob("*.tflite"), key=_size, reverse=True)
    check(bool(files), f"Found no .tflite files in {folder}, expected some: export again.")
    signature = _signature(config, files[0])
    probe = _probe(config, base / str(version))
    tasks = [(file, runtime) for runtime in config.runtimes for file in files]
    rows = [
        _measure(file, runtime, signature, config, probe)
        for file, runtime in bar(tasks, unit="file")
    ]
    if config.out:
        heading = {"model": base.resolve().name, "version": version, "signature": signature}
        result = {**heading, "num_threads": config.num_threads, "files": rows}
        write_text(Path(config.out), json.dumps(result, indent=2) + "\n")
    title = f"{base.resolve().name} version {version}: {signature}, one image at a time, "
    title += f"{config.num_threads} threads, {config.runs} runs"
    if probe is None:
        title += "\n(no quality: that needs --data_dir and the SavedModel of the same version)"
    return f"{title}\n{_table(rows)}"


def _signature(config: BenchmarkTFLiteConfig, file: Path) -> str:
    """The signature to time: the one that was named, else the usual one, else the first."""
    found = list(open_file(file, runtime=config.runtimes[0]).get_signature_list())
    if not config.signature:
        return _DEFAULT if _DEFAULT in found else found[0]
    check(
        config.signature in found,
        f"Found --signature={config.signature}, expected one of those in {file}, "
        f"{', '.join(found)}: choose one of them.",
    )
    return config.signature


def _probe(config: BenchmarkTFLiteConfig, folder: Path) -> Probe | None:
    if not config.data_dir or not (folder / "saved_model.pb").exists():
        return None
    info = ModelInfo.of_saved_model(folder)
    images = find_images(
        Path(config.data_dir),
        "val",
        info.domains,
        info.img_size,
        config.num_images,
        info.label_sets,
    )
    model = ExportedDrawing(folder, info)
    inputs = example_inputs(model, info, images, _SEED)
    return make_probe(call_saved_model(model.signatures), info, inputs)


def _measure(
    file: Path, runtime: str, signature: str, config: BenchmarkTFLiteConfig, probe: Probe | None
) -> dict[str, Any]:
    cost = measure_apart(str(file), runtime, config.num_threads, signature, config.runs)
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
        names = [key.removesuffix(FLOAT_SUFFIX) for key in interpreter.get_signature_list()]
        agreement = compare(caller(interpreter), probe, names)
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
