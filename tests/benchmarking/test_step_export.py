"""The training step as a program: its arguments and results are those that the folder says."""

import dataclasses
import json
import re

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.benchmarking.inputs import drawn_batch
from stargan_tf.benchmarking.stateless import named_variables
from stargan_tf.benchmarking.step_export import export_step
from stargan_tf.config.export_step import ExportStepConfig
from stargan_tf.errors import UserError
from stargan_tf.training.state import TrainState
from stargan_tf.training.step import TrainStep
from tests.algorithms import stargan_runs

# A small rate: G's losses come after D's step, whose direction rounding decides here and there.
TINY = dataclasses.replace(stargan_runs.TINY, lr=1e-6)

_TYPES = {"f32": "float32", "s32": "int32", "s64": "int64"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported") / "step"
    assert "HLO" in export_step(TINY, 3, str(folder))
    return folder


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text())


def arrays(folder, what):
    entries = manifest(folder)[what]
    with np.load(folder / f"{what}.npz") as content:
        values = [content[name] for name in sorted(content)]
    return {e["name"]: value for e, value in zip(entries, values, strict=True)}


def signature(folder):
    """Types and shapes in the header of the program: of its arguments, of its results."""
    header = (folder / "step.hlo.txt").read_text().partition("\n")[0]
    layout = re.search(r"entry_computation_layout=\{\((.*)\)->\((.*?)\)\}", header)
    return [
        [
            (_TYPES[kind], [int(side) for side in sides.split(",") if side])
            for kind, sides in re.findall(r"(\w+)\[([\d,]*)\]", part)
        ]
        for part in layout.groups()
    ]


def test_the_program_takes_and_gives_what_the_manifest_says(folder):
    for what, found in zip(("arguments", "results"), signature(folder), strict=True):
        entries = manifest(folder)[what]
        assert found == [(e["dtype"], e["shape"]) for e in entries]
        assert [(v.dtype.name, [*v.shape]) for v in arrays(folder, what).values()] == found


def test_every_weight_is_an_argument_and_what_the_step_changes_a_result(folder):
    arguments, results = arrays(folder, "arguments"), arrays(folder, "results")
    variables = dict(named_variables(TrainState(make_algorithm(TINY, 3))))
    changed = {name for name in results if not name.startswith("loss/")}
    for name, value in variables.items():
        if name.startswith(("networks/", "averages/")):
            assert {name} <= arguments.keys() & changed
            np.testing.assert_array_equal(arguments[name], value)
    assert results["step"] == arguments["step"] + 1
    assert any((results[name] != arguments[name]).any() for name in changed)


def test_xla_gives_the_results_from_the_arguments(folder):
    """By TensorFlow's XLA, which runs the same program from variables with these values."""
    arguments, results = arrays(folder, "arguments"), arrays(folder, "results")
    algorithm = make_algorithm(TINY, 3)
    state = TrainState(algorithm)
    variables = dict(named_variables(state))
    for name, value in arguments.items():
        if name in variables:
            variables[name].assign(value)
    drawn = drawn_batch(algorithm.draws(), TINY.img_size, 3, TINY.batch_size)
    batch = {name: tf.constant(arguments[f"batch/{name}"]) for name in drawn}
    updates = max(map(algorithm.updates_at, range(8)), key=len)
    step = TrainStep(state, tf.distribute.get_strategy()).compiled(updates)
    losses = tf.function(step, autograph=False, jit_compile=True)(batch)
    found = {f"loss/{name}": float(value) for name, value in losses.items()}
    expected = {name: float(v) for name, v in results.items() if name.startswith("loss/")}
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-6)  # means of scores near 0


@pytest.mark.parametrize(
    ("given", "changes", "said"),
    [
        ({"out": ""}, {}, "Found no --out"),
        ({"out": "/"}, {}, "exists already, expected a new folder"),
        ({"out": "new"}, {"virtual_replicas": 2}, "expected neither: the step"),
    ],
)
def test_mistakes_are_told_before_any_work(given, changes, said):
    with pytest.raises(UserError, match=said):
        ExportStepConfig(**given).validate(dataclasses.replace(TINY, **changes))
