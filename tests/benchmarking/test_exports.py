import numpy as np
import pytest

from stargan_tf.benchmarking.exports import export_works, formats_of
from stargan_tf.config.benchmark import ExportedModelConfig
from stargan_tf.errors import UserError
from stargan_tf.serving.tflite.measurement import memory, memory_apart


def config(exported, **values):
    return ExportedModelConfig(**{"model": str(exported.base), **values})


@pytest.mark.slow
def test_quality_size_and_memory_of_tflite_files(exported, three_domains_dir):
    settings = config(exported, num_images=3)
    works = {work.what: work for work in export_works(settings, ["tflite"], str(three_domains_dir))}
    files = ("float32.tflite", "float16.tflite", "dynamic.tflite", "int8.tflite")
    names = [f"tflite {file} translate_latent_float in litert" for file in files]
    assert {*works} == {*names}
    details = {name: works[name].details for name in names}
    quality = {name.split()[1].split(".")[0]: found["psnr_db"] for name, found in details.items()}
    assert details[names[0]]["max_difference"] < 1e-3
    assert quality["float16"] > 45 and quality["dynamic"] > 32 and quality["int8"] > 28
    sizes = [work.details["size_mb"] for work in works.values()]
    assert sizes == sorted(sizes, reverse=True)
    for found in details.values():
        assert 0 < found["interpreter_mb"] < 500  # of the interpreter, not of the whole process


@pytest.mark.parametrize("runtime", ["litert", "tensorflow"])
def test_a_tflite_file_is_called_and_its_memory_read(exported, runtime):
    settings = config(exported, runtimes=(runtime,), signature="encode_style_float")
    work = next(iter(export_works(settings, ["tflite"])))
    assert work.what == f"tflite float32.tflite encode_style_float in {runtime}"
    assert work.run() > 0 and "psnr_db" not in work.details  # no data set, no quality
    assert (
        memory(str(exported.base / "tflite/1/int8.tflite"), runtime, 1, "encode_style_float") >= 0
    )


def test_memory_is_that_of_the_measuring_process_alone(exported):
    """The parent's memory, which Linux passes on as a peak, must not hide the child's."""
    path = str(exported.base / "tflite/1/float32.tflite")
    ballast = np.ones(60_000_000)  # 480 MB
    found = memory_apart(path, "litert", 1, "encode_style_float")
    assert ballast.sum() and 100_000 < found < 200e6


def test_every_signature_of_a_saved_model(exported):
    works = [*export_works(config(exported, signature="all"), ["saved_model"])]
    names = {work.what.split()[1] for work in works}
    both = {name + suffix for name in exported.info.signatures for suffix in ("", "_float")}
    assert names == both
    for work in works:
        assert work.run() > 0
    operations = {work.what.split()[1]: work.operations["float32"] for work in works}
    assert 0 < operations["map_latent_float"] < operations["translate_style_float"]
    assert operations["translate_style"] == operations["translate_style_float"]


def test_the_usual_signature_is_called_where_none_is_named(exported):
    (work,) = export_works(config(exported), ["saved_model"])
    assert work.what == "saved_model translate_latent_float"


def test_versions(exported, tmp_path):
    with pytest.raises(UserError, match="Found versions 1 in .* expected 7: choose one of them"):
        list(export_works(config(exported, version=7), ["tflite"]))
    empty = ExportedModelConfig(model=str(tmp_path))
    with pytest.raises(UserError, match="Found no TFLite files in .*tflite"):
        list(export_works(empty, ["tflite"]))
    with pytest.raises(UserError, match="Found no exported files in"):
        formats_of(empty)
    for name in ("tflite", "onnx"):
        (tmp_path / name / "1").mkdir(parents=True)
        with pytest.raises(UserError, match=f"Found no .{name} files in .*{name}/1"):
            list(export_works(empty, [name]))


def test_formats_are_those_that_are_there(exported, tmp_path):
    assert formats_of(config(exported)) == ("saved_model", "tflite")
    (tmp_path / "onnx" / "3").mkdir(parents=True)
    (tmp_path / "2").mkdir()
    assert formats_of(ExportedModelConfig(model=str(tmp_path))) == ("onnx",)  # of the newest
    assert formats_of(ExportedModelConfig(model=str(tmp_path), version=2)) == ("saved_model",)


def test_signatures_are_those_of_the_files(exported):
    words = "expected one of those in .*float32.tflite, encode_style_float.*: choose one of them"
    with pytest.raises(UserError, match=f"Found --signature=translate_float, {words}"):
        list(export_works(config(exported, signature="translate_float"), ["tflite"]))
