"""StarGAN (2018) as its golden numbers prescribe it: weights, batches, runs."""

import dataclasses
import json
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.algorithms.stargan.published import published_tensors
from stargan_tf.algorithms.stargan.settings import StarGANSettings
from stargan_tf.algorithms.stargan.step import TrainBatch
from stargan_tf.compat import keras
from stargan_tf.training.state import TrainState
from stargan_tf.training.step import TrainStep
from stargan_tf.weights.places import Place, fill
from tests.golden.forward import uniform
from tests.golden.metrics import published_weights
from tests.golden.weights import GOLDEN

LABELS = 5
PERTURBED_RUNS = 4
NETWORKS = ("generator", "discriminator")
TINY = {"img_size": 64, "g_conv_dim": 16, "d_conv_dim": 16, "g_repeat_num": 2, "d_repeat_num": 4}
PLAIN = StarGANSettings(**TINY, algorithm="stargan", n_critic=1, num_iters_decay=0)
RECTIFIED = dataclasses.replace(PLAIN, residual_output=True, same_domain="generator")


def set_weights(network: keras.Model, manifest_name: str) -> None:
    """Fills a network by a recipe; nothing takes its running statistics."""
    fill(published_tensors(network), dict(published_weights(manifest_name)), manifest_name)


class Case(NamedTuple):
    """One of the reference implementation's trainings."""

    settings: StarGANSettings
    domains: bool  # one-hot, or else attributes
    expected: dict  # losses of each iteration, statistics of all tensors at the end
    ddof: int  # of the deviations among these: 1 for those of a sample

    @property
    def iterations(self) -> int:
        return len(self.expected["losses"])

    def losses(self, iteration: int) -> dict[str, float]:
        """By log key."""
        return {k.replace("_", "/", 1): v for k, v in self.expected["losses"][iteration].items()}

    def batch(self, iteration: int) -> dict[str, tf.Tensor]:
        seed = 1000 + 100 * iteration
        rs = np.random.RandomState(seed + 1)
        if self.domains:
            labels = [rs.randint(0, LABELS, 4).astype(np.int32) for _ in range(2)]
        else:
            labels = [rs.randint(0, 2, (4, LABELS)).astype(np.float32) for _ in range(2)]
        alpha = np.random.RandomState(seed + 2).uniform(0, 1, (4, 1, 1, 1)).astype(np.float32)
        arrays = TrainBatch(uniform(seed, 4, 64, 64, 3), *labels, alpha.reshape(4, 1))
        return tf.nest.map_structure(tf.constant, arrays._asdict())


def _cases() -> Iterator[tuple[str, Case]]:
    forms = (("plain", PLAIN, "v1_training"), ("rectified", RECTIFIED, "v1_rectified_training"))
    for ddof, (form, settings, file) in enumerate(forms):
        expected = json.loads((GOLDEN / f"{file}.json").read_text())
        for mode, domains in (("CelebA", False), ("RaFD", True)):
            yield f"{form}, {mode}", Case(settings, domains, expected[mode], ddof)


CASES = dict(_cases())


class Run(NamedTuple):
    losses: list[dict[str, float]]
    tensors: dict[str, np.ndarray]  # after the last iteration, in the published layout


def run_often(case: Case) -> list[Run]:
    """One run as prescribed, then some whose weights differ by rounding."""
    state = TrainState(make_algorithm(case.settings, LABELS))
    step = TrainStep(state, tf.distribute.get_strategy())
    optimizers = state.optimizers.values()
    counts = [state.step, *(v for optimizer in optimizers for v in optimizer.variables)]
    start = [variable.numpy() for variable in counts]
    runs = []
    for seed in range(PERTURBED_RUNS + 1):
        for variable, value in zip(counts, start, strict=True):
            variable.assign(value)
        runs.append(_run(case, state, step, seed))
    return runs


def _run(case: Case, state: TrainState, step: TrainStep, seed: int) -> Run:
    rs = np.random.RandomState(seed)
    for name in NETWORKS:
        network = state.networks[name]
        set_weights(network, f"v1_tiny_{name}")
        for variable in network.variables if seed else ():
            noise = 1 + 1e-7 * rs.standard_normal(variable.shape)
            variable.assign(variable * noise.astype(np.float32))
    losses = [
        {name: float(loss) for name, loss in step(case.batch(iteration), iteration).items()}
        for iteration in range(case.iterations)
    ]
    tensors = {
        f"{name}/{tensor}": place.read()
        for name in NETWORKS
        for tensor, place in published_tensors(state.networks[name]).items()
        if isinstance(place, Place)
    }
    return Run(losses, tensors)
