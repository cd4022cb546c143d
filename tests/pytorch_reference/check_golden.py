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
from tests.pytorch_reference.training import Training

torch = importlib.import_module("torch")  # in no lock, nor in BUILD

_CHECKS = {
    "losses of the first iteration, relative": agreement.check_first_losses,
    "losses of the later ones, relative": functools.partial(
        agreement.check_later_losses, least=DRIFT
    ),
    "weights and averages after them": agreement.check_weights_and_averages,
    "movement of the averages, of itself": agreement.check_averages_move,
    "outputs after them, on average": functools.partial(agreement.check_outputs, least=DRIFT),
}


def check_forward() -> dict[str, float]:
    """The largest difference of each network's output at full size."""
    x, y = to_torch(uniform(1, 2, 256, 256, 3)), to_torch(forward.Y)
    z, s = to_torch(normal(2, 2, 16)), to_torch(normal(3, 2, 64))
    masks = tuple(to_torch(forward.mask(seed)) for seed in (4, 5))
    inputs = {
        "generator_256_hpf0": (x, s),
        "generator_256_hpf1": (x, s, masks),
        "mapping_network": (z, y),
        "style_encoder_256": (x, y),
        "discriminator_256": (x, y),
    }
    return {key: forward.check(key, _output(key, *inputs[key])) for key in inputs}


def _output(key: str, *inputs) -> np.ndarray:
    settings = StarGANv2Settings(w_hpf=float(key.endswith("hpf1")))
    (network,) = build_networks(settings, 3, (key.partition("_256")[0],)).values()
    tensors = _weights(key)
    if settings.w_hpf:
        tensors["hpf.filter"] = network.hpf.filter  # a constant: no recipe draws it
    network.load_state_dict(tensors)
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
    for key, difference in check_forward().items():
        print(f"  {key}: {difference:.1e}")
    runs = [run_once(case)]
    for what, check in _CHECKS.items():
        print(f"  {what}: {check(case, runs):.1e}")
