"""Writes the files of torch/ with PyTorch itself: run it in the environment of `make test-torch`.

    .venv-torch/bin/python -m tests.weights make_torch_files

Networks are lists of parameters under the published names, with the shapes in
torch/networks.json: what a state_dict and an optimizer see of a network is no more than that.
"""

import collections
import copy
import importlib
import json
from pathlib import Path

import numpy as np

from tests.weights import tiny_stargan, torch_stargan

torch = importlib.import_module("torch")  # in no lock, nor in BUILD

FOLDER = Path(__file__).parent / "torch"
ITERATION = 3
UPDATES = {"generator": 2, "mapping_network": 1, "style_encoder": 1, "discriminator": 2}
RATES = {"mapping_network": 1e-6}  # 1e-4 for all others


class Network:
    """The tensors of a network, and the optimizer of those that are trained."""

    def __init__(self, name, tensors, rng):
        self.rng = rng
        self.tensors = collections.OrderedDict()
        self.unused = set()
        for tensor_name, value, role in tensors:
            if role == "constant":
                self.tensors[tensor_name] = torch.tensor(value)
                continue
            self.tensors[tensor_name] = torch.nn.Parameter(self.draw(value))
            if role == "unused":
                self.unused.add(tensor_name)
        parameters = [t for t in self.tensors.values() if isinstance(t, torch.nn.Parameter)]
        self.optimizer = torch.optim.Adam(
            parameters, lr=RATES.get(name, 1e-4), betas=(0.0, 0.99), weight_decay=1e-4
        )

    def draw(self, shape):
        return torch.tensor(self.rng.standard_normal(shape), dtype=torch.float32)

    def step(self):
        """A step on gradients that are drawn."""
        gradients = {}
        for name, tensor in self.tensors.items():
            if isinstance(tensor, torch.nn.Parameter) and name not in self.unused:
                gradients[name] = tensor.grad = self.draw(tuple(tensor.shape))
        self.optimizer.step()
        return gradients

    def state_dict(self, prefix=""):
        return collections.OrderedDict(
            (prefix + name, tensor.detach().clone()) for name, tensor in self.tensors.items()
        )


def train(networks):
    """Steps all networks; returns the averages of those that draw."""
    averages = {n: copy.deepcopy(v.state_dict()) for n, v in networks.items() if n != JUDGE}
    for _ in range(ITERATION):
        for name, network in networks.items():
            for _ in range(UPDATES[name]):
                network.step()
            for key, value in network.state_dict().items() if name in averages else ():
                averages[name][key].lerp_(value, 0.001)
    return averages


JUDGE = "discriminator"


def write(variant, tensors, legacy, prefix):
    rng = np.random.RandomState(len(tensors["generator"]))
    networks = {name: Network(name, of_it, rng) for name, of_it in tensors.items()}
    averages = train(networks)
    contents = {
        "nets": {name: network.state_dict(prefix) for name, network in networks.items()},
        "nets_ema": {
            name: collections.OrderedDict((prefix + key, value) for key, value in average.items())
            for name, average in averages.items()
        },
        "optims": {name: network.optimizer.state_dict() for name, network in networks.items()},
    }
    folder = FOLDER / variant
    folder.mkdir(exist_ok=True)
    for kind, content in contents.items():
        path = folder / f"{ITERATION:06d}_{kind}.ckpt"
        torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    # What torch.optim.Adam makes of one step more, for the tests without PyTorch.
    arrays = {}
    for name, network in networks.items():
        for key, gradient in network.step().items():
            arrays[f"{name}/{key}/gradient"] = gradient.numpy()
            arrays[f"{name}/{key}"] = network.tensors[key].detach().numpy()
    np.savez_compressed(folder / "next_step.npz", **arrays)


def write_stargan():
    """G and D in a file each: one of today's, one older, with the prefix of nn.DataParallel."""
    tiny = tiny_stargan
    torch.manual_seed(0)
    G, D = torch_stargan.tiny_networks()
    for parameter in (*G.parameters(), *D.parameters()):
        torch.nn.init.normal_(parameter, std=0.3)
    x, c = tiny.inputs()
    folder = FOLDER / tiny.VARIANT
    folder.mkdir(exist_ok=True)
    found = torch_stargan.outputs(G, D, x, c)  # also moves the running statistics of G
    np.savez_compressed(folder / "outputs.npz", x=x, c=c, **found)
    torch.save(G.state_dict(), folder / f"{tiny.ITERATION}-G.ckpt")
    prefixed = {f"module.{name}": tensor for name, tensor in D.state_dict().items()}
    path = folder / f"{tiny.ITERATION}-D.ckpt"
    torch.save(prefixed, path, _use_new_zipfile_serialization=False)


def main():
    write_stargan()
    variants = json.loads((FOLDER / "networks.json").read_text())
    write("plain", variants["plain"], legacy=False, prefix="")
    write("skips", variants["skips"], legacy=True, prefix="module.")
