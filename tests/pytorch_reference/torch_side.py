"""The side of PyTorch: see job.py. It takes the inputs and weights that stargan_tf has left."""

import importlib
import platform
from typing import Any

import numpy as np

from tests.pytorch_reference.arrays import from_torch, to_torch
from tests.pytorch_reference.config import ITERATION
from tests.pytorch_reference.job import Job, Results, Task, serve, some_of
from tests.pytorch_reference.networks import build_networks
from tests.pytorch_reference.operations import count_operations
from tests.pytorch_reference.training import Training

torch = importlib.import_module("torch")  # in no lock, nor in BUILD


def make(job: Job) -> Task:
    """Makes what the job asks for."""
    with np.load(job.inputs) as arrays:
        inputs = {name: to_torch(array) for name, array in arrays.items()}
    weights = torch.load(job.weights, weights_only=True)
    if job.channels_last:
        for name, tensor in inputs.items():
            if tensor.ndim == 4:
                inputs[name] = tensor.to(memory_format=torch.channels_last)
    return (_iteration if job.what == ITERATION else _generator)(job, inputs, weights)


def _iteration(job: Job, batch: dict, weights: dict) -> Task:
    training = Training(job.training, job.num_domains, weights, job.autocast)
    for network in (*training.networks.values(), *training.averages.values()):
        _lay_out(network, job)

    def run() -> dict[str, float]:
        return training.iterate(batch)

    return Task(run, dict, lambda: count_operations(run))


def _generator(job: Job, inputs: dict, weights: dict) -> Task:
    (generator,) = build_networks(job.training, job.num_domains, ("generator",)).values()
    generator.load_state_dict(weights["generator"])
    _lay_out(generator.eval(), job)

    @torch.inference_mode()
    def run() -> Any:
        with torch.autocast("cpu", torch.bfloat16, enabled=job.autocast):
            return generator(inputs["x_real"], inputs["s"])

    def plain(images: Any) -> Results:
        return {"images": some_of(from_torch(images))}

    return Task(run, plain, lambda: count_operations(run))


def _lay_out(network: Any, job: Job) -> None:
    if job.channels_last:
        network.to(memory_format=torch.channels_last)


def main() -> None:
    software = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
    }
    serve({"software": software, "threads": torch.get_num_threads()}, make)
