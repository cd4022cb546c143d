"""Loads what has been trained, from wherever it lies: a run's checkpoint or an exported model."""

import dataclasses
import hashlib
from pathlib import Path

import tensorflow as tf

from stargan_tf.algorithms.algorithm import Algorithm, Networks
from stargan_tf.algorithms.registry import make_algorithm, own_source
from stargan_tf.algorithms.trained_model import Trained, TrainedModel
from stargan_tf.config.settings import check
from stargan_tf.models.precision import mixed_precision
from stargan_tf.training.checkpoint_files import NETWORKS
from stargan_tf.training.checkpoints import restore_newest
from stargan_tf.training.run_dir import RunDir

# Settings that a run must keep, and that say nothing about what its weights draw.
_NOT_DRAWN = ("warm_start", "head_from")


def load_model(run_dir: str, saved_model: str, *, classifying: bool = False) -> TrainedModel:
    """Loads the newest checkpoint of a run, or an exported model.

    Args:
      run_dir: folder of a training run; empty for an exported model.
      saved_model: version folder of an exported model; empty for a run.
      classifying: see `load_run`; exported models read no labels.

    Raises:
      UserError: there is none, or it cannot be read.
    """
    if not saved_model:
        return load_run(run_dir, classifying=classifying)
    from stargan_tf.serving.exported import load_exported

    return load_exported(saved_model)


def load_run(
    run_dir: str | Path, *, in_float32: bool = False, classifying: bool = False
) -> TrainedModel:
    """Loads the averaged networks of a run's newest checkpoint.

    Args:
      run_dir: the folder of a run.
      in_float32: whether the networks compute in float32 whatever they were trained in.
      classifying: whether the networks that read labels are wanted, too.

    Raises:
      UserError: the folder holds no run, or no checkpoint that can be read, or nothing that
        reads labels.
    """
    run = RunDir(run_dir)
    settings, domains = run.read()
    label_sets = run.label_sets()
    if in_float32:
        settings = dataclasses.replace(settings, mixed_precision="none")
    check(
        bool(domains),
        f"{run.config_file} lists no domains, expected those that the run was trained on, or its "
        "attributes: restore it or start a new run.",
    )
    algorithm = make_algorithm(settings, len(domains), label_sets)
    # The same tree of objects as TrainState has, without what only training needs.
    state = tf.Module()
    with mixed_precision(settings.mixed_precision):
        state.averages = algorithm.build(algorithm.averaged)
        state.pretrained = algorithm.build(algorithm.pretrained)
        state.networks = algorithm.build(algorithm.classifying if classifying else ())
    state.step = tf.Variable(0, trainable=False, dtype=tf.int64)
    progress = restore_newest(run, state, algorithm.earlier_paths).progress
    check(
        not classifying or bool(state.networks) and NETWORKS not in progress.lacks,
        f"Found no network in {run_dir} that was trained to read labels off images, expected a run "
        "of an algorithm that has one, such as stargan, which was trained here: leave out what "
        "needs it, such as --keep.",
    )
    step = int(state.step.numpy())
    networks = {**state.averages, **state.pretrained, **state.networks}
    return TrainedModel(
        origin=f"{run_dir} after {step} iterations",
        domains=domains,
        drawable=algorithm.drawable(networks),
        step=step,
        fingerprint=_fingerprint(networks, algorithm),
        trained=Trained(algorithm, networks),
        aligned_faces=algorithm.aligned_faces,
        label_sets=label_sets,
    )


def _fingerprint(networks: Networks, algorithm: Algorithm) -> str:
    """A digest of all that decides what is drawn: a run may be begun again in the same folder.

    Nothing in it depends on where the run lies.
    """
    settings = algorithm.settings
    # Some settings are in no weight, such as mixed_precision.
    fixed = [
        (field.name, getattr(settings, field.name))
        for field in dataclasses.fields(settings)
        if field.metadata["fixed"] and field.name not in _NOT_DRAWN
    ]
    digest = hashlib.sha256(repr(fixed).encode())
    digest.update(own_source(settings.algorithm))
    for name, network in sorted(networks.items()):
        for variable in network.variables:
            digest.update(f"{name} {variable.dtype.name} {variable.shape}".encode())
            digest.update(variable.numpy().tobytes())
    return digest.hexdigest()
