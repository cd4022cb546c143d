"""Checkpoints: saving all of a run's state, and loading its averaged networks."""

import dataclasses
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import tensorflow as tf

from stargan_tf.config.train import TrainConfig
from stargan_tf.errors import UserError
from stargan_tf.models.networks import TranslationNetworks
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.state import TrainState

# What TensorFlow raises for checkpoints that are cut short, altered or of other contents.
_DAMAGED = (tf.errors.OpError, AssertionError, ValueError, IndexError)


class Checkpoints:
    """The last few checkpoints of a run.

    TensorFlow writes a checkpoint beside its name, renames it, and only then
    enters it in the index: one that was cut short is never read.
    """

    def __init__(self, run: RunDir, state: TrainState, keep: int, *, chief: bool = True) -> None:
        """Binds checkpoints to a state.

        Args:
          run: whose checkpoints/ is used.
          state: what is saved and restored, whole.
          keep: how many of the newest stay.
          chief: whether this process's checkpoints count. With several workers all
            must save, since it may take their cooperation, but only the chief's
            stay.
        """
        self._run = run
        self._state = state
        self._checkpoint = tf.train.Checkpoint(state=state)
        self._scratch = None if chief else tempfile.mkdtemp(prefix="stargan_tf_worker_")
        self._manager = tf.train.CheckpointManager(
            self._checkpoint,
            self._scratch or str(run.checkpoints),
            max_to_keep=keep,
            checkpoint_name="iteration",
            step_counter=state.step,
        )

    def restore(self) -> bool:
        """Restores the newest checkpoint; returns whether there was one.

        Raises:
          UserError: the newest checkpoint is gone or cannot be read.
        """
        newest = tf.train.latest_checkpoint(str(self._run.checkpoints))
        if newest is None:
            listed = tf.train.get_checkpoint_state(str(self._run.checkpoints))
            if listed is not None:  # starting anew would overwrite what may still be saved
                raise _unreadable(listed.model_checkpoint_path)
            return False
        try:
            self._checkpoint.restore(newest).assert_existing_objects_matched()
        except _DAMAGED as error:
            raise _unreadable(newest) from error
        return True

    def save(self) -> str:
        """Saves the state; returns the checkpoint's path."""
        return self._manager.save(checkpoint_number=self._state.step.numpy())

    def close(self) -> None:
        """Removes what a worker other than the chief has written."""
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)


class TrainedNetworks(NamedTuple):
    """What a run has learned so far."""

    config: TrainConfig
    domains: tuple[str, ...]
    networks: TranslationNetworks  # the moving averages
    step: int
    checkpoint: str  # path, which names the iteration


def load_trained(run_dir: str | Path, *, in_float32: bool = False) -> TrainedNetworks:
    """Loads the averaged networks of a run's newest checkpoint.

    Args:
      run_dir: the folder of a run.
      in_float32: whether the networks compute in float32 whatever they were trained in.

    Raises:
      UserError: the folder holds no run, or no checkpoint that can be read.
    """
    run = RunDir(run_dir)
    config, domains = run.read()
    if in_float32:
        config = dataclasses.replace(config, mixed_precision="none")
    # The same tree of objects as TrainState has, without what only training needs.
    state = tf.Module()
    state.averages = TranslationNetworks(config, len(domains))
    state.step = tf.Variable(0, trainable=False, dtype=tf.int64)
    newest = restore_newest(run, state)
    return TrainedNetworks(config, domains, state.averages, int(state.step.numpy()), newest)


def restore_newest(run: RunDir, part: tf.Module) -> str:
    """Restores a part of what a run's newest checkpoint holds.

    Args:
      run: whose checkpoint is read.
      part: has some of the attributes of `TrainState`, under the same names.

    Returns:
      The checkpoint's path.

    Raises:
      UserError: there is no checkpoint, or none that can be read.
    """
    newest = tf.train.latest_checkpoint(str(run.checkpoints))
    if newest is None:
        raise UserError(
            f"Found no checkpoint in {run.checkpoints}, expected one: train for longer than "
            "--save_every iterations, or stop the training with Ctrl-C, which saves one."
        )
    try:
        status = tf.train.Checkpoint(state=part).restore(newest)
        status.assert_existing_objects_matched().expect_partial()
    except _DAMAGED as error:
        raise _unreadable(newest) from error
    return newest


def _unreadable(path: str) -> UserError:
    return UserError(
        f"Found a checkpoint that cannot be read, {path}: to go back to an earlier one, "
        "write its name into the first line of the file `checkpoint` beside it."
    )
