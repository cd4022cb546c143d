"""Training as the golden numbers prescribe it: batches, weights, and what is looked at."""

import json
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.algorithms.stargan_v2.step import TrainBatch
from stargan_tf.compat import keras
from stargan_tf.models.face_masks import Masks, masks_of_large
from stargan_tf.models.landmarks import IMAGE_SIDE, LANDMARKS
from stargan_tf.training.state import TrainState
from stargan_tf.training.step import TrainStep
from tests.golden.forward import normal, uniform
from tests.golden.weights import GOLDEN, set_weights, view

PERTURBED_RUNS = 8
TINY = {"img_size": 64, "base_channels": 16, "max_conv_dim": 64, "ds_iter": 10}


class Case(NamedTuple):
    """One of the reference implementation's trainings.

    Attributes:
      expected: losses of each iteration, and statistics of all tensors at the end.
      settings: of the run.
      prefix: of the networks' names in the manifests.
      first_seed: of the first iteration's batch; each later one is 100 more.
      batch_size: of each.
      domains: K.
      ddof: of the deviations in `expected`: 1 for those of a sample.
    """

    expected: dict
    settings: StarGANv2Settings
    prefix: str
    first_seed: int
    batch_size: int
    domains: int
    ddof: int

    def batch(self, iteration: int) -> dict[str, tf.Tensor]:
        n, c = self.batch_size, self.first_seed + 100 * iteration
        rs = np.random.RandomState(c + 3)
        y_org, y_trg = (rs.randint(0, self.domains, n).astype(np.int32) for _ in range(2))
        x_real, x_ref, x_ref2 = (uniform(c + i, n, 64, 64, 3) for i in range(3))
        z_trg, z_trg2 = normal(c + 4, n, 16), normal(c + 5, n, 16)
        arrays = TrainBatch(x_real, y_org, x_ref, x_ref2, y_trg, z_trg, z_trg2)
        return tf.nest.map_structure(tf.constant, arrays._asdict())

    @property
    def iterations(self) -> int:
        return len(self.expected["losses"])


def _flat(expected: dict) -> dict:
    """The state as in v2_training.json: mean, deviation and four values by kind/network/tensor."""
    state = {
        f"{kind}/{name}/{tensor}": [mean, deviation, *values]
        for kind, networks in expected["state"].items()
        for name, tensors in networks.items()
        for tensor, (mean, deviation, values) in tensors.items()
    }
    return {**expected, "state": state}


CASES = {
    "plain": Case(
        json.loads((GOLDEN / "v2_training.json").read_text()),
        StarGANv2Settings(**TINY, lambda_ds=2.0),
        "tiny",
        100,
        4,
        3,
        ddof=0,
    ),
    "high-pass": Case(
        _flat(json.loads((GOLDEN / "v2_hpf_training.json").read_text())),
        StarGANv2Settings(**TINY, lambda_ds=1.0, w_hpf=1.0),
        "tiny_hpf",
        500,
        2,
        2,
        ddof=1,
    ),
}


class LandmarkStandIn(keras.Model):
    """A blob for each landmark, as bright as the image is there."""

    def masks(self, x: tf.Tensor) -> Masks:
        side = IMAGE_SIDE
        grey = tf.reduce_mean(tf.image.resize(x, [side, side]), -1, keepdims=True)
        brightness = tf.clip_by_value((grey + 1) / 2, 0.0, 1.0)
        return masks_of_large(blobs() * (0.5 + 0.5 * brightness))


def blobs() -> np.ndarray:
    """One blob for each landmark, [1, 256, 256, 98] float32."""
    centres = np.random.RandomState(7).uniform(24, 232, (LANDMARKS, 2))
    i, j = np.mgrid[:IMAGE_SIDE, :IMAGE_SIDE, :1][:2]
    distances = (i - centres[:, 0]) ** 2 + (j - centres[:, 1]) ** 2
    return np.exp(-distances / 72)[np.newaxis].astype(np.float32)


class Run(NamedTuple):
    losses: list[dict[str, float]]
    tensors: dict[str, np.ndarray]  # after the last iteration, in the published layout
    outputs: dict[str, np.ndarray]


def run_often(case: Case) -> list[Run]:
    """One run as prescribed, then some whose weights differ by rounding."""
    state = TrainState(make_algorithm(case.settings, case.domains))
    if state.pretrained:
        state.pretrained = {"landmark_network": LandmarkStandIn()}
    step = TrainStep(state, tf.distribute.get_strategy())
    variables = _all_variables(tf.train.Checkpoint(state=state))
    start = [variable.numpy() for variable in variables]
    runs = []
    for seed in range(PERTURBED_RUNS + 1):
        for variable, value in zip(variables, start, strict=True):
            variable.assign(value)
        runs.append(_run(case, state, step, 1e-7 if seed else 0.0, seed))
    return runs


def _run(case: Case, state: TrainState, step: TrainStep, perturbation: float, seed: int) -> Run:
    for kind in ("nets", "ema"):
        for name in ("generator", "mapping_network", "style_encoder", "discriminator"):
            set_weights(_network_of(state, kind, name), f"{case.prefix}_{name}")
    rs = np.random.RandomState(seed)
    for network in state.networks.values():
        for variable in network.variables:
            noise = 1 + perturbation * rs.standard_normal(variable.shape)
            variable.assign(variable * noise.astype(np.float32))
    losses = [
        {name: float(loss) for name, loss in step(case.batch(iteration), iteration).items()}
        for iteration in range(case.iterations)
    ]
    return Run(losses, _published_tensors(case, state), _outputs(case, state))


def _network_of(state: TrainState, kind: str, name: str) -> keras.Model:
    if kind == "nets" or name == "discriminator":
        return state.networks[name]
    return state.averages[name]


def _published_tensors(case: Case, state: TrainState) -> dict[str, np.ndarray]:
    tensors = {}
    for key in case.expected["state"]:
        kind, name, tensor = key.split("/")
        tensors[key] = view(_network_of(state, kind, name), tensor).read()
    return tensors


def _outputs(case: Case, state: TrainState) -> dict[str, np.ndarray]:
    """What the networks make of further inputs; only the plain case has such numbers."""
    if case.settings.w_hpf > 0:
        return {}
    x, s = uniform(900, 2, 64, 64, 3), normal(901, 2, 64)
    y, z = np.array([1, 2]), normal(902, 2, 16)
    return {
        "generator": state.networks["generator"](x, s).numpy(),
        "ema_generator": state.averages["generator"](x, s).numpy(),
        "mapping_network": state.networks["mapping_network"](z, y).numpy(),
        "style_encoder": state.networks["style_encoder"](x, y).numpy(),
        "discriminator": state.networks["discriminator"](x, y).numpy(),
    }


def _all_variables(checkpoint: tf.train.Checkpoint) -> list[tf.Variable]:
    state = checkpoint.state
    moments = [v for optimizer in state.optimizers.values() for v in optimizer.variables]
    return [*moments, state.step, *state.schedule.values()]
