"""Exporting from beginning to end: trained networks in, checked version folders out."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from stargan_tf import __version__
from stargan_tf.config.export import ExportConfig
from stargan_tf.config.settings import check
from stargan_tf.config.train import TrainConfig
from stargan_tf.errors import UserError
from stargan_tf.files import folder_written_whole
from stargan_tf.models.networks import TranslationNetworks
from stargan_tf.serving import examples
from stargan_tf.serving.agreement import (
    Agreement,
    Probe,
    compare,
    compare_encoded,
    make_probe,
    saved_model,
    trained_model,
)
from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.serving.publishing import TFLITE_FOLDER, next_version
from stargan_tf.serving.saved_model.graph import SavedModel
from stargan_tf.serving.saved_model.warmup import write_warmup_requests
from stargan_tf.serving.tflite.conversion import TFLiteConverter
from stargan_tf.serving.tflite.interpreters import caller, open_file
from stargan_tf.serving.translation import Translation

# What an export must come up to. Float models must compute the same; what more is
# rounded is judged by the pictures.
MAX_DIFFERENCE = {"saved_model": 1e-4, "float32": 1e-3}
MIN_PSNR = {"float16": 45.0, "dynamic": 32.0, "int8": 28.0}
_SEED = 0


class Trained(NamedTuple):
    """What is exported."""

    config: TrainConfig
    domains: tuple[str, ...]
    networks: TranslationNetworks  # in float32
    mean_styles: np.ndarray  # [K, style_dim] float32
    step: int


class _Result(NamedTuple):
    path: Path
    size: int  # bytes
    agreement: str


def export(config: ExportConfig, trained: Trained, version: int | None = None) -> str:
    """Writes a version of a model in every format that was asked for.

    Each is compared with the trained networks before it gets its name.

    Args:
      config: what to export; already validated.
      trained: the networks; they are folded (`TranslationNetworks.fold`).
      version: its number, by default the next free one.

    Returns:
      What was written, how large it is and how near it comes, in words.

    Raises:
      UserError: the data set does not fit the run, or an export does not come near enough.
    """
    data_dir = _data_dir(config, trained.config)
    out = Path(config.out)
    info = _describe(config, trained, data_dir, version or next_version(out))
    translation = Translation(trained.networks, trained.mean_styles)
    images = examples.find_images(data_dir, "val", info.domains, info.img_size, config.check_images)
    probe = make_probe(trained_model(translation), info, images, _SEED)
    trained.networks.fold()
    results = []
    with contextlib.ExitStack() as folders:
        # Left in reverse order: who sees the SavedModel finds the TFLite files there already.
        if "saved_model" in config.formats:
            folder = out / str(info.version)
            partial = folders.enter_context(folder_written_whole(folder))
            results.append(_write_saved_model(partial, folder, translation, info, probe))
        if "tflite" in config.formats:
            folder = out / TFLITE_FOLDER / str(info.version)
            partial = folders.enter_context(folder_written_whole(folder))
            num = config.calibration_images if config.needs_calibration else 1
            images = examples.find_images(data_dir, "train", info.domains, info.img_size, num)
            results += _write_tflite(
                partial, folder, config.tflite_types, translation, info, probe, images
            )
    return _summary(config, info, results, noise=data_dir is None)


def _write_saved_model(
    partial: Path, folder: Path, translation: Translation, info: ModelInfo, probe: Probe
) -> _Result:
    print("Writing the SavedModel ...", flush=True)
    with TemporaryDirectory() as assets:
        SavedModel(translation, info, Path(assets)).save(partial)
    write_warmup_requests(partial, info)
    agreement = _check_saved_model(partial, info, probe)
    size = sum(path.stat().st_size for path in partial.rglob("*") if path.is_file())
    return _Result(folder, size, _within(agreement))


def _check_saved_model(folder: Path, info: ModelInfo, probe: Probe) -> Agreement:
    functions = tf.saved_model.load(str(folder)).signatures
    agreement = compare(saved_model(functions), probe)
    _demand(agreement.worst <= MAX_DIFFERENCE["saved_model"], "The SavedModel", agreement)
    if info.image_format == "png":
        difference = compare_encoded(functions, probe)
        check(
            difference <= 1,
            f"The SavedModel's pictures differ by up to {difference} of 255 levels from those of "
            "the trained networks, expected 1 at most: nothing was exported; please report it.",
        )
    return agreement


def _write_tflite(
    partial: Path,
    folder: Path,
    number_types: Sequence[str],
    translation: Translation,
    info: ModelInfo,
    probe: Probe,
    calibration_images: np.ndarray,
) -> list[_Result]:
    converter = TFLiteConverter(
        translation,
        info,
        lambda: examples.calibration_inputs(translation, info, calibration_images),
    )
    results = []
    for number_type in tqdm(number_types, desc="Writing the TFLite files", unit="file"):
        file = partial / f"{number_type}.tflite"
        file.write_bytes(converter.convert(number_type))
        agreement = compare(caller(open_file(file)), probe)
        if number_type in MAX_DIFFERENCE:
            _demand(agreement.worst <= MAX_DIFFERENCE[number_type], file.name, agreement)
            words = _within(agreement)
        else:
            words = f"PSNR {agreement.psnr:.1f} dB"
            if agreement.psnr < MIN_PSNR[number_type]:
                words += f", below the {MIN_PSNR[number_type]:.0f} dB that are usual"
        results.append(_Result(folder / file.name, file.stat().st_size, words))
    return results


def _within(agreement: Agreement) -> str:
    return f"within {agreement.worst:.0e} of the trained networks"


def _demand(near_enough: bool, what: str, agreement: Agreement) -> None:
    check(
        near_enough,
        f"{what} differs by {agreement.worst:.1e} from the trained networks, more than rounding "
        "explains: nothing was exported; please report it.",
    )


def _data_dir(config: ExportConfig, trained: TrainConfig) -> Path | None:
    """The data set to use: the one that was named, else that of the run if it is there.

    Raises:
      UserError: there is none, and int8 cannot do without.
    """
    if config.data_dir:
        return Path(config.data_dir)
    if trained.data_dir and Path(trained.data_dir).is_dir():
        return Path(trained.data_dir)
    if config.needs_calibration:
        raise UserError(
            f"Found no data set at {trained.data_dir}, where the run had its own, and int8 is "
            "calibrated on one: pass --data_dir, or leave int8 out of --tflite_types."
        )
    return None


def _describe(
    config: ExportConfig, trained: Trained, data_dir: Path | None, version: int
) -> ModelInfo:
    origin = examples.read_origin(data_dir)
    return ModelInfo(
        name=Path(config.out).resolve().name,
        version=version,
        domains=tuple(trained.domains),
        img_size=trained.config.img_size,
        latent_dim=trained.config.latent_dim,
        style_dim=trained.config.style_dim,
        step=trained.step,
        image_format=config.image_format,
        licence=origin.licence,
        credits=origin.credits,
        stargan_tf=__version__,
    )


def _summary(
    config: ExportConfig, info: ModelInfo, results: Sequence[_Result], *, noise: bool
) -> str:
    lines = [f"Exported {info.name} version {info.version}:"]
    width = max(len(str(result.path)) for result in results)
    for path, size, agreement in results:
        lines.append(f"  {path!s:{width}}  {size / 1e6:6.1f} MB  {agreement}")
    if noise:
        lines.append("Compared on noise, for want of the data set: pass --data_dir to do better.")
    if "saved_model" in config.formats:
        lines.append(f"Serve it: python -m stargan_tf.serve --models_dir={Path(config.out).parent}")
    return "\n".join(lines)
