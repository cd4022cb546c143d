"""The smallest training there is: settings, batches, and looks into the state."""

import contextlib

import numpy as np
import tensorflow as tf

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.algorithms.stargan_v2.step import TrainBatch
from stargan_tf.training.state import TrainState

NUM_DOMAINS = 3
CONFIG = StarGANv2Settings(
    img_size=32,
    base_channels=4,
    max_conv_dim=8,
    latent_dim=4,
    style_dim=6,
    mapping_hidden_dim=8,
    batch_size=4,
    lambda_ds=2.0,
    ds_iter=4,
    lr=1e-3,
    f_lr=1e-3,
    total_iters=4,
)
NAMES = {"G": "generator", "F": "mapping_network", "E": "style_encoder", "D": "discriminator"}
LOSSES = {
    *(f"D/{style}_{name}" for style in ("latent", "ref") for name in ("real", "fake", "reg")),
    *(f"G/{style}_{name}" for style in ("latent", "ref") for name in ("adv", "sty", "ds", "cyc")),
    "lambda_ds",
}


def batch(seed: int, size: int = 4) -> TrainBatch:
    rng = np.random.default_rng(seed)
    x_real, x_ref, x_ref2 = rng.uniform(-1, 1, (3, size, 32, 32, 3)).astype(np.float32)
    y_org, y_trg = rng.integers(0, NUM_DOMAINS, (2, size)).astype(np.int32)
    z_trg, z_trg2 = rng.standard_normal((2, size, CONFIG.latent_dim)).astype(np.float32)
    arrays = TrainBatch(x_real, y_org, x_ref, x_ref2, y_trg, z_trg, z_trg2)
    return TrainBatch(*map(tf.constant, arrays))


def fresh_state(config=CONFIG, num_domains=NUM_DOMAINS) -> TrainState:
    return TrainState(make_algorithm(config, num_domains))


@contextlib.contextmanager
def eagerly():
    """Runs tf.functions uncompiled, for steps that are taken once or twice only."""
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)


def networks(state):
    """The trained networks by their letters."""
    return {letter: state.networks[name] for letter, name in NAMES.items()}


def optimizers(state):
    return {letter: state.optimizers[name] for letter, name in NAMES.items()}


def weights(state):
    return {letter: network.get_weights() for letter, network in networks(state).items()}


def averages(state):
    return [weight for network in state.averages.values() for weight in network.get_weights()]


def averaged_weights(state):
    """The weights that `averages` are averages of."""
    return [w for name in state.averages for w in state.networks[name].get_weights()]


def changed(before, after):
    """Letters of the networks any of whose weights differ."""
    return {
        letter
        for letter in before
        if any((a != b).any() for a, b in zip(before[letter], after[letter], strict=True))
    }
