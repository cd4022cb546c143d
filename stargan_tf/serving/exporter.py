"""Exporting from beginning to end: trained networks in, checked version folders out."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from stargan_tf import __version__
from stargan_tf.algorithms.algorithm import Algorithm
from stargan_tf.algorithms.trained_model import TrainedModel
from stargan_tf.config.export import ExportConfig
from stargan_tf.files import folder_written_whole
from stargan_tf.locks import LOCK, exclusive_lock
from stargan_tf.models.folding import fold
from stargan_tf.serving import examples
from stargan_tf.serving.data_dirs import find_data_dirs
from stargan_tf.serving.export_parity import call_networks, make_probe
from stargan_tf.serving.export_report import Exported, report
from stargan_tf.serving.formats import write_onnx, write_saved_model, write_tflite
from stargan_tf.serving.graph import ServingGraph, mean_codes
from stargan_tf.serving.inputs import example_inputs
from stargan_tf.serving.model_info import ModelInfo, describe
from stargan_tf.serving.onnx.packages import check_installed
from stargan_tf.serving.precision import in_bfloat16
from stargan_tf.serving.publishing import ONNX_FOLDER, TFLITE_FOLDER, next_version
from stargan_tf.serving.tflite.conversion import TFLiteConverter

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
    data_dirs = find_data_dirs(config, algorithm.settings, len(model.label_sets))
    out = Path(config.out)
    info = _describe(config, model, algorithm, data_dirs, version or next_version(out))
    graph = ServingGraph(model.drawable, mean_codes(model.drawable, len(model.domains)))
    images = _images(data_dirs, "val", info, config.check_images)
    inputs = example_inputs(model.drawable, info, images, _SEED)
    probe = make_probe(call_networks(graph, algorithm.signatures(), info), info, inputs)
    served = in_bfloat16(model) if config.saved_model_type == "bfloat16" else model
    for network in (*networks.values(), *served.trained.networks.values()):
        fold(network)
    results = []
    with contextlib.ExitStack() as folders:
        # Left in reverse order: who sees the SavedModel finds the files there already.
        if "saved_model" in config.formats:
            folder = out / str(info.version)
            partial = folders.enter_context(folder_written_whole(folder))
            served_graph = ServingGraph(served.drawable, graph.mean_codes)
            results.append(
                write_saved_model(partial, folder, served_graph, served.trained.algorithm, probe)
            )
        if "tflite" in config.formats:
            folder = out / TFLITE_FOLDER / str(info.version)
            partial = folders.enter_context(folder_written_whole(folder))
            num = config.calibration_images if config.needs_calibration else 1
            images = _images(data_dirs, "train", info, num)
            inputs = example_inputs(model.drawable, info, images, _SEED)
            scratch = folders.enter_context(TemporaryDirectory())
            converter = TFLiteConverter(graph, algorithm, info, inputs, scratch)
            results += write_tflite(partial, folder, config.tflite_types, converter, probe)
        if "onnx" in config.formats:
            folder = out / ONNX_FOLDER / str(info.version)
            partial = folders.enter_context(folder_written_whole(folder))
            results += write_onnx(partial, folder, graph, algorithm, probe)
    return report(config, info, results, noise=not any(data_dirs))


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
