"""Reads what `write_for_torch` wrote with PyTorch itself; `make test-torch` runs both.

    .venv-torch/bin/python -m tests.weights check_with_torch FOLDER

The next step of torch.optim.Adam must be ours to rounding: both compute in float32, in another
order. A step moves a weight by about the learning rate, 1e-4, of which an error of 1e-4 of the
step is 1e-8; and a weight of about 1 is rounded to 6e-8, so two results may differ by one unit in
the last place, 1.2e-7 of the weight.

The networks of tests/pytorch_reference, which are modules, take the files whole. They must draw of
them what ours draw, to 1e-4 of the deviation of an output.
"""

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np

from tests.pytorch_reference.arrays import from_torch, to_torch
from tests.pytorch_reference.networks import build_networks
from tests.weights import tiny_stargan, torch_landmarks, torch_stargan
from tests.weights.tiny_settings import SETTINGS

torch = importlib.import_module("torch")  # in no lock, nor in BUILD

RELATIVE, ABSOLUTE = 1.2e-7, 1e-8
OF_DEVIATION = 1e-4
GROUP = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))]).state_dict()["param_groups"][0]


def check(variant: Path) -> int:
    """Checks the files of one variant; returns the number of tensors that were compared."""
    with np.load(variant / "next_step.npz") as arrays:
        arrays = dict(arrays)
    loaded = {
        kind: torch.load(variant / f"000003_{kind}.ckpt", weights_only=True)
        for kind in ("nets", "nets_ema", "optims")
    }
    compare_outputs(loaded["nets"], variant)  # before the optimizers change them
    compared = 0
    for name, optimizer_state in loaded["optims"].items():
        tensors = loaded["nets"][name]
        expected = {k[len(f"before/{name}/") :]: v for k, v in of(arrays, f"before/{name}/")}
        assert list(tensors) == list(expected), f"other names, or another order, in {name}"
        for key, tensor in tensors.items():
            assert tensor.dtype == torch.float32 and tuple(tensor.shape) == expected[key].shape
            assert np.array_equal(tensor.numpy(), expected[key]), f"other numbers in {name}/{key}"
            compared += 1
        if name in loaded["nets_ema"]:
            assert list(loaded["nets_ema"][name]) == list(tensors)
        compare_next_step(name, tensors, optimizer_state, arrays)
    assert not set(loaded["nets_ema"]) - set(loaded["nets"])
    for tensors in loaded["nets"].values():
        counts = [t for key, t in tensors.items() if key.endswith("num_batches_tracked")]
        assert all(t.dtype == torch.int64 and t.shape == () for t in counts)
    return compared


def compare_outputs(tensors: dict, variant: Path) -> None:
    """Computes with PyTorch what our networks have computed."""
    with np.load(variant / "outputs.npz") as arrays:
        arrays = dict(arrays)
    x, z, s, y = (to_torch(arrays[f"inputs/{name}"]) for name in ("x", "z", "s", "y"))
    settings, num_domains = SETTINGS[variant.name]
    has_skips = settings.w_hpf > 0
    assert has_skips == ("fan" in tensors)
    masks = tuple(map(to_torch, arrays["inputs/masks"])) if has_skips else None
    arguments = {
        "generator": (x, s, masks),
        "mapping_network": (z, y),
        "style_encoder": (x, y),
        "discriminator": (x, y),
    }
    for name, network in build_networks(settings, num_domains).items():
        assert list(network.state_dict()) == list(tensors[name]), f"another order in {name}"
        network.load_state_dict(tensors[name])
        with torch.no_grad():
            compare_output(name, network(*arguments[name]), arrays)
    if has_skips:
        heatmaps = torch_landmarks.landmark_network(tensors["fan"], x)
        compare_output("landmark_network", heatmaps, arrays)


def compare_output(name: str, found: Any, arrays: dict) -> None:
    found, expected = from_torch(found), arrays[name]
    assert found.shape == expected.shape and expected.std() > 0, name
    error = np.abs(found - expected).max() / expected.std()
    assert error < OF_DEVIATION, f"{name} gives other outputs: {error:.1e} of their deviation"


def of(arrays: dict, prefix: str) -> list:
    return [(key, value) for key, value in arrays.items() if key.startswith(prefix)]


def compare_next_step(name: str, tensors: dict, state: dict, arrays: dict) -> None:
    """Loads the moments into torch.optim.Adam and takes the step that ours has taken."""
    (group,) = state["param_groups"]
    assert list(group) == list(GROUP), f"groups of {list(group)} in place of {list(GROUP)}"
    # A buffer is no parameter.
    parameters = {k: torch.nn.Parameter(t) for k, t in tensors.items() if k != "hpf.filter"}
    optimizer = torch.optim.Adam(parameters.values())
    optimizer.load_state_dict(state)
    for key, parameter in parameters.items():
        gradient = arrays.get(f"gradient/{name}/{key}")
        parameter.grad = None if gradient is None else torch.tensor(gradient)
        assert (gradient is not None) == bool(optimizer.state[parameter]), key
    optimizer.step()
    for key, parameter in parameters.items():
        found, expected = parameter.detach().numpy(), arrays[f"after/{name}/{key}"]
        np.testing.assert_allclose(found, expected, rtol=RELATIVE, atol=ABSOLUTE, err_msg=key)
        moved = not np.array_equal(expected, arrays[f"before/{name}/{key}"])
        assert moved == (f"gradient/{name}/{key}" in arrays), key


def check_stargan(variant: Path) -> int:
    """Modules of PyTorch take the files whole, and compute of them what ours have computed."""
    networks = torch_stargan.tiny_networks()
    compared = 0
    for kind, network in zip("GD", networks, strict=True):
        path = variant / f"{tiny_stargan.ITERATION}-{kind}.ckpt"
        tensors = torch.load(path, weights_only=True)
        expected = network.state_dict()
        assert list(tensors) == list(expected), f"other names, or another order, in {path.name}"
        for name, tensor in tensors.items():
            assert tensor.dtype == expected[name].dtype, name
        network.load_state_dict(tensors)
        compared += len(tensors)
    with np.load(variant / "outputs.npz") as arrays:
        arrays = dict(arrays)
    for name, found in torch_stargan.outputs(*networks, arrays["x"], arrays["c"]).items():
        expected = arrays[name]
        assert found.shape == expected.shape and expected.std() > 0, name
        error = np.abs(found - expected).max() / expected.std()
        assert error < OF_DEVIATION, f"other {name}: {error:.1e} of their deviation"
    return compared


def main() -> None:
    variants = sorted(path for path in Path(sys.argv[1]).iterdir() if path.is_dir())
    assert variants
    for variant in variants:
        compared = (check_stargan if variant.name == tiny_stargan.VARIANT else check)(variant)
        print(f"PyTorch {torch.__version__} reads {variant.name}: {compared} tensors equal.")
