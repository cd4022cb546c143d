"""Starting a run from what another has learned."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from stargan_tf.algorithms.algorithm import Algorithm, Networks
from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.compat import keras
from stargan_tf.config.settings import check
from stargan_tf.models.precision import mixed_precision
from stargan_tf.names import find_domain
from stargan_tf.training.checkpoint_files import NETWORKS
from stargan_tf.training.checkpoints import restore_newest
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.state import TrainState


class Parent(NamedTuple):
    """The run that another one starts from.

    Attributes:
      step: the iteration that it had come to.
      remarks: sentences about what did not simply go on, for people.
    """

    step: int
    remarks: tuple[str, ...]


def check_parent(algorithm: Algorithm, domains: tuple[str, ...]) -> None:
    """Checks that a run can start from the one that --warm_start names, if it names one.

    Args:
      algorithm: of the new run.
      domains: of its data set. They may be others than those of the parent where the algorithm
        says which layers have a part for each.

    Raises:
      UserError: there is no such run, its networks have other shapes, or it has no domain of
        the name that --head_from gives.
    """
    config = algorithm.settings
    if not config.warm_start:
        return
    old = RunDir(config.warm_start).read()
    there, here = old.config.shapes(), config.shapes()
    if len(RunDir(config.warm_start).label_sets()) > 1:
        there["data_dir2"] = "given"  # a stripped run names no folders
    differences = [
        f"{name} ({there.get(name)} there, {here.get(name)} here)"
        for name in here | there
        if there.get(name) != here.get(name)
    ]
    other = len(old.domains) != len(domains)
    # A name in another place would become what stood there without a word.
    other |= any(a in domains and a != b for a, b in zip(old.domains, domains, strict=False))
    if other and not algorithm.domain_layers:
        differences.append(f"labels ({', '.join(old.domains)} there, {', '.join(domains)} here)")
    check(
        not differences,
        f"--warm_start={config.warm_start} holds networks of other shapes: "
        f"{'; '.join(differences)}. Use its settings, or leave out --warm_start.",
    )
    check(
        not config.head_from or bool(algorithm.domain_layers),
        f"Found --head_from={config.head_from} for --algorithm={config.algorithm}, whose networks "
        "have no layers of single domains: leave it out.",
    )
    check(
        not config.head_from or find_domain(config.head_from, old.domains) is not None,
        f"Found --head_from={config.head_from}, expected a domain of {config.warm_start}, "
        f"{', '.join(old.domains)}: correct it.",
    )


def load_parent(state: TrainState, domains: tuple[str, ...]) -> Parent:
    """Gives a fresh state the weights of the run that its settings start from.

    All networks and their averages are taken over, those that are not trained too; optimizers,
    schedule and iteration stay as they are, at their beginning. What the parent has for each
    domain goes to the domain of the same name; a new domain gets that of --head_from, by default
    the parent's first.

    Args:
      state: fresh; changed in place. Its settings were checked by `check_parent`.
      domains: of the new run.

    Raises:
      UserError: the other run has no checkpoint that can be read.
    """
    algorithm = state.algorithm
    config = algorithm.settings
    parent = RunDir(config.warm_start)
    old_domains = parent.read().domains
    num_labels = len(old_domains) or algorithm.num_labels
    old = _weights_of(make_algorithm(config, num_labels, parent.label_sets()))
    progress = restore_newest(parent, old, algorithm.earlier_paths).progress
    sources = list(range(len(old_domains)))
    if algorithm.domain_layers:
        sources = head_sources(old_domains, domains, config.head_from)
    for name, group in _groups(state).items():
        for network in group:
            layers = algorithm.domain_layers.get(network, ())
            _take_over(getattr(old, name)[network], group[network], layers, sources)
    remarks = _remarks(old_domains, domains, sources) if algorithm.domain_layers else ()
    fresh = [name for name in state.networks if name not in state.averages]
    if NETWORKS in progress.lacks and fresh:
        remarks += (f"It was imported without the weights of the {' and '.join(fresh)}: fresh.",)
    return Parent(int(old.step.numpy()), remarks)


def head_sources(old: Sequence[str], new: Sequence[str], head_from: str) -> list[int]:
    """Which of the parent's domains each domain of a run starts from.

    Args:
      old: the parent's domains.
      new: the run's.
      head_from: the parent's domain that new ones start from; empty for its first.
    """
    default = find_domain(head_from, old) if head_from else 0
    found = [find_domain(name, old) for name in new]
    return [default if index is None else index for index in found]


def _weights_of(algorithm: Algorithm) -> tf.Module:
    """What a checkpoint of the algorithm has of weights, with values that do not matter."""
    weights = tf.Module()
    with mixed_precision(algorithm.settings.mixed_precision):
        weights.networks = algorithm.build()
        weights.averages = algorithm.build(algorithm.averaged)
        weights.pretrained = algorithm.build(algorithm.pretrained)
    weights.step = tf.Variable(0, trainable=False, dtype=tf.int64)
    return weights


def _groups(state: TrainState) -> dict[str, Networks]:
    return {name: getattr(state, name) for name in ("networks", "averages", "pretrained")}


def _take_over(
    old: keras.Model, new: keras.Model, layers: Sequence[str], sources: list[int]
) -> None:
    """Copies a network's weights; of those with a row for each domain, the rows `sources`."""
    by_domain = {id(variable) for name in layers for variable in _variables(getattr(new, name))}
    for there, here in zip(old.variables, new.variables, strict=True):
        value = there.numpy()
        here.assign(value[np.array(sources)] if id(here) in by_domain else value)


def _variables(layers: keras.layers.Layer | Sequence[keras.layers.Layer]) -> list[tf.Variable]:
    """The variables of a layer, or of a list of them."""
    if isinstance(layers, keras.layers.Layer):
        return layers.variables
    return [variable for layer in layers for variable in layer.variables]


def _remarks(old: Sequence[str], new: Sequence[str], sources: list[int]) -> tuple[str, ...]:
    """Which head came from where; nothing where all are as they were."""
    if tuple(old) == tuple(new):
        return ()
    known = [name for name in new if find_domain(name, old) is not None]
    copies = [
        f"{name} starts as a copy of {old[source]}"
        for name, source in zip(new, sources, strict=True)
        if name not in known
    ]
    left = [name for index, name in enumerate(old) if index not in sources]
    parts = [f"{', '.join(known)} kept"] if known else []
    parts += copies
    parts += [f"{', '.join(left)} left out"] if left else []
    return (f"Its domains: {'; '.join(parts)}.",)
