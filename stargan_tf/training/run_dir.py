"""The folder of a run: what lies where in it, and whose it is."""

import contextlib
import dataclasses
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from stargan_tf import labels
from stargan_tf.algorithms import registry
from stargan_tf.config import settings
from stargan_tf.config.train import TrainConfig
from stargan_tf.errors import UserError
from stargan_tf.files import read_json, remove_unfinished, write_text, written_whole
from stargan_tf.labels import LabelSet
from stargan_tf.locks import LOCK, exclusive_lock
from stargan_tf.names import check_file_names, normalised
from stargan_tf.training.checkpoint_files import CheckpointFiles

_LABEL_SETS = "label_sets"  # in config.json


class RunSettings(NamedTuple):
    """What config.json holds."""

    config: TrainConfig
    domains: tuple[str, ...]


class RunDir:
    """A run's folder, with the names of everything in it."""

    def __init__(self, root: str | Path) -> None:
        """Names the folder; nothing is created."""
        self.root = Path(root)
        self.config_file = self.root / "config.json"
        self.metrics_file = self.root / "metrics.jsonl"
        self.checkpoints = self.root / "checkpoints"
        self.logs = self.root / "logs"
        self.samples = self.root / "samples"
        # Of runs that were imported with it, and of those that start from one: a mean face, to
        # align others to.
        self.mean_landmarks_file = self.root / "celeba_lm_mean.npz"

    def take_mean_landmarks(self, parent: "RunDir") -> None:
        """Copies the mean face of the run that this one starts from, where it has one."""
        if parent.mean_landmarks_file.exists():
            with written_whole(self.mean_landmarks_file) as temporary:
                shutil.copyfile(parent.mean_landmarks_file, temporary)

    def exists(self) -> bool:
        """Whether a run was begun here."""
        return self.config_file.exists()

    def read(self) -> RunSettings:
        """Reads config.json.

        Its paths are absolute. Earlier versions kept them as they were typed: such a path
        counts from the folder that training was started in, where this can be told.

        Raises:
          UserError: there is no run here, or its settings cannot be read.
        """
        settings.check(
            self.exists(),
            f"Found no config.json in {self.root}, expected the folder of a training run: pass "
            "the --run_dir that was given to stargan_tf.train.",
        )
        values: dict[str, Any] = read_json(self.config_file)
        domains = values.pop("domains", None)
        values.pop(_LABEL_SETS, None)
        settings.check(
            isinstance(domains, list) and all(isinstance(name, str) for name in domains),
            f"{self.config_file} lacks the list of domains: restore it or start a new run.",
        )
        check_file_names(domains, "domain", self.config_file)
        settings.check(
            len({*map(normalised, domains)}) == len(domains),
            f"{self.config_file} lists a domain twice: restore it or start a new run.",
        )
        algorithm = values.get("algorithm", registry.DEFAULT)
        config_class = registry.settings_class(algorithm)
        config = settings.from_dict(config_class, values, where=self.config_file)
        self._check_valid(config)
        return RunSettings(self._located(config), tuple(map(normalised, domains)))

    def label_sets(self) -> tuple[LabelSet, ...]:
        """What config.json says about the domains: see `labels`; nothing in earlier versions.

        Raises:
          UserError: it does not fit the domains; see also `read`.
        """
        domains = self.read().domains
        value = read_json(self.config_file).get(_LABEL_SETS)
        if value is None:
            return ()
        try:
            found = labels.from_json(value)
        except ValueError as error:
            raise UserError(
                f"{self.config_file} has wrong {_LABEL_SETS} ({error}): restore it or start a new "
                "run."
            ) from error
        settings.check(
            tuple(name for one in found for name in one.names) == domains,
            f"{self.config_file} has other names in {_LABEL_SETS} than in domains: restore it or "
            "start a new run.",
        )
        return found

    def _check_valid(self, config: TrainConfig) -> None:
        """Checks the values of config.json, which were right when it was written."""
        # Where its data are is checked where they are needed.
        located = dataclasses.replace(config, run_dir=str(self.root), data_dir=".")
        try:
            located.validate()
        except UserError as error:
            raise UserError(f"{self.config_file} cannot be used: {error}") from error

    def check_data_dir(self, info_file: str, name: str = "data_dir") -> None:
        """Checks that the run's data set is where it was.

        Args:
          info_file: name of a file that every data set has.
          name: of the setting, data_dir or data_dir2; the second may be empty.

        Raises:
          UserError: it is not.
        """
        folder = getattr(self.read().config, name)
        if not folder:
            settings.check(
                name != "data_dir",
                f"Found no name of a data set in {self.config_file}, as of a run that was imported "
                f"or stripped: pass --{name}.",
            )
            return
        settings.check(
            (Path(folder) / info_file).is_file(),
            f"Found no data set at {folder}, where the run in {self.root} had its own: pass "
            f"--{name} with the folder that it is in now.",
        )

    def lock(self) -> contextlib.AbstractContextManager[bool]:
        """Keeps another training out of the folder; see `exclusive_lock`."""
        return exclusive_lock(self.root / LOCK, self.root, "training", "choose another --run_dir")

    def begin(
        self, config: TrainConfig, domains: tuple[str, ...], label_sets: Sequence[LabelSet] = ()
    ) -> None:
        """Creates the folder, or checks that the run in it is the one that `config` describes.

        Settings that may change on resume are written anew.

        Args:
          config: the settings.
          domains: the names of all labels.
          label_sets: what they are, where that is known.

        Raises:
          UserError: the folder holds a run of other settings or domains, one whose checkpoints
            are gone, or files that are no run's.
        """
        config = _with_absolute_paths(config)
        if self.exists():
            old = self.read()
            config = _with_lost_paths(config, old.config)
            self._check_same(old, config, domains)
            self._check_checkpoints(old.config.save_every)
        elif self._has_other_files():
            raise UserError(
                f"Found other files in {self.root}, expected a new folder or that of a run: "
                "choose another --run_dir."
            )
        for folder in self._folders():
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.root, *self._folders()):
            remove_unfinished(folder)
        known = {_LABEL_SETS: labels.to_json(label_sets)} if label_sets else {}
        values = {**dataclasses.asdict(config), "domains": domains, **known}
        text = json.dumps(values, indent=2)
        write_text(self.config_file, text + "\n")

    def _folders(self) -> tuple[Path, ...]:
        return self.checkpoints, self.logs, self.samples

    def _has_other_files(self) -> bool:
        """Whether the folder holds more than what a run that was killed at once has left."""
        if not self.root.exists():
            return False
        shown = (path for path in self.root.iterdir() if not path.name.startswith("."))
        return any(path not in self._folders() or any(path.iterdir()) for path in shown)

    def _located(self, config: TrainConfig) -> TrainConfig:
        """Makes the paths of an earlier version absolute, as far as they lead anywhere."""
        started_in = self._started_in(config.run_dir)
        changes = {}
        for name, path in _paths(config):
            if started_in and name != "run_dir" and not os.path.isabs(path):
                there = os.path.normpath(started_in / path)
                if os.path.exists(there):
                    changes[name] = there
        return dataclasses.replace(config, **changes)

    def _started_in(self, run_dir: str) -> Path | None:
        """The working directory in which `run_dir` meant this folder; None if it is not known."""
        typed = Path(os.path.normpath(run_dir)).parts if run_dir else ()
        here = Path(os.path.abspath(self.root)).parts
        if not typed or typed != here[-len(typed) :] or len(typed) == len(here):
            return None  # typed as an absolute path, from a folder beside it, or moved since
        return Path(*here[: -len(typed)])

    def _check_checkpoints(self, save_every: int) -> None:
        """Checks that a run which saved checkpoints has one: it is not begun again unasked."""
        step = self._last_recorded()
        if step > save_every and not CheckpointFiles(self.checkpoints).candidates():
            raise UserError(
                f"Found no checkpoint in {self.checkpoints}, expected those of a run that got to "
                f"iteration {step}: put them back from a copy, or start anew in another --run_dir."
            )

    def _last_recorded(self) -> int:
        """The last iteration in metrics.jsonl, 0 for none; a line may be cut short."""
        steps = [0]
        with contextlib.suppress(FileNotFoundError), self.metrics_file.open("rb") as file:
            for line in file:
                with contextlib.suppress(ValueError, TypeError, KeyError):
                    steps.append(int(json.loads(line)["step"]))
        return max(steps)

    def _check_same(self, old: RunSettings, config: TrainConfig, domains: tuple[str, ...]) -> None:
        differences = [
            f"{name} ({getattr(old.config, name)} there, {getattr(config, name)} here)"
            for name in settings.differing_fields(old.config, config)
        ]
        if old.domains != domains:
            differences.append(
                f"domains ({', '.join(old.domains)} there, {', '.join(domains)} here)"
            )
        settings.check(
            not differences,
            f"Found a run of other settings in {self.root}: {'; '.join(differences)}. Use its "
            "settings, or choose another --run_dir.",
        )


def _paths(config: TrainConfig) -> Iterator[tuple[str, str]]:
    """Names and values of the settings that are paths, without those that are empty."""
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if field.metadata["path"] and value:
            yield field.name, value


def _with_absolute_paths(config: TrainConfig) -> TrainConfig:
    """Paths that hold from any working directory; symbolic links stay as they are named."""
    return dataclasses.replace(config, **{n: os.path.abspath(path) for n, path in _paths(config)})


def _with_lost_paths(config: TrainConfig, old: TrainConfig) -> TrainConfig:
    """Keeps the paths that a run was begun with and that lead nowhere any more.

    The run that it started from may have been moved or removed since: it is not needed.
    """
    fixed = {field.name for field in dataclasses.fields(old) if field.metadata["fixed"]}
    lost = {n: path for n, path in _paths(old) if n in fixed and not os.path.exists(path)}
    return dataclasses.replace(config, **lost)
