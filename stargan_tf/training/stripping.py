"""A copy of a run that has its weights alone: averages, judges and what is not trained."""

import dataclasses
import os
from pathlib import Path

import tensorflow as tf

from stargan_tf.algorithms.algorithm import Algorithm
from stargan_tf.algorithms.registry import DEFAULT, make_algorithm
from stargan_tf.config.train import TrainConfig
from stargan_tf.files import folder_written_whole
from stargan_tf.models.precision import mixed_precision
from stargan_tf.shell import command
from stargan_tf.training.checkpoint_files import AVERAGED, OPTIMIZERS
from stargan_tf.training.checkpoints import Checkpoints, restore_newest
from stargan_tf.training.run_dir import RunDir


def strip(run_dir: str, out: str) -> str:
    """Writes the copy, whole or not at all.

    Networks that have a moving average are left out, for it is what draws: who restores from the
    copy has the averages in their place.

    Args:
      run_dir: of the run; its newest checkpoint is read.
      out: folder of the copy, a new one.

    Returns:
      What was written, in words.

    Raises:
      UserError: there is no run, or no checkpoint that can be read.
    """
    run = RunDir(run_dir)
    settings, domains = run.read()
    algorithm = make_algorithm(settings, len(domains), run.label_sets())
    weights = _lasting_weights(algorithm)
    path, progress = restore_newest(run, weights, algorithm.earlier_paths)
    paths = {field.name: "" for field in dataclasses.fields(settings) if field.metadata["path"]}
    settings = dataclasses.replace(settings, **paths, head_from="")
    with folder_written_whole(Path(os.path.realpath(out))) as folder:
        copy = RunDir(folder)
        copy.begin(settings, domains, run.label_sets())
        copy.take_mean_landmarks(run)
        checkpoints = Checkpoints(copy, weights, keep=1)
        lacks = tuple(dict.fromkeys((*progress.lacks, AVERAGED, OPTIMIZERS)))
        checkpoints.progress = dataclasses.replace(progress, lacks=lacks, rollbacks=0)
        kept, size = _size(checkpoints.save()), _size(path)
    step = int(weights.step.numpy())
    return "\n".join(
        [
            f"Wrote the weights of {run_dir} after {step} iterations into {out}: {kept:.1f} MB, "
            f"where the run's checkpoint has {size:.1f}.",
            f"  draw:    {command('sample', run_dir=out, src='IMAGE', out='looks.png')}",
            f"  train:   {_training(settings, len(run.label_sets()), out)}",
        ]
    )


def _training(settings: TrainConfig, num_sets: int, out: str) -> str:
    """The command that begins a run of networks of the same shapes."""
    usual = type(settings)().shapes() | {"algorithm": DEFAULT}
    shapes = {name: value for name, value in settings.shapes().items() if usual[name] != value}
    data = {"data_dir": "DATA"} | ({"data_dir2": "DATA2"} if num_sets > 1 else {})
    return command("train", **shapes, **data, warm_start=out, run_dir="runs/NAME")


def _lasting_weights(algorithm: Algorithm) -> tf.Module:
    """What stays, under the names that it has in `TrainState`."""
    weights = tf.Module()
    judges = algorithm.optimizers().keys() - set(algorithm.averaged)
    with mixed_precision(algorithm.settings.mixed_precision):
        weights.networks = algorithm.build(judges)
        weights.averages = algorithm.build(algorithm.averaged)
        weights.pretrained = algorithm.build(algorithm.pretrained)
    weights.step = tf.Variable(0, trainable=False, dtype=tf.int64)
    return weights


def _size(checkpoint: str) -> float:
    """Of a checkpoint's files, in MB."""
    files = Path(checkpoint).parent.glob(f"{Path(checkpoint).name}.*")
    return sum(file.stat().st_size for file in files) / 1e6
