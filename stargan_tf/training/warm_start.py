"""Starting a run from what another has learned."""

import tensorflow as tf

from stargan_tf.config.settings import check
from stargan_tf.config.train import TrainConfig
from stargan_tf.training.checkpoints import restore_newest
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.state import TrainState

# Settings that decide the shapes of the weights; all else may differ from run to run.
_SHAPES = (
    "img_size",
    "first_layer_channels",
    "max_conv_dim",
    "latent_dim",
    "style_dim",
    "mapping_hidden_dim",
    "w_hpf",
)


def check_parent(config: TrainConfig, domains: tuple[str, ...]) -> None:
    """Checks that a run can start from the one that --warm_start names, if it names one.

    Args:
      config: of the new run.
      domains: of its data set. Their number must be that of the other run; a domain
        goes on from the other run's domain at the same place.

    Raises:
      UserError: there is no such run, or its networks have other shapes.
    """
    if not config.warm_start:
        return
    old = RunDir(config.warm_start).read()
    differences = [
        f"{name} ({getattr(old.config, name)} there, {getattr(config, name)} here)"
        for name in _SHAPES
        if getattr(old.config, name) != getattr(config, name)
    ]
    if len(old.domains) != len(domains):
        differences.append(f"domains ({', '.join(old.domains)} there, {', '.join(domains)} here)")
    check(
        not differences,
        f"--warm_start={config.warm_start} holds networks of other shapes: "
        f"{'; '.join(differences)}. Use its settings, or leave out --warm_start.",
    )


def load_parent(state: TrainState, config: TrainConfig) -> int:
    """Gives a fresh state the weights of another run's newest checkpoint.

    Networks, their averages and the discriminator are taken over; optimizers, schedule
    and iteration stay as they are, at their beginning.

    Args:
      state: fresh; changed in place.
      config: of the new run, checked by `check_parent`.

    Returns:
      The iteration that the other run had come to.

    Raises:
      UserError: the other run has no checkpoint that can be read.
    """
    weights = tf.Module()
    weights.networks = state.networks
    weights.averages = state.averages
    weights.discriminator = state.discriminator
    weights.step = tf.Variable(0, trainable=False, dtype=tf.int64)
    restore_newest(RunDir(config.warm_start), weights)
    return int(weights.step.numpy())
