"""Training as the golden numbers prescribe it: weights, and what is looked at."""

import numpy as np
import tensorflow as tf

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.compat import keras
from stargan_tf.models.face_masks import Masks, masks_of_large
from stargan_tf.models.landmarks import IMAGE_SIDE, LANDMARKS
from stargan_tf.training.state import TrainState
from stargan_tf.training.step import TrainStep
from tests.golden.agreement import PERTURBATION, PERTURBED_RUNS, Run
from tests.golden.cases import Case
from tests.golden.forward import normal, uniform
from tests.golden.networks import set_weights, view


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
        runs.append(_run(case, state, step, PERTURBATION if seed else 0.0, seed))
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
        {name: float(loss) for name, loss in step(_batch(case, iteration), iteration).items()}
        for iteration in range(case.iterations)
    ]
    return Run(losses, _published_tensors(case, state), _outputs(case, state))


def _batch(case: Case, iteration: int) -> dict[str, tf.Tensor]:
    return {name: tf.constant(array) for name, array in case.batch(iteration).items()}


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
