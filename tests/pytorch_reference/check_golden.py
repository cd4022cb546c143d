"""Checks the networks and the iteration against the golden numbers, with PyTorch alone.

    .venv-torch/bin/python -m tests.pytorch_reference check_golden

Inputs, weights, numbers and checks are those of the tests of stargan_tf in tests/golden. One run
does: where these measure how far rounding moves a training, this one allows what they have found.
"""

import functools
import importlib
from typing import Any

import numpy as np

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from tests.golden import agreement, forward
from tests.golden.agreement import DRIFT, Run
from tests.golden.cases import CASES, Case
from tests.golden.forward import normal, uniform
from tests.golden.weights import draw_tensors
from tests.pytorch_reference.arrays import from_torch, to_torch
from tests.pytorch_reference.networks import NAMES, build_networks
from tests.pytorch_reference.operations import count_operations
from tests.pytorch_reference.training import Training

torch = importlib.import_module("torch")  # in no lock, nor in BUILD

# Of the published networks at 256 pixels with three domains, the second of one image.
_PARAMETERS = {
    "generator": 33_892_995,
    "mapping_network": 3_259_072,
    "style_encoder": 20_949_760,
    "discriminator": 20_852_803,
}
_MULTIPLY_ADDS = {"generator": 48.6e9, "style_encoder": 16.6e9}
_CHECKS = {
    "losses of the first iteration, relative": agreement.check_first_losses,
    "losses of the later ones, relative": functools.partial(
        agreement.check_later_losses, least=DRIFT
    ),
    "weights and averages after them": agreement.check_weights_and_averages,
    "movement of the averages, of itself": agreement.check_averages_move,
    "outputs after them, on average": functools.partial(agreement.check_outputs, least=DRIFT),
}


def check_sizes() -> None:
    """Parameters, and what `count_operations` finds; nothing is computed."""
    with torch.device("meta"):
        networks = build_networks(StarGANv2Settings(), 3)
        x, y, s = torch.zeros(1, 3, 256, 256), torch.zeros(1, dtype=torch.int64), torch.zeros(1, 64)
        for name, expected in _PARAMETERS.items():
            assert sum(p.numel() for p in networks[name].parameters()) == expected, name
        for name, second in (("generator", s), ("style_encoder", y)):
            operations = count_operations(functools.partial(networks[name], x, second))
            assert abs(operations / 2 - _MULTIPLY_ADDS[name]) < 0.05e9, name


def check_forward() -> dict[str, float]:
    """The largest difference of each network's output at full size."""
    x, y = to_torch(uniform(1, 2, 256, 256, 3)), to_torch(forward.Y)
    z, s = to_torch(normal(2, 2, 16)), to_torch(normal(3, 2, 64))
    inputs = {
        "generator_256_hpf0": (x, s),
        "mapping_network": (z, y),
        "style_encoder_256": (x, y),
        "discriminator_256": (x, y),
    }
    return {key: forward.check(key, _output(key, *inputs[key])) for key in inputs}


def _output(key: str, *inputs) -> np.ndarray:
    (network,) = build_networks(StarGANv2Settings(), 3, (key.partition("_256")[0],)).values()
    network.load_state_dict(_weights(key))
    with torch.inference_mode():
        return from_torch(network(*inputs))


def _weights(manifest_name: str) -> dict[str, Any]:
    tensors = draw_tensors(manifest_name)
    return {name: torch.from_numpy(tensor) for name, tensor in tensors.items()}


def run_once(case: Case) -> Run:
    """Trains as the golden numbers prescribe it."""
    weights = {name: _weights(f"{case.prefix}_{name}") for name in NAMES}
    training = Training(case.settings, case.domains, weights)
    batches = (case.batch(iteration) for iteration in range(case.iterations))
    losses = [
        training.iterate({name: to_torch(array) for name, array in batch.items()})
        for batch in batches
    ]
    kinds = {"nets": training.networks, "ema": training.averages}
    tensors = {
        f"{kind}/{name}/{key}": tensor.numpy()
        for kind, networks in kinds.items()
        for name, network in networks.items()
        for key, tensor in network.state_dict().items()
    }
    return Run(losses, tensors, _outputs(training))


def _outputs(training: Training) -> dict[str, np.ndarray]:
    x, s = to_torch(uniform(900, 2, 64, 64, 3)), to_torch(normal(901, 2, 64))
    y, z = torch.tensor([1, 2]), to_torch(normal(902, 2, 16))
    networks = {**training.networks, "ema_generator": training.averages["generator"]}
    inputs = {
        "generator": (x, s),
        "ema_generator": (x, s),
        "mapping_network": (z, y),
        "style_encoder": (x, y),
        "discriminator": (x, y),
    }
    with torch.inference_mode():
        return {name: from_torch(networks[name](*given)) for name, given in inputs.items()}


def main() -> None:
    case = CASES["plain"]
    print(f"PyTorch {torch.__version__} against the golden numbers, largest differences:")
    check_sizes()
    for key, difference in check_forward().items():
        print(f"  {key}: {difference:.1e}")
    runs = [run_once(case)]
    for what, check in _CHECKS.items():
        print(f"  {what}: {check(case, runs):.1e}")
