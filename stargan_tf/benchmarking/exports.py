"""The files of an exported model, called on one image: SavedModel, TFLite and ONNX."""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from stargan_tf.benchmarking.operations import Operations, count_operations
from stargan_tf.benchmarking.work import Work, timed
from stargan_tf.config.benchmark import ALL, EXPORTS, ONNX, SAVED_MODEL, TFLITE, ExportedModelConfig
from stargan_tf.config.settings import check
from stargan_tf.serving.examples import find_images
from stargan_tf.serving.export_parity import Probe, call_saved_model, compare, make_probe
from stargan_tf.serving.exported import ExportedDrawing
from stargan_tf.serving.inputs import encoded, example_inputs
from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.serving.onnx.packages import check_installed
from stargan_tf.serving.publishing import ONNX_FOLDER, TFLITE_FOLDER, versions
from stargan_tf.serving.signatures import DEFAULT, FLOAT_SUFFIX
from stargan_tf.serving.tflite.interpreters import caller, open_file
from stargan_tf.serving.tflite.measurement import memory_apart, noise

_SEED = 1  # other latents than those that the export was compared on
_USUAL = f"translate_latent{FLOAT_SUFFIX}"
_SUBFOLDERS = {SAVED_MODEL: "", TFLITE: TFLITE_FOLDER, ONNX: ONNX_FOLDER}
_NAMES = {SAVED_MODEL: "a SavedModel", TFLITE: "TFLite files", ONNX: "ONNX files"}
_MEGABYTE = 1e6


def formats_of(config: ExportedModelConfig) -> tuple[str, ...]:
    """The formats that a model has, in the version that is meant."""
    version = _version(config, EXPORTS)
    return tuple(name for name in EXPORTS if version in versions(_base(config, name)))


def export_works(
    config: ExportedModelConfig, formats: Collection[str], data_dir: str = ""
) -> Iterator[Work]:
    """Works of all files of some formats.

    Args:
      config: which model; already validated.
      formats: parts of EXPORTS.
      data_dir: what prepare_data wrote, for the quality of TFLite files; empty for none.

    Raises:
      UserError: there are no such files, or they lack the signature.
    """
    makers = {SAVED_MODEL: _saved_model, TFLITE: _tflite, ONNX: _onnx}
    for name in formats:
        folder = _base(config, name) / str(_version(config, (name,)))
        yield from makers[name](config, folder, data_dir)


def saved_model_folder(config: ExportedModelConfig) -> Path:
    """The SavedModel that is meant; raises UserError where there is none."""
    return _base(config, SAVED_MODEL) / str(_version(config, (SAVED_MODEL,)))


def _base(config: ExportedModelConfig, format_name: str) -> Path:
    return Path(config.model) / _SUBFOLDERS[format_name]


def _version(config: ExportedModelConfig, formats: Collection[str]) -> int:
    """The version that is meant, of those that any of the formats has."""
    found = sorted({v for name in formats for v in versions(_base(config, name))})
    place = _base(config, formats[0]) if len(formats) == 1 else config.model
    what = _NAMES[formats[0]] if len(formats) == 1 else "exported files"
    option = f"--formats={formats[0]}" if len(formats) == 1 else "python -m stargan_tf.export"
    check(
        bool(found),
        f"Found no {what.removeprefix('a ')} in {place}, expected version folders: export with "
        f"{option}.",
    )
    version = config.version or found[-1]
    check(
        version in found,
        f"Found versions {', '.join(map(str, found))} in {place}, expected {version}: choose one "
        "of them.",
    )
    return version


def _chosen(config: ExportedModelConfig, found: Collection[str], where: Path) -> list[str]:
    """The signatures to call, of those that a file has."""
    if config.signature == ALL:
        return list(found)
    if not config.signature:
        return [_USUAL if _USUAL in found else next(iter(found))]
    check(
        config.signature in found,
        f"Found --signature={config.signature}, expected one of those in {where}, "
        f"{', '.join(found)}: choose one of them.",
    )
    return [config.signature]


def _saved_model(config: ExportedModelConfig, folder: Path, data_dir: str) -> Iterator[Work]:
    info = ModelInfo.of_saved_model(folder)
    model = ExportedDrawing(folder, info)
    functions = {name: f for name, f in model.signatures.items() if name != DEFAULT}
    # Those on float images first: one of them is the usual one where translate_latent is not.
    names = sorted(functions, key=lambda name: not name.endswith(FLOAT_SUFFIX))
    images = find_images(
        Path(data_dir) if data_dir else None, "val", info.domains, info.img_size, 1, info.label_sets
    )
    inputs = example_inputs(model, info, images, _SEED)

    def work(name: str) -> Work:
        bare = name.removesuffix(FLOAT_SUFFIX)
        own = {key: inputs[key] for key in info.signatures[bare].inputs}
        tensors = own if name != bare else encoded(own, info)
        tensors = {key: tf.constant(value) for key, value in tensors.items()}
        return Work(
            what=f"{SAVED_MODEL} {name}",
            run=timed(lambda: functions[name](**tensors)),
            images=1,
            operations=_operations(functions[name]),
            details={"size_mb": _size_of_folder(folder)},
        )

    yield from map(work, _chosen(config, names, folder))


def _operations(function: Any) -> Operations | None:
    try:
        return count_operations(function, batch_size=1)
    except ValueError:  # shapes that nobody knows, as in graphs of other programs
        return None


def _tflite(config: ExportedModelConfig, folder: Path, data_dir: str) -> Iterator[Work]:
    files = sorted(folder.glob("*.tflite"), key=_size, reverse=True)
    check(bool(files), f"Found no .tflite files in {folder}, expected some: export again.")
    probe = _probe(config, Path(config.model) / folder.name, data_dir)
    for runtime in config.runtimes:
        for file in files:
            interpreter = open_file(file, runtime=runtime, num_threads=config.num_threads)
            quality = _quality(interpreter, probe) if probe else {}
            signatures = interpreter.get_signature_list()
            for name in _chosen(config, list(signatures), file):
                memory = memory_apart(str(file), runtime, config.num_threads, name)
                details = {"interpreter_mb": memory / _MEGABYTE, "size_mb": _size(file)}
                run = _call(caller(interpreter), name, noise(interpreter, name))
                what = f"{TFLITE} {file.name} {name} in {runtime}"
                yield Work(what, run, images=1, details=details | quality)


def _call(
    call: Callable[[str, dict[str, np.ndarray]], np.ndarray],
    signature: str,
    inputs: dict[str, np.ndarray],
) -> Callable[[], float]:
    return timed(lambda: call(signature, inputs))


def _probe(config: ExportedModelConfig, folder: Path, data_dir: str) -> Probe | None:
    """What TFLite files are compared with: the SavedModel of their version, where there is one."""
    if not data_dir or not (folder / "saved_model.pb").exists():
        return None
    info = ModelInfo.of_saved_model(folder)
    images = find_images(
        Path(data_dir), "val", info.domains, info.img_size, config.num_images, info.label_sets
    )
    model = ExportedDrawing(folder, info)
    inputs = example_inputs(model, info, images, _SEED)
    return make_probe(call_saved_model(model.signatures), info, inputs)


def _quality(interpreter: Any, probe: Probe) -> dict[str, float]:
    """Of all signatures of a file, the worst of them."""
    names = [key.removesuffix(FLOAT_SUFFIX) for key in interpreter.get_signature_list()]
    agreement = compare(caller(interpreter), probe, names)
    return {"psnr_db": agreement.psnr, "max_difference": agreement.worst}


def _onnx(config: ExportedModelConfig, folder: Path, data_dir: str) -> Iterator[Work]:
    del data_dir
    check_installed(f"--what={ONNX}")
    # Imported here, so that other formats need none of the packages.
    from stargan_tf.serving.onnx import sessions

    files = {path.stem + FLOAT_SUFFIX: path for path in sorted(folder.glob("*.onnx"))}
    check(bool(files), f"Found no .onnx files in {folder}, expected some: export again.")
    for name in _chosen(config, list(files), folder):
        session = sessions.open_file(files[name], num_threads=config.num_threads)
        inputs = sessions.noise(session)
        run = _call(sessions.caller(session), name, inputs)
        details = {"size_mb": _size(files[name])}
        yield Work(f"{ONNX} {name}", run, images=1, details=details)


def _size(file: Path) -> float:
    return file.stat().st_size / _MEGABYTE


def _size_of_folder(folder: Path) -> float:
    return sum(_size(path) for path in folder.rglob("*") if path.is_file())
