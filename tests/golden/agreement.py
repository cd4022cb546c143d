"""When a training agrees with that of the reference implementation, drift being what it is.

Adam's first steps are lr * sign(gradient): where a gradient is close to 0, rounding
decides the sign, and the L1 losses' own signs add to it. So two correct float32
implementations drift apart: weights changed by 1e-7 of themselves move losses of the third
iteration by up to 2e-3 and the R1 penalty by 7e-3. The checks measure that drift, ask for
1e-4 where it is smaller, and for agreement within twice of it where it is larger.

Each check takes runs of one case, the first as prescribed and the others with weights that differ
by rounding, and returns the largest difference that it saw. Where there is one run alone, `least`
says what to allow.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tests.golden.cases import Case
from tests.golden.forward import EXPECTED as EXPECTED_FORWARD
from tests.golden.weights import draw_tensors

PERTURBED_RUNS = 8
PERTURBATION = 1e-7  # of a weight
DRIFT = 1e-2  # of losses and outputs after the first iteration, at most


class Run(NamedTuple):
    losses: list[dict[str, float]]
    tensors: dict[str, np.ndarray]  # after the last iteration, in the published layout
    outputs: dict[str, np.ndarray]


def check_first_losses(case: Case, runs: Sequence[Run]) -> float:
    """The first iteration, before rounding had anything to decide."""
    losses, expected = runs[0].losses[0], case.expected["losses"][0]
    assert set(losses) == set(expected)
    for name in expected:
        np.testing.assert_allclose(losses[name], expected[name], rtol=1e-4, err_msg=name)
    return max(abs(losses[name] / expected[name] - 1) for name in expected)


def check_later_losses(case: Case, runs: Sequence[Run], least: float = 1e-4) -> float:
    errors = []
    for iteration, name, expected in _later_losses(case):
        values = [run.losses[iteration][name] for run in runs]
        allowed = max(least * expected, _twice_drift(values))
        assert allowed < 2e-2 * expected, f"{name}: the drift is too large to tell anything"
        assert abs(values[0] - expected) <= allowed, f"{name}: {values} against {expected}"
        errors.append(abs(values[0] / expected - 1))
    return max(errors)


def check_later_losses_on_average(case: Case, runs: Sequence[Run]) -> float:
    """Over runs and losses, rounding evens out."""
    errors = [
        np.mean([run.losses[iteration][name] for run in runs]) / expected - 1
        for iteration, name, expected in _later_losses(case)
    ]
    median = np.median(np.abs(errors))
    assert median < 1e-4
    return median


def check_weights_and_averages(case: Case, runs: Sequence[Run]) -> float:
    elements = []
    for key, expected in case.expected["state"].items():
        value = runs[0].tensors[key]
        np.testing.assert_allclose(
            [value.mean(), value.std(ddof=case.ddof)], expected[:2], atol=5e-5, err_msg=key
        )
        elements.append(np.abs(value.flatten()[:4] - expected[2:]))
    elements = np.concatenate(elements)
    # G takes two updates an iteration; where rounding decided, the sign of some differs.
    assert elements.max() < 2 * case.iterations * 2 * case.settings.lr
    assert np.mean(elements < 1e-5) > 0.9
    return elements.max()


def check_averages_move(case: Case, runs: Sequence[Run]) -> float:
    """They move by a thousandth of what weights do, which tolerances of weights would miss."""
    missed, moved = 0.0, 0.0
    drawn: dict[str, dict[str, np.ndarray]] = {}
    for key, expected in case.expected["state"].items():
        kind, name, tensor = key.split("/")
        if kind == "ema" and tensor != "hpf.filter":  # a constant
            drawn.setdefault(name, draw_tensors(f"{case.prefix}_{name}"))
            moved += np.abs(drawn[name][tensor].flatten()[:4] - expected[2:]).sum()
            missed += np.abs(runs[0].tensors[key].flatten()[:4] - expected[2:]).sum()
    assert missed < 0.25 * moved
    return missed / moved


def check_outputs(case: Case, runs: Sequence[Run], least: float = 1e-4) -> float:
    """What the networks make of further inputs; only the plain case has such numbers."""
    assert bool(runs[0].outputs) == (case.settings.w_hpf == 0)
    errors = [0.0]
    for name in runs[0].outputs:
        values = [run.outputs[name] for run in runs]
        if values[0].ndim == 4:  # images are stored every 4th pixel
            values = [value[:, ::4, ::4] for value in values]
        error = np.abs(values[0] - EXPECTED_FORWARD[f"tiny_after3/{name}"]).mean()
        allowed = max(least, _twice_drift(values).mean())
        assert allowed < 3e-2, f"{name}: the drift is too large to tell anything"
        assert error <= allowed, name
        errors.append(error)
    return max(errors)


def _later_losses(case: Case) -> Iterator[tuple[int, str, float]]:
    """(iteration, name, expected) of all but the first iteration."""
    for iteration in range(1, case.iterations):
        for name, expected in case.expected["losses"][iteration].items():
            yield iteration, name, expected


def _twice_drift(values: Sequence) -> np.ndarray:
    """Twice the largest difference between any two runs: the reference is one run more."""
    return 2 * (np.max(values, axis=0) - np.min(values, axis=0))
