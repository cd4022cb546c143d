"""Checkpoints: saving all of a run's state, and reading parts of it again."""

import contextlib
import dataclasses
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from stargan_tf.errors import UserError
from stargan_tf.files import plain_path
from stargan_tf.training.checkpoint_files import AVERAGED, CheckpointFiles, DamagedError, Progress
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.state import TrainState

# Of an algorithm: see `Algorithm.earlier_paths`.
EarlierPaths = Mapping[str, tuple[str, str]]
# What TensorFlow raises for checkpoints that are cut short, altered or of other contents.
_DAMAGED = (DamagedError, tf.errors.OpError, AssertionError, ValueError, IndexError)


class Checkpoints:
    """The last few checkpoints of a run.

    One counts when all of it is written: see `checkpoint_files`.

    Attributes:
      progress: what the restored checkpoint tells beside the state.
    """

    def __init__(
        self, run: RunDir, state: TrainState, keep: int, *, chief: bool = True, data: str = ""
    ) -> None:
        """Binds checkpoints to a state.

        Args:
          run: whose checkpoints/ is used.
          state: what is saved and restored, whole.
          keep: how many of the newest stay.
          chief: whether this process's checkpoints count. With several workers all
            must save, since it may take their cooperation, but only the chief's
            stay.
          data: fingerprint of the data set; empty for a run that is not trained.
        """
        self._run = run
        self._data = data
        self._state = state
        self._keep = keep
        self._checkpoint = tf.train.Checkpoint(state=state)
        self._scratch = None if chief else tempfile.mkdtemp(prefix="stargan_tf_worker_")
        self._files = CheckpointFiles(run.checkpoints)
        self._kept: list[int] = []
        self.progress = Progress()

    def restore(self) -> bool:
        """Restores the newest checkpoint that can be read; returns whether there was one.

        Raises:
          UserError: there are checkpoints, and none can be read; or the newest was imported or
            stripped, and is not all that training goes on from.
        """
        found = _restore_newest(self._files, self._state, self._state.algorithm.earlier_paths)
        if found is None:
            return False
        step, self.progress = found
        _check_domains(self._run, self.progress)
        if self.progress.lacks:
            raise UserError(
                f"Found a checkpoint in {self._run.root} that came without "
                f"{self.progress.lacking}, expected all of it to train on: start another "
                f"run from these weights with --warm_start={self._run.root}, or, if they were "
                "imported, import the files of nets, nets_ema and optims together."
            )
        self._kept = [kept for kept in self._files.candidates() if kept <= step][::-1]
        if not self._scratch:
            self._warn_of_other_data(step)
            self._files.sweep()
        return True

    def _warn_of_other_data(self, step: int) -> None:
        before, now = self.progress.data, self._data
        if before and now and before != now:
            print(
                f"warning: found other training images than those that {self._run.root} was "
                f"trained on until iteration {step}: it goes on with them. Pass --data_dir with "
                "the former data set, or choose another --run_dir, if this is not meant.",
                file=sys.stderr,
            )

    def save(self, window: Sequence[dict[str, float]] = ()) -> str:
        """Saves the state; returns the checkpoint's path.

        Args:
          window: the losses that are in no record yet; see `Progress`.
        """
        step = int(self._state.step.numpy())
        # Earlier versions demand a counter; this one is the same however often a run was resumed.
        # NumPy's number: see `RunLog.write_scalars`.
        self._checkpoint.save_counter.assign(np.int64(step))
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)
            return self._write(os.path.join(self._scratch, f"iteration-{step}"))
        if step in self._kept:
            return self._files.prefix(step)  # never over a good one
        if self._kept and self._files.listed() != self._kept:
            self._files.keep(self._kept)  # what was left behind by going back
        try:
            path = self._write(self._files.prefix(step))
            progress = dataclasses.replace(
                self.progress,
                window=tuple(window),
                domains=self._run.read().domains,
                data=self._data,
            )
            self._files.write_sidecar(step, progress)
            kept = [*self._kept, step][-self._keep :]
            self._files.keep(kept)
        except BaseException:
            with contextlib.suppress(OSError):
                if step not in (self._files.listed() or ()):  # what is in the list counts
                    self._files.remove(step)  # on a full disk, half a checkpoint takes the room
            raise
        self._kept = kept
        return path

    def roll_back(self) -> bool:
        """Restores the newest checkpoint and counts that in it; False if there is none.

        Raises:
          UserError: there are checkpoints, and none can be read.
        """
        rollbacks = self.progress.rollbacks + 1
        if not self.restore():
            return False
        self.progress = dataclasses.replace(self.progress, rollbacks=rollbacks)
        if not self._scratch:
            self._files.write_sidecar(int(self._state.step.numpy()), self.progress)
        return True

    def _write(self, path: str) -> str:
        with plain_path(os.path.dirname(path)) as folder:
            self._checkpoint.write(os.path.join(folder, os.path.basename(path)))
        return path

    def close(self) -> None:
        """Removes what a worker other than the chief has written."""
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)


def newest_checkpoint(run: RunDir) -> str | None:
    """The path of a run's newest checkpoint; None when there is none, or its files are gone."""
    files = CheckpointFiles(run.checkpoints)
    paths = [files.prefix(step) for step in files.candidates()]
    return next((path for path in paths if os.path.exists(f"{path}.index")), None)


class Restored(NamedTuple):
    """What a part was restored from: the checkpoint's path, and what it tells beside the state."""

    path: str
    progress: Progress


def restore_newest(run: RunDir, part: tf.Module, earlier_paths: EarlierPaths) -> Restored:
    """Restores a part of what a run's newest checkpoint holds.

    Args:
      run: whose checkpoint is read.
      part: has some of the attributes of `TrainState`, under the same names, `step` and
        `averages` among them.
      earlier_paths: of the run's algorithm.

    Raises:
      UserError: there is no checkpoint, none that can be read, or config.json lists its domains
        in another order.
    """
    files = CheckpointFiles(run.checkpoints)
    found = _restore_newest(files, part, earlier_paths)
    if found is None:
        raise UserError(
            f"Found no checkpoint in {run.checkpoints}, expected one: train for longer than "
            "--save_every iterations, or stop the training with Ctrl-C, which saves one."
        )
    step, progress = found
    _check_domains(run, progress)
    return Restored(files.prefix(step), progress)


def _check_domains(run: RunDir, progress: Progress) -> None:
    """Checks that config.json lists the domains as the weights know them.

    Raises:
      UserError: it was changed; each name would be drawn as another domain.
    """
    listed = run.read().domains
    if progress.domains and progress.domains != listed:
        raise UserError(
            f"Found the domains {', '.join(listed)} in {run.config_file}, expected "
            f"{', '.join(progress.domains)}, in the order of the checkpoint: put this order back."
        )


def _restore_newest(
    files: CheckpointFiles, part: tf.Module, earlier_paths: EarlierPaths
) -> tuple[int, Progress] | None:
    """Restores from the newest checkpoint that can be read; see `_restore_newest_of`.

    A training beside it may meanwhile replace what was listed: then it looks again.
    """
    while True:
        listed = files.listed()
        try:
            return _restore_newest_of(files, part, earlier_paths)
        except UserError:
            if files.listed() == listed:
                raise


def _restore_newest_of(
    files: CheckpointFiles, part: tf.Module, earlier_paths: EarlierPaths
) -> tuple[int, Progress] | None:
    """Restores from the newest checkpoint that can be read.

    Returns:
      Its iteration, and what it tells beside the state; None if there is no checkpoint.

    Raises:
      UserError: there are checkpoints, and none can be read.
    """
    damaged: list[str] = []
    errors: list[Exception] = []
    for step in files.candidates():
        path = files.prefix(step)
        try:
            progress = files.check(step)
            _restore(path, part, earlier_paths, progress)
        except tf.errors.ResourceExhaustedError:
            raise  # no fault of the checkpoint
        except _DAMAGED as error:
            damaged.append(f"{path} ({_reason(error)})")
            errors.append(error)
            continue
        if files.listed() is None:
            damaged.insert(0, f"the list of checkpoints in {files.index}")
        if damaged:
            print(
                f"warning: Found {' and '.join(damaged)}, which cannot be read: taking {path}, "
                "the newest checkpoint that can.",
                file=sys.stderr,
            )
        return step, progress
    if not damaged and files.listed() == []:
        return None
    found = ", ".join(damaged) or f"the list {files.index}"
    raise UserError(
        f"Found checkpoints that cannot be read, {found}, and none that can: restore the folder "
        "from a copy, or start anew in another --run_dir."
    ) from (errors[0] if errors else None)


def _restore(path: str, part: tf.Module, earlier_paths: EarlierPaths, progress: Progress) -> None:
    """Reads what a checkpoint has for a part of the state.

    All of it must be there, but for what the checkpoint of a stripped run lacks.
    """
    with plain_path(os.path.dirname(path)) as folder:
        plain = os.path.join(folder, os.path.basename(path))
        names = [name for name, _ in tf.train.list_variables(plain)]
        saved = {name.split("/")[1] for name in names if "/" in name}
        stripped = AVERAGED in progress.lacks
        there = part
        if saved & set(earlier_paths):
            there = _as_saved_earlier(part, earlier_paths)
        elif stripped:
            there = _as_stripped(part)
        status = tf.train.Checkpoint(state=there).restore(plain)
        status.assert_existing_objects_matched().expect_partial()
    if stripped:
        for name in getattr(part, "networks", {}).keys() & part.averages.keys():
            part.networks[name].set_weights(part.averages[name].get_weights())


def _as_stripped(part: tf.Module) -> tf.Module:
    """What a stripped run has of a part of the state; see `stripping`."""
    stripped = tf.Module()
    stripped.step = part.step
    stripped.averages = part.averages
    stripped.pretrained = getattr(part, "pretrained", {})
    stripped.networks = {
        name: network
        for name, network in getattr(part, "networks", {}).items()
        if name not in part.averages
    }
    return stripped


def _reason(error: Exception) -> str:
    """What is wrong with a checkpoint, in a few words."""
    if isinstance(error, DamagedError):
        return str(error)
    if isinstance(error, AssertionError):
        return "it holds other networks"
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


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
