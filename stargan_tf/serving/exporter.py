"""Exporting from beginning to end: trained networks in, checked version folders out."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import tensorflow as tf

from stargan_tf import __version__
from stargan_tf.algorithms.algorithm import Algorithm
from stargan_tf.algorithms.trained_model import TrainedModel
from stargan_tf.bars import bar
from stargan_tf.config.export import ExportConfig
from stargan_tf.config.settings import check
from stargan_tf.config.train import TrainConfig
from stargan_tf.errors import UserError
from stargan_tf.files import folder_written_whole, plain_path, write_text
from stargan_tf.locks import LOCK, exclusive_lock
from stargan_tf.models.folding import fold
from stargan_tf.serving import examples, model_card
from stargan_tf.serving.export_parity import (
    Agreement,
    Probe,
    call_networks,
    call_saved_model,
    compare,
    compare_encoded,
    make_probe,
)
from stargan_tf.serving.export_report import Exported, Result, report, within
from stargan_tf.serving.graph import ServingGraph, mean_codes
from stargan_tf.serving.inputs import example_inputs
from stargan_tf.serving.model_info import ModelInfo, describe
from stargan_tf.serving.onnx.packages import check_installed
from stargan_tf.serving.publishing import ONNX_FOLDER, TFLITE_FOLDER, next_version
from stargan_tf.serving.saved_model.graph import SavedModel
from stargan_tf.serving.saved_model.warmup import write_warmup_requests
from stargan_tf.serving.tflite.conversion import TFLiteConverter
from stargan_tf.serving.tflite.interpreters import caller, open_file

# What an export must come up to. Float models must compute the same; what more is
# rounded is judged by the images.
MAX_DIFFERENCE = {"saved_model": 1e-4, "onnx": 1e-3, "float32": 1e-3}
MIN_PSNR = {"float16": 45.0, "dynamic": 32.0, "int8": 28.0}
_BATCH_SIZES = (1, 5)  # of ONNX files, which take any; what is left is a third size
_SEED = 0


def export(config: ExportConfig, model: TrainedModel, version: int | None = None) -> Exported:
    """Writes a version of a model in every format that was asked for.

    Each is compared with the trained networks before it gets its name.

    Args:
      config: what to export; already validated.
      model: of a run, in float32; its networks are folded (`models.folding`).
      version: its number, by default the next free one.

    Raises:
      UserError: the data set does not fit the run, or an export that rounds nothing differs.
    """
    if "onnx" in config.formats:
        check_installed()
    out = Path(config.out)
    with exclusive_lock(out / LOCK, out, "export", "choose another --out"):
        return _export(config, model, version)


def _export(config: ExportConfig, model: TrainedModel, version: int | None) -> Exported:
    """Does the work of `export`, alone in its folder."""
    algorithm, networks = model.trained
    data_dirs = _data_dirs(config, algorithm.settings, len(model.label_sets))
    out = Path(config.out)
    info = _describe(config, model, algorithm, data_dirs, version or next_version(out))
    graph = ServingGraph(model.drawable, mean_codes(model.drawable, len(model.domains)))
    images = _images(data_dirs, "val", info, config.check_images)
    inputs = example_inputs(model.drawable, info, images, _SEED)
    probe = make_probe(call_networks(graph, algorithm.signatures(), info), info, inputs)
    for network in networks.values():
        fold(network)
    results = []
    with contextlib.ExitStack() as folders:
        # Left in reverse order: who sees the SavedModel finds the files there already.
        if "saved_model" in config.formats:
            folder = out / str(info.version)
            partial = folders.enter_context(folder_written_whole(folder))
            results.append(_write_saved_model(partial, folder, graph, algorithm, probe))
        if "tflite" in config.formats:
            folder = out / TFLITE_FOLDER / str(info.version)
            partial = folders.enter_context(folder_written_whole(folder))
            num = config.calibration_images if config.needs_calibration else 1
            images = _images(data_dirs, "train", info, num)
            inputs = example_inputs(model.drawable, info, images, _SEED)
            scratch = folders.enter_context(TemporaryDirectory())
            converter = TFLiteConverter(graph, algorithm, info, inputs, scratch)
            results += _write_tflite(partial, folder, config.tflite_types, converter, probe)
        if "onnx" in config.formats:
            folder = out / ONNX_FOLDER / str(info.version)
            partial = folders.enter_context(folder_written_whole(folder))
            results += _write_onnx(partial, folder, graph, algorithm, probe)
    return report(config, info, results, noise=not any(data_dirs))


def _write_saved_model(
    partial: Path, folder: Path, graph: ServingGraph, algorithm: Algorithm, probe: Probe
) -> Result:
    print("Writing the SavedModel ...", flush=True)
    with TemporaryDirectory() as assets:
        SavedModel(graph, algorithm.signatures(), probe.info, Path(assets)).save(partial)
    write_warmup_requests(partial, probe.info)
    card = model_card.model_card(probe.info, algorithm.settings, algorithm.remarks())
    write_text(partial / model_card.FILE, card)
    agreement = _check_saved_model(partial, probe)
    size = sum(path.stat().st_size for path in partial.rglob("*") if path.is_file())
    return Result(folder, size, within(agreement))


def _check_saved_model(folder: Path, probe: Probe) -> Agreement:
    with plain_path(folder) as path:
        functions = tf.saved_model.load(path).signatures
    agreement = compare(call_saved_model(functions), probe)
    _demand(agreement.worst <= MAX_DIFFERENCE["saved_model"], "The SavedModel", agreement)
    if probe.info.image_format == "png":
        difference = compare_encoded(functions, probe)
        check(
            difference <= 1,
            f"The SavedModel's images differ by up to {difference} of 255 levels from those of "
            "the trained networks, expected 1 at most: nothing was exported; please report it.",
        )
    return agreement


def _write_tflite(
    partial: Path,
    folder: Path,
    number_types: Sequence[str],
    converter: TFLiteConverter,
    probe: Probe,
) -> list[Result]:
    results = []
    for number_type in bar(number_types, desc="Writing the TFLite files", unit="file"):
        file = partial / f"{number_type}.tflite"
        file.write_bytes(converter.convert(number_type))
        size = file.stat().st_size
        agreement = compare(caller(open_file(file)), probe, converter.signatures)
        words, floor = f"PSNR {agreement.psnr:.1f} dB", None
        if number_type in MAX_DIFFERENCE:
            _demand(agreement.worst <= MAX_DIFFERENCE[number_type], file.name, agreement)
            words = within(agreement)
        elif not agreement.psnr >= MIN_PSNR[number_type]:  # NaN is no better
            floor = MIN_PSNR[number_type]
            file.unlink()
        results.append(Result(folder / file.name, size, words, floor))
    return results


def _write_onnx(
    partial: Path, folder: Path, graph: ServingGraph, algorithm: Algorithm, probe: Probe
) -> list[Result]:
    # Imported here, so that other formats need none of the packages.
    from stargan_tf.serving.onnx import sessions
    from stargan_tf.serving.onnx.conversion import ONNXConverter

    converter = ONNXConverter(graph, algorithm, probe.info)
    results = []
    for name in bar(converter.signatures, desc="Writing the ONNX files", unit="file"):
        file = partial / f"{name}.onnx"
        file.write_bytes(converter.convert(name))
        call = sessions.caller(sessions.open_file(file))
        agreements = [compare(call, probe, [name], size) for size in _BATCH_SIZES]
        for agreement in agreements:
            _demand(agreement.worst <= MAX_DIFFERENCE["onnx"], file.name, agreement)
        worst = max(agreements, key=lambda agreement: agreement.worst)
        results.append(Result(folder / file.name, file.stat().st_size, within(worst)))
    return results


def _demand(near_enough: bool, what: str, agreement: Agreement) -> None:
    check(
        near_enough,
        f"{what} differs by {agreement.worst:.1e} from the trained networks, more than rounding "
        "explains: nothing was exported; please report it.",
    )


def _data_dirs(config: ExportConfig, trained: TrainConfig, num_sets: int) -> list[Path | None]:
    """The data sets to use: the one that was named, else those of the run that are there.

    Returns:
      One for each that the model learned from, None where it is not at hand.

    Raises:
      UserError: there is none, and int8 cannot do without.
    """
    if config.data_dir:
        return [Path(config.data_dir), *[None] * (num_sets - 1)]
    folders = [trained.data_dir, trained.data_dir2][: max(1, num_sets)]
    found = [Path(folder) if folder and Path(folder).is_dir() else None for folder in folders]
    if config.needs_calibration and not any(found):
        raise UserError(
            f"Found no data set at {trained.data_dir}, where the run had its own, and int8 is "
            "calibrated on one: pass --data_dir, or leave int8 out of --tflite_types."
        )
    return found


def _images(data_dirs: Sequence[Path | None], split: str, info: ModelInfo, num: int) -> np.ndarray:
    """Images of the data sets that are at hand, as many of each; noise where none is."""
    found = [data_dir for data_dir in data_dirs if data_dir] or [None]
    each = -(-num // len(found))
    images = [
        examples.find_images(one, split, info.domains, info.img_size, each, info.label_sets)
        for one in found
    ]
    return np.concatenate(images)[:num]


def _describe(
    config: ExportConfig,
    model: TrainedModel,
    algorithm: Algorithm,
    data_dirs: Sequence[Path | None],
    version: int,
) -> ModelInfo:
    origin = examples.read_origin(*data_dirs)
    return ModelInfo(
        name=Path(config.out).resolve().name,
        version=version,
        domains=tuple(model.domains),
        img_size=model.drawable.img_size,
        latent_dim=model.drawable.latent_dim,
        style_dim=model.drawable.code_dim,
        step=model.step,
        image_format=config.image_format,
        licence=origin.licence,
        credits=origin.credits,
        stargan_tf=__version__,
        algorithm=algorithm.settings.algorithm,
        modes=model.drawable.modes,
        aligned_faces=model.aligned_faces,
        signatures=describe(algorithm.signatures()),
        label_sets=model.label_sets,
    )
