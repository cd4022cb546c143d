"""Starting a run from what another has learned."""

import tensorflow as tf

from stargan_tf.config.settings import check
from stargan_tf.config.train import TrainConfig
from stargan_tf.training.checkpoints import restore_newest
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.state import TrainState


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
    there, here = old.config.shapes(), config.shapes()
    differences = [
        f"{name} ({there.get(name)} there, {here.get(name)} here)"
        for name in here | there
        if there.get(name) != here.get(name)
    ]
    if len(old.domains) != len(domains):
        differences.append(f"domains ({', '.join(old.domains)} there, {', '.join(domains)} here)")
    check(
        not differences,
        f"--warm_start={config.warm_start} holds networks of other shapes: "
        f"{'; '.join(differences)}. Use its settings, or leave out --warm_start.",
    )


def load_parent(state: TrainState) -> int:
    """Gives a fresh state the weights of the run that its settings start from.

    All networks and their averages are taken over, those that are not trained too; optimizers,
    schedule and iteration stay as they are, at their beginning.

    Args:
      state: fresh; changed in place. Its settings were checked by `check_parent`.

    Returns:
      The iteration that the other run had come to.

    Raises:
      UserError: the other run has no checkpoint that can be read.
    """
    weights = tf.Module()
    weights.networks = state.networks
    weights.averages = state.averages
    weights.pretrained = state.pretrained
    weights.step = tf.Variable(0, trainable=False, dtype=tf.int64)
    algorithm = state.algorithm
    restore_newest(RunDir(algorithm.settings.warm_start), weights, algorithm.earlier_paths)
    return int(weights.step.numpy())
