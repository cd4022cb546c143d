"""Checkpoints: saving all of a run's state, and reading parts of it again."""

import contextlib
import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping

import tensorflow as tf

from stargan_tf.errors import UserError
from stargan_tf.files import plain_path
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.state import TrainState

# Of an algorithm: see `Algorithm.earlier_paths`.
EarlierPaths = Mapping[str, tuple[str, str]]
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
        self._folder = self._scratch or str(run.checkpoints)
        links = contextlib.ExitStack()  # as long as checkpoints are written and removed
        self._remove_links = weakref.finalize(self, links.close)
        self._manager = tf.train.CheckpointManager(
            self._checkpoint,
            links.enter_context(plain_path(self._folder)),
            max_to_keep=keep,
            checkpoint_name="iteration",
            step_counter=state.step,
        )

    def restore(self) -> bool:
        """Restores the newest checkpoint; returns whether there was one.

        Raises:
          UserError: the newest checkpoint is gone or cannot be read.
        """
        newest = newest_checkpoint(self._run)
        if newest is None:
            listed = tf.train.get_checkpoint_state(str(self._run.checkpoints))
            if listed is not None:  # starting anew would overwrite what may still be saved
                raise _unreadable(listed.model_checkpoint_path)
            return False
        _restore(newest, self._state, self._state.algorithm.earlier_paths)
        return True

    def save(self) -> str:
        """Saves the state; returns the checkpoint's path."""
        path = self._manager.save(checkpoint_number=self._state.step.numpy())
        return os.path.join(self._folder, os.path.basename(path))

    def close(self) -> None:
        """Removes what a worker other than the chief has written, and links."""
        self._remove_links()
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)


def newest_checkpoint(run: RunDir) -> str | None:
    """The path of a run's newest checkpoint; None when there is none, or its files are gone."""
    with plain_path(run.checkpoints) as folder:
        path = tf.train.latest_checkpoint(folder)
        if path and os.path.dirname(path) == folder:
            return os.path.join(run.checkpoints, os.path.basename(path))
        return path


def restore_newest(run: RunDir, part: tf.Module, earlier_paths: EarlierPaths) -> str:
    """Restores a part of what a run's newest checkpoint holds.

    Args:
      run: whose checkpoint is read.
      part: has some of the attributes of `TrainState`, under the same names, `step` and
        `averages` among them.
      earlier_paths: of the run's algorithm.

    Returns:
      The checkpoint's path.

    Raises:
      UserError: there is no checkpoint, or none that can be read.
    """
    newest = newest_checkpoint(run)
    if newest is None:
        raise UserError(
            f"Found no checkpoint in {run.checkpoints}, expected one: train for longer than "
            "--save_every iterations, or stop the training with Ctrl-C, which saves one."
        )
    _restore(newest, part, earlier_paths)
    return newest


def _restore(path: str, part: tf.Module, earlier_paths: EarlierPaths) -> None:
    """Reads what a checkpoint has for a part of the state, all of which must be there.

    Raises:
      UserError: the checkpoint cannot be read.
    """
    with plain_path(os.path.dirname(path)) as folder:
        plain = os.path.join(folder, os.path.basename(path))
        try:
            names = [name for name, _ in tf.train.list_variables(plain)]
            saved = {name.split("/")[1] for name in names if "/" in name}
            if saved & set(earlier_paths):
                part = _as_saved_earlier(part, earlier_paths)
            status = tf.train.Checkpoint(state=part).restore(plain)
            status.assert_existing_objects_matched().expect_partial()
        except _DAMAGED as error:
            raise _unreadable(path) from error


def _as_saved_earlier(part: tf.Module, earlier_paths: EarlierPaths) -> tf.Module:
    """The same objects under the attributes that earlier versions gave them."""
    earlier = tf.Module()
    earlier.step = part.step
    earlier.averages = part.averages
    moved = {key for group, key in earlier_paths.values() if group == "networks"}
    earlier.networks = {
        name: network
        for name, network in getattr(part, "networks", {}).items()
        if name not in moved
    }
    for attribute, (group, key) in earlier_paths.items():
        if key in getattr(part, group, {}):
            setattr(earlier, attribute, getattr(part, group)[key])
    return earlier


def _unreadable(path: str) -> UserError:
    return UserError(
        f"Found a checkpoint that cannot be read, {path}: to go back to an earlier one, "
        "write its name into the first line of the file `checkpoint` beside it."
    )
