"""The benchmark against PyTorch: its mistakes, ratios and tables. `make test-torch` runs it."""

import dataclasses
import json
import math
import subprocess
import sys

import pytest

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.errors import UserError
from tests.pytorch_reference import benchmark, fakes
from tests.pytorch_reference.config import ComparisonConfig, check_comparable
from tests.pytorch_reference.report import comparison, difference, row, table
from tests.source_tree import ROOT

CONFIG = ComparisonConfig(torch_python=sys.executable, repeats=2, what=("iteration", "generator"))
TRAINING = StarGANv2Settings(img_size=64, batch_size=4)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"what": ("sleep",)}, "Found --what=sleep, expected iteration or generator"),
        ({"what": ()}, "Found --what=, expected"),
        ({"torch_python": "nowhere"}, "Found no --torch_python=nowhere"),
        ({"out": "nowhere/found.json"}, "Found no folder for --out"),
        ({"repeats": 0}, "--repeats=0"),
    ],
)
def test_settings_that_cannot_be(changes, words):
    CONFIG.validate()
    with pytest.raises(UserError, match=words):
        dataclasses.replace(CONFIG, **changes).validate()


@pytest.mark.parametrize(
    "changes",
    [
        {"w_hpf": 1.0},
        {"algorithm": "stargan"},
        {"data_dir": "data"},
        {"virtual_replicas": 2},
        {"mixed_precision": "float16"},
    ],
)
def test_runs_that_only_we_can_train(changes):
    check_comparable(TRAINING)
    with pytest.raises(UserError, match=f"Found --{next(iter(changes))}="):
        check_comparable(dataclasses.replace(TRAINING, **changes))


def test_a_mistake_is_one_sentence():
    command = [sys.executable, "-m", "tests.pytorch_reference", "benchmark", "--what=sleep"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert process.returncode == 1 and process.stdout == ""
    assert process.stderr.startswith("error: Found --what=sleep")
    assert process.stderr.count("\n") == 1


def test_ratios():
    ours = row("iteration", "stargan_tf", fakes.FACTS, [1.0, 2.0, 4.0], 8)
    facts = {**fakes.FACTS, "operations": 10**9, "peak_bytes": 2 * 2**30}
    theirs = row("iteration", "PyTorch", facts, [2.0, 2.0, 2.0], 8)
    assert (ours["median_seconds"], ours["images_per_second"]) == (2.0, 4.0)
    assert ours["added_bytes"] == 2 * 2**30 and ours["operations_per_second"] == 2e9
    found = comparison(ours, theirs, gap=1e-6, gap_at_first=1e-7)
    assert found["ratios"] == [0.5, 1.0, 2.0] and found["ratio_quartiles"] == [0.75, 1.5]
    assert (found["ratio_median"], found["operations_ratio"]) == (1.0, 4.0)
    assert found["added_bytes_ratio"] == 2.0


def test_memory_that_the_system_does_not_tell():
    facts = fakes.FACTS | {"peak_bytes": None}
    rows = [row("iteration", side, facts, [1.0], 8) for side in ("stargan_tf", "PyTorch")]
    found = comparison(*rows, gap=0.0, gap_at_first=None)
    assert rows[0]["added_bytes"] is None and found["added_bytes_ratio"] is None


def test_differences():
    assert difference({"a": 1.0, "b": 2.0}, {"a": 1.0, "b": 4.0}) == 0.5
    assert difference({"images": [0.0, 2.5]}, {"images": [0.0, 2.0]}) == 0.5
    nan = float("nan")
    assert math.isnan(difference({"a": 1.0, "b": nan, "c": 1.0}, {"a": 1.0, "b": 1.0, "c": 1.0}))
    with pytest.raises(AssertionError):
        difference({"a": 1.0}, {"b": 1.0})


def test_sides_that_do_not_compute_the_same_are_told():
    one = {"what": "iteration", "difference": 9e-3, "difference_at_first": 9e-6}
    images = {"what": "generator", "difference": 9e-4, "difference_at_first": None}
    benchmark.check_agreement([one, images])
    for wrong in (
        {**one, "difference": 2e-2},
        {**one, "difference": float("nan")},
        {**one, "difference_at_first": 2e-5},
        {**one, "difference_at_first": float("nan")},
        {**images, "difference": 2e-3},
    ):
        with pytest.raises(UserError, match=f"first {wrong['what']} differ by"):
            benchmark.check_agreement([one, wrong])


class FakeSide:
    """Takes a second, or two where it is PyTorch."""

    def __init__(self, name, command, job):
        self.name, self.seconds = name, 2.0 if name == "PyTorch" else 1.0
        assert command[0] == sys.executable and job.training == TRAINING
        software = {"torch": "2"} if name == "PyTorch" else {"stargan_tf": "1"}
        self.facts = {
            **fakes.FACTS,
            "results": {"D/latent_real": self.seconds / 4 + 1, "G/latent_adv": self.seconds},
            "software": software,
            "machine": fakes.MACHINE,
        }

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def run(self):
        return self.seconds


def test_a_whole_benchmark(monkeypatch):
    monkeypatch.setattr(benchmark, "Side", FakeSide)
    monkeypatch.setattr(benchmark, "_REST_SECONDS", 0)
    found = benchmark.measure(CONFIG, TRAINING)
    assert json.loads(json.dumps(found))["software"] == {"stargan_tf": "1", "torch": "2"}
    assert [one["ratios"] for one in found["comparisons"]] == [[0.5, 0.5]] * 2
    gaps = [(one["difference"], one["difference_at_first"]) for one in found["comparisons"]]
    assert gaps == [(0.5, pytest.approx(0.25 / 1.5))] * 2
    text = table(found)
    for words in ("stargan_tf 1, torch 2", "iteration  PyTorch", "generator  ratio", "0.500"):
        assert words in text
