import dataclasses

import pytest

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.config.benchmark import (
    BenchmarkConfig,
    ExportedModelConfig,
    Variant,
    check_comparable,
)
from stargan_tf.errors import UserError


def variant(flags="", exported=None, **training):
    return Variant(flags, StarGANv2Settings(**training), exported or ExportedModelConfig())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"what": ("iteration", "sleep")}, "--what=iteration,sleep, expected some of iteration,"),
        ({"repeats": 0}, "--repeats=0, expected"),
        ({"warm_up": 0}, "--warm_up=0, expected"),
        ({"out": "missing/a.json"}, "no folder for --out=missing/a.json"),
    ],
)
def test_settings_that_are_wrong(values, words):
    BenchmarkConfig().validate()
    with pytest.raises(UserError, match=words):
        BenchmarkConfig(**values).validate()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"model": "missing"}, "missing is not a folder"),
        ({"version": -1}, "--version=-1, expected 0 or more"),
        ({"runtimes": ("tflite",)}, "--runtimes=tflite, expected some of litert, tensorflow"),
    ],
)
def test_exported_models_that_are_wrong(values, words):
    with pytest.raises(UserError, match=words):
        ExportedModelConfig(**values).validate()


def test_neither_a_data_set_nor_a_run_is_needed():
    variant().validate(("iteration",))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (variant(img_size=48), "--img_size=48, expected a power of two"),
        (variant(multi_worker=True), "Found --multi_worker, expected a benchmark of one machine"),
    ],
)
def test_settings_of_training_are_checked(made, words):
    with pytest.raises(UserError, match=words):
        made.validate(())


def test_training_and_files_are_not_measured_in_one_process(tmp_path):
    """Training turns a rewrite of graphs off, for the whole process."""
    model = ExportedModelConfig(model=str(tmp_path))
    variant(exported=model).validate(("memory", "tflite"))
    with pytest.raises(UserError, match="Found --what=iteration,tflite, expected training or"):
        variant(exported=model).validate(("iteration", "tflite"))


def test_files_need_a_model():
    words = "Found --what=tflite,onnx and no --model, .* leave tflite and onnx out"
    with pytest.raises(UserError, match=words):
        variant().validate(("tflite", "onnx"))


@pytest.mark.parametrize("values", [{"virtual_replicas": 2}, {"data_dir": "other"}])
def test_what_cannot_be_compared_in_one_process(values):
    (name,) = values
    with pytest.raises(UserError, match=f"Found --{name} in --compare='--x'"):
        check_comparable([variant(), variant("--x", **values)])
    same = dataclasses.replace(variant(**values), flags="")
    check_comparable([same, same])


def test_variants_have_a_letter_each():
    check_comparable([variant()] * 26)
    with pytest.raises(UserError, match="Found 26 times --compare, expected at most 25"):
        check_comparable([variant()] * 27)
