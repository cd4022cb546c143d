"""A whole benchmark, of the smallest algorithm there is."""

import dataclasses
import json

import pytest

from stargan_tf.benchmarking.benchmark import benchmark
from stargan_tf.config.benchmark import BenchmarkConfig, ExportedModelConfig, Variant
from stargan_tf.errors import UserError
from tests.algorithms import toy

SETTINGS = toy.Settings(algorithm="tests.algorithms.toy", img_size=16, batch_size=2)
CONFIG = BenchmarkConfig(repeats=4, warm_up=1, num_domains=2, peak_side=32)
WHAT = ("iteration", "input")


def variant(flags="", exported=None, **changes):
    settings = dataclasses.replace(SETTINGS, **changes)
    return Variant(flags, settings, exported or ExportedModelConfig())


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """What was printed and written of two settings, on drawn images."""
    out = tmp_path_factory.mktemp("benchmark") / "found.json"
    config = dataclasses.replace(CONFIG, what=WHAT, out=str(out))
    text = benchmark(config, [variant(), variant("--batch_size=4", batch_size=4)])
    return text, json.loads(out.read_text())


@pytest.mark.slow
def test_everything_is_measured_in_both_settings(compared):
    text, found = compared
    rows = {(row["what"], row["variant"]): row for row in found["rows"]}
    named = {what for what, _ in rows}
    judged = "iteration (judge)"
    assert {judged, "input pipeline", "matrix product bfloat16", "memory copy"} <= named
    for row in rows.values():
        assert len(row["seconds"]) == 4 and min(row["seconds"]) > 0
    one, two = (rows[judged, variant] for variant in (0, 1))
    assert one["images_per_second"] == pytest.approx(2 / one["median_seconds"])
    assert two["images_per_second"] == pytest.approx(4 / two["median_seconds"])
    assert two["operations"]["float32"] == 2 * one["operations"]["float32"]
    assert "B: --batch_size=4" in text


@pytest.mark.slow
def test_ratios_of_all_that_both_have(compared):
    _, found = compared
    named = {row["what"] for row in found["rows"] if row["variant"] == 1}
    assert {one["what"] for one in found["comparisons"]} == named
    for one in found["comparisons"]:
        assert len(one["ratios"]) == 4


def test_operations_alone_beside_the_whole(tmp_path):
    out = tmp_path / "found.json"
    config = dataclasses.replace(
        CONFIG, what=("operations",), operations_of="iteration (judge)", out=str(out)
    )
    text = benchmark(config, [variant()])
    assert "operations alone" in text
    found = json.loads(out.read_text())
    rows = {row["what"]: row for row in found["rows"]}
    parts = [row for what, row in rows.items() if what.startswith(("MatMul ", "Conv2D"))]
    whole = rows["iteration (judge)"]
    assert sum(row["operations"]["float32"] for row in parts) == whole["operations"]["float32"]
    (alone,) = found["alone"]
    assert alone["what"] == "iteration (judge)"
    assert alone["whole_seconds"] == whole["median_seconds"]
    rounds = [sum(seconds) for seconds in zip(*(row["seconds"] for row in parts), strict=True)]
    assert alone["median_seconds"] == pytest.approx(sorted(rounds)[1] / 2 + sorted(rounds)[2] / 2)


def test_operations_of_what_is_not_there():
    config = dataclasses.replace(CONFIG, what=("operations",), operations_of="iteration")
    with pytest.raises(
        UserError, match=r"--operations_of=iteration, .* one of iteration \(judge\)"
    ):
        benchmark(config, [variant()])


@pytest.mark.slow
def test_images_of_a_data_set(two_domains_dir):
    settings = variant(data_dir=str(two_domains_dir))
    text = benchmark(dataclasses.replace(CONFIG, what=("iteration", "input")), [settings])
    assert "iteration (judge) " in text and "input pipeline " in text and "/ A" not in text


def test_a_model_is_measured_by_default_where_one_is_named(toy_export):
    model = ExportedModelConfig(model=str(toy_export.base))
    text = benchmark(CONFIG, [variant(exported=model)])
    assert "saved_model " in text and "tflite float32.tflite " in text
    assert "iteration" not in text and "PSNR" not in text  # which needs a data set


@pytest.mark.slow
def test_memory_is_measured_in_processes_of_their_own(tmp_path):
    out = tmp_path / "found.json"
    config = dataclasses.replace(CONFIG, what=("memory",), out=str(out))
    text = benchmark(config, [variant(), variant("--batch_size=512", batch_size=512)])
    small, large = json.loads(out.read_text())["training_memory"]
    assert large["peak_bytes"] - small["peak_bytes"] > 2**20
    assert "dry_run's estimate" in text and "training  B" in text
