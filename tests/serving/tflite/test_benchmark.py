import json

import numpy as np
import pytest

from stargan_tf.config.benchmark_tflite import BenchmarkTFLiteConfig
from stargan_tf.errors import UserError
from stargan_tf.serving.tflite.benchmark import benchmark
from stargan_tf.serving.tflite.measurement import WARM_UP_RUNS, measure, measure_apart


def config(exported, **values):
    return BenchmarkTFLiteConfig(**{"model": str(exported.base), "runs": 3, **values})


@pytest.mark.slow
def test_table_and_json(exported, data_dir, tmp_path):
    out = tmp_path / "measured.json"
    settings = config(exported, data_dir=str(data_dir), num_images=3, out=str(out))
    settings.validate()
    lines = benchmark(settings).splitlines()
    assert "pets version 1" in lines[0] and "translate_latent_float" in lines[0]
    assert lines[1].split() == (
        "file runtime size_mb median_ms p95_ms peak_memory_mb psnr_db max_difference".split()
    )
    assert len(lines) == 2 + 4
    measured = json.loads(out.read_text())
    assert measured["signature"] == "translate_latent_float"
    rows = {row["file"]: row for row in measured["files"]}
    assert rows["float32.tflite"]["max_difference"] < 1e-3
    assert rows["float16.tflite"]["psnr_db"] > 45
    assert rows["dynamic.tflite"]["psnr_db"] > 32 and rows["int8.tflite"]["psnr_db"] > 28
    sizes = [row["size_mb"] for row in measured["files"]]
    assert sizes == sorted(sizes, reverse=True)
    for row in rows.values():
        assert 0 < row["median_ms"] <= row["p95_ms"]
        assert 0 < row["peak_memory_mb"] < 500  # of the interpreter, not of the whole process


@pytest.mark.slow
def test_without_a_data_set_there_is_no_quality(exported):
    text = benchmark(config(exported))
    assert "no quality" in text and "psnr_db" not in text


@pytest.mark.parametrize("runtime", ["litert", "tensorflow"])
def test_measurement(exported, runtime):
    path = str(exported.base / "tflite/1/dynamic.tflite")
    cost = measure(path, runtime, 1, "encode_style_float", runs=4)
    assert len(cost.seconds) == 4 and min(cost.seconds) > 0 and cost.memory >= 0
    assert WARM_UP_RUNS > 0


def test_memory_is_that_of_the_measuring_process_alone(exported):
    """The parent's memory, which Linux passes on as a peak, must not hide the child's."""
    path = str(exported.base / "tflite/1/float32.tflite")
    ballast = np.ones(60_000_000)  # 480 MB
    cost = measure_apart(path, "litert", 1, "encode_style_float", 1)
    assert ballast.sum() and 100_000 < cost.memory < 200e6


def test_versions(exported, tmp_path):
    with pytest.raises(UserError, match="Found versions 1 in .* expected 7: choose one of them"):
        benchmark(config(exported, version=7))
    with pytest.raises(UserError, match="Found no TFLite files"):
        benchmark(BenchmarkTFLiteConfig(model=str(tmp_path)))
    (tmp_path / "tflite" / "1").mkdir(parents=True)
    with pytest.raises(UserError, match="Found no .tflite files in .*tflite/1"):
        benchmark(BenchmarkTFLiteConfig(model=str(tmp_path)))


def test_signatures_are_those_of_the_files(exported):
    words = "expected one of those in .*float32.tflite, encode_style_float.*: choose one of them"
    with pytest.raises(UserError, match=f"Found --signature=translate_float, {words}"):
        benchmark(config(exported, signature="translate_float"))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"model": ""}, "no --model, expected"),
        ({"model": "missing"}, "missing is not a folder"),
        ({"version": -1}, "--version=-1, expected 0 or more"),
        ({"runtimes": ("tflite",)}, "--runtimes=tflite, expected some of litert, tensorflow"),
        ({"runs": 0}, "--runs=0, expected at least 1"),
        ({"out": "missing/a.json"}, "no folder for --out=missing/a.json"),
    ],
)
def test_settings_that_are_wrong(exported, values, words):
    with pytest.raises(UserError, match=words):
        config(exported, **values).validate()
