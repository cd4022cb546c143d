"""Writes checkpoints of a tiny run for `check_with_torch`, and what we make of them: outputs of the
networks, and the next step of our Adam.

python -m tests.weights write_for_torch FOLDER
"""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.algorithms.stargan_v2.published import published_tensors
from stargan_tf.to_release import export_release
from stargan_tf.training.checkpoints import Checkpoints
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.state import TrainState
from stargan_tf.weights.places import Place, take_out
from tests.weights import tiny_stargan
from tests.weights.tiny_settings import SETTINGS

STEPS = 3


def write(variant: str, folder: Path) -> None:
    """Writes checkpoints after STEPS steps of Adam, and arrays of one step more."""
    config, num_domains = SETTINGS[variant]
    config = dataclasses.replace(config, run_dir=str(folder / "run"))
    state = TrainState(make_algorithm(config, num_domains))
    rng = np.random.default_rng(num_domains)
    for _ in range(STEPS):
        step(state, rng)
    state.step.assign(STEPS)
    run = RunDir(folder / "run")
    run.begin(config, tuple(f"domain{k}" for k in range(num_domains)))
    Checkpoints(run, state, keep=1).save()
    export_release(config.run_dir, str(folder))
    np.savez(folder / "outputs.npz", **outputs(state, rng))
    before = tensors_of(state)
    gradients = step(state, rng)
    arrays = {f"before/{key}": value for key, value in before.items()}
    arrays |= {f"gradient/{key}": value for key, value in gradients.items()}
    arrays |= {f"after/{key}": value for key, value in tensors_of(state).items()}
    np.savez(folder / "next_step.npz", **arrays)


def outputs(state: TrainState, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Inputs by their names, and what every network makes of them by its name."""
    config = state.algorithm.settings
    size, y = config.img_size, np.array([0, 1])
    x = rng.uniform(-1, 1, [2, size, size, 3]).astype(np.float32)
    z, s = (
        rng.standard_normal([2, width]).astype(np.float32)
        for width in (config.latent_dim, config.style_dim)
    )
    masks = tuple(rng.uniform(0, 1, [2, 2, 256, 256, 1]).astype(np.float32))
    networks = {**state.networks, **state.pretrained}
    arguments = {
        "generator": (x, s, masks if config.w_hpf else None),
        "mapping_network": (z, y),
        "style_encoder": (x, y),
        "discriminator": (x, y),
        "landmark_network": (x,),
    }
    found = {name: network(*arguments[name]).numpy() for name, network in networks.items()}
    inputs = {"x": x, "y": y, "z": z, "s": s, "masks": np.stack(masks)}
    return found | {f"inputs/{name}": value for name, value in inputs.items()}


def tensors_of(state: TrainState) -> dict[str, np.ndarray]:
    """The tensors of all networks that are trained, as NETWORK/TENSOR."""
    return {
        f"{name}/{key}": value.copy()
        for name, network in state.networks.items()
        for key, value in take_out(published_tensors(network)).items()
    }


def step(state: TrainState, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Steps every network down random gradients; returns these in the published layout."""
    published = {}
    for name, network in state.networks.items():
        weights = network.trainable_variables
        gradients = [rng.standard_normal(w.shape).astype(np.float32) for w in weights]
        of = {id(weight): gradient for weight, gradient in zip(weights, gradients, strict=True)}
        for key, place in published_tensors(network).items():
            if isinstance(place, Place) and id(place.variable) in of:
                published[f"{name}/{key}"] = place.published(of[id(place.variable)])
        pairs = zip(map(tf.constant, gradients), weights, strict=True)
        state.optimizers[name].apply_gradients(pairs)
    return published


def write_stargan(folder: Path) -> None:
    """Writes G and D of a run of StarGAN (2018), and arrays of what they compute."""
    settings = tiny_stargan.settings(run_dir=str(folder / "run"))
    state = TrainState(make_algorithm(settings, len(tiny_stargan.LABELS)))
    rng = np.random.default_rng(0)
    for network in state.networks.values():
        for variable in network.variables:
            variable.assign(0.3 * rng.standard_normal(variable.shape))
    state.averages["generator"].set_weights(state.networks["generator"].get_weights())
    state.step.assign(tiny_stargan.ITERATION)
    run = RunDir(folder / "run")
    run.begin(settings, tiny_stargan.LABELS)
    Checkpoints(run, state, keep=1).save()
    export_release(settings.run_dir, str(folder))
    x, c = tiny_stargan.inputs()
    drawn = state.networks["generator"](x, c).numpy()
    src, cls = state.networks["discriminator"](x)
    np.savez(folder / "outputs.npz", x=x, c=c, generator=drawn, src=src.numpy(), cls=cls.numpy())


def main() -> None:
    folder = Path(sys.argv[1])
    for variant in SETTINGS:
        write(variant, folder / variant)
    write_stargan(folder / tiny_stargan.VARIANT)
