import json
import re

import pytest

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.benchmarking.memory import Memory
from stargan_tf.benchmarking.report import report
from stargan_tf.benchmarking.table import table
from stargan_tf.benchmarking.work import Measured, Work
from stargan_tf.config.benchmark import BenchmarkConfig, ExportedModelConfig, Variant

GIB = 2**30


def measured(what, seconds, variant=0, **values):
    work = Work(what, lambda: 0.0, variant=variant, **values)
    return Measured(work, [9.0, 1.0], seconds, Memory(3 * GIB, None))


def variants(*flags):
    return [Variant(text, StarGANv2Settings(), ExportedModelConfig()) for text in ("", *flags)]


# The product computes 100 operations a second in the first round, 50 in the second, as where
# another process takes half of the machine.
PEAK = measured("matrix product float32", [1.0, 2.0], operations={"float32": 100})
HALF = measured("matrix product bfloat16", [0.5, 1.0], operations={"bfloat16": 100})


@pytest.fixture(scope="module")
def found():
    works = [
        measured("iteration", [2.0, 4.0], images=8, operations={"float32": 100}),
        measured("iteration", [1.0, 1.0], 1, operations={"float32": 10, "bfloat16": 10}),
        measured("alone", [1.0, 1.0], 1),
        PEAK,
        HALF,
        measured("memory copy", [1.0, 1.0], moved_bytes=10**9),
    ]
    memory = [{"peak_bytes": 2 * GIB, "device_peak_bytes": None}] * 2
    result = report(
        BenchmarkConfig(repeats=2), variants("--lr=1"), works, memory, [[1.0, 0.0, 0.0], None]
    )
    return json.loads(json.dumps(result))


def test_what_the_file_holds(found):
    assert set(found) == {
        *("format", "machine", "software", "load_average", "repeats", "warm_up", "variants"),
        *("rows", "alone", "comparisons", "training_memory"),
    }
    assert {"cpu", "cores", "instruction_sets", "onednn", "memory_bytes", "gpus"} <= set(
        found["machine"]
    )
    assert {"stargan_tf", "tensorflow", "keras"} <= set(found["software"])
    assert found["variants"][1]["flags"] == "--lr=1"
    assert found["variants"][0]["training"]["img_size"] == 256
    for row in found["rows"]:
        assert set(row) == {
            *("what", "variant", "median_seconds", "quartiles_seconds", "seconds"),
            *("warm_up_seconds", "images_per_second", "bytes_per_second", "operations"),
            *("operations_per_second", "limit_seconds", "share_of_peak"),
            *("host_peak_bytes", "device_peak_bytes"),
        }


def test_median_and_quartiles(found):
    row = found["rows"][0]
    assert row["median_seconds"] == 3.0
    assert row["quartiles_seconds"] == [2.5, 3.5]
    assert row["images_per_second"] == pytest.approx(8 / 3)
    assert row["operations_per_second"] == pytest.approx(100 / 3)
    assert row["warm_up_seconds"] == [9.0, 1.0]
    assert found["rows"][-1]["bytes_per_second"] == 1e9


def test_the_share_of_the_peak_is_that_of_each_round(found):
    """Twice as slow in a round in which the peak is half as high is no smaller share."""
    assert found["rows"][0]["share_of_peak"] == 0.5
    assert found["rows"][0]["limit_seconds"] == 1.5


def test_each_type_has_a_peak_of_its_own(found):
    # 10 / 100 + 10 / 200 seconds in the first round, twice that in the second.
    assert found["rows"][1]["limit_seconds"] == pytest.approx((0.15 + 0.3) / 2)


def test_without_a_peak_of_its_type_a_work_has_no_share():
    works = [measured("iteration", [1.0, 1.0], operations={"float16": 1}), PEAK]
    row = report(BenchmarkConfig(), variants(), works, [], [None, None])["rows"][0]
    assert row["share_of_peak"] is None and row["operations_per_second"] == 1


def test_ratios_are_taken_round_by_round(found):
    (one,) = found["comparisons"]  # nothing of the first settings goes with what is alone
    assert (one["what"], one["variant"], one["flags"]) == ("iteration", 1, "--lr=1")
    assert one["ratios"] == [0.5, 0.25]
    assert one["ratio_median"] == 0.375
    assert one["ratio_quartiles"] == [0.3125, 0.4375]


def test_table(found):
    text = table(found)
    assert "A: as given\nB: --lr=1" in text
    lines = {
        line.split("  ")[0] + line.split("  ")[1]: line.split()
        for line in text.splitlines()
        if line.startswith(("iteration", "training"))
    }
    assert "3,000.00" in lines["iterationA"] and "50" in lines["iterationA"]
    assert "0.375" in lines["iterationB / A"]
    assert lines["trainingA"][-1] == "2.00"
    assert "device" not in text  # without a GPU
    assert "load average: 1.0 before" in text


def test_settings_without_any_flag_are_a_measure_of_chance():
    works = [measured("a", [1.0]), measured("a", [1.0], 1), PEAK]
    works = [measured("a", [1.0, 1.0]), measured("a", [1.0, 2.0], 1), PEAK]
    text = table(report(BenchmarkConfig(), variants(""), works, [], [None, None]))
    assert "B: no other flags" in text and "1.500" in text


def test_parts_beside_their_whole():
    works = [
        measured("iteration", [2.0, 8.0], operations={"float32": 120}),
        measured("a", [0.5, 1.0], operations={"float32": 40}, part_of="iteration"),
        measured("b", [0.5, 3.0], operations={"float32": 60}, part_of="iteration"),
        measured("c", [9.0, 9.0], operations={"float32": 60}, part_of="another"),
        PEAK,
    ]
    found = report(BenchmarkConfig(repeats=2), variants(), works, [], [None, None])
    assert found["alone"] == [
        {
            "what": "iteration",
            "variant": 0,
            "whole_seconds": 5.0,
            "median_seconds": 2.5,  # of 1 and 4
            "share_of_whole": 0.5,  # of 1 / 2 and 4 / 8
            "limit_seconds": 1.5,  # of 100 operations at 100 and 50 a second
            "share_of_peak": 0.75,  # of 1 / 1 and 2 / 4
        }
    ]
    assert re.search(r"iteration +5,000.00 +2,500.00 +0.50 +1,500.00 +75", table(found))
