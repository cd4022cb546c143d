"""Each format of an exported model: written, and compared with the trained networks."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import tensorflow as tf

from stargan_tf.algorithms.algorithm import Algorithm
from stargan_tf.bars import bar
from stargan_tf.config.settings import check
from stargan_tf.files import plain_path, write_text
from stargan_tf.serving import model_card
from stargan_tf.serving.export_parity import (
    Agreement,
    Probe,
    call_saved_model,
    compare,
    compare_encoded,
)
from stargan_tf.serving.export_report import Result, within
from stargan_tf.serving.graph import ServingGraph
from stargan_tf.serving.saved_model.graph import SavedModel
from stargan_tf.serving.saved_model.warmup import write_warmup_requests
from stargan_tf.serving.tflite.conversion import TFLiteConverter
from stargan_tf.serving.tflite.interpreters import caller, open_file

# What an export must come up to. Float models must compute the same; what more is
# rounded is judged by the images.
MAX_DIFFERENCE = {"saved_model": 1e-4, "onnx": 1e-3, "float32": 1e-3}
MIN_PSNR = {"bfloat16": 40.0, "float16": 45.0, "dynamic": 32.0, "int8": 28.0}
_BATCH_SIZES = (1, 5)  # of ONNX files, which take any; what is left is a third size


def write_saved_model(
    partial: Path, folder: Path, graph: ServingGraph, algorithm: Algorithm, probe: Probe
) -> Result:
    """Writes the SavedModel with what goes along.

    Args:
      partial: a new folder to write it into.
      folder: where it is when the export is whole.
      graph: of folded networks.
      algorithm: of these networks; its settings say what they compute in.
      probe: of the trained networks.

    Raises:
      UserError: it differs from the trained networks.
    """
    print("Writing the SavedModel ...", flush=True)
    with TemporaryDirectory() as assets:
        SavedModel(graph, algorithm.signatures(), probe.info, Path(assets)).save(partial)
    write_warmup_requests(partial, probe.info)
    card = model_card.model_card(probe.info, algorithm.settings, algorithm.remarks())
    write_text(partial / model_card.FILE, card)
    with plain_path(partial) as path:
        functions = tf.saved_model.load(path).signatures
    agreement = compare(call_saved_model(functions), probe)
    if algorithm.settings.mixed_precision == "bfloat16":
        words = _judge_rounded(agreement)
    else:
        words = _judge_exact(agreement, functions, probe)
    size = sum(path.stat().st_size for path in partial.rglob("*") if path.is_file())
    return Result(folder, size, words)


def _judge_exact(agreement: Agreement, functions: Mapping[str, Callable], probe: Probe) -> str:
    _demand(agreement.worst <= MAX_DIFFERENCE["saved_model"], "The SavedModel", agreement)
    if probe.info.image_format == "png":
        difference = compare_encoded(functions, probe)
        check(
            difference <= 1,
            f"The SavedModel's images differ by up to {difference} of 255 levels from those of "
            "the trained networks, expected 1 at most: nothing was exported; please report it.",
        )
    return within(agreement)


def _judge_rounded(agreement: Agreement) -> str:
    least = MIN_PSNR["bfloat16"]
    check(
        agreement.psnr >= least,  # NaN is no better
        f"Found a PSNR of {agreement.psnr:.1f} dB between the SavedModel in bfloat16 and the "
        f"trained networks, expected at least {least:g}: nothing was exported; train longer, or "
        "take --saved_model_type=float32.",
    )
    return f"bfloat16, PSNR {agreement.psnr:.1f} dB"


def write_tflite(
    partial: Path,
    folder: Path,
    number_types: Sequence[str],
    converter: TFLiteConverter,
    probe: Probe,
) -> list[Result]:
    """Writes a TFLite file for each number type; see `write_saved_model`.

    Returns:
      Also those of files that come not near enough, which are not there.
    """
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


def write_onnx(
    partial: Path, folder: Path, graph: ServingGraph, algorithm: Algorithm, probe: Probe
) -> list[Result]:
    """Writes an ONNX file for each signature; see `write_saved_model`."""
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
