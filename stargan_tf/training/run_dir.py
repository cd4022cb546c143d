"""The folder of a run: what lies where in it, and whose it is."""

import dataclasses
import json
from pathlib import Path
from typing import Any, NamedTuple

from stargan_tf.algorithms import registry
from stargan_tf.config import settings
from stargan_tf.config.train import TrainConfig
from stargan_tf.errors import UserError
from stargan_tf.files import read_json, write_text
from stargan_tf.names import normalised


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

    def exists(self) -> bool:
        """Whether a run was begun here."""
        return self.config_file.exists()

    def read(self) -> RunSettings:
        """Reads config.json.

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
        settings.check(
            isinstance(domains, list) and all(isinstance(name, str) for name in domains),
            f"{self.config_file} lacks the list of domains: restore it or start a new run.",
        )
        algorithm = values.get("algorithm", registry.DEFAULT)
        config_class = registry.settings_class(algorithm)
        config = settings.from_dict(config_class, values, where=self.config_file)
        return RunSettings(config, tuple(map(normalised, domains)))

    def begin(self, config: TrainConfig, domains: tuple[str, ...]) -> None:
        """Creates the folder, or checks that the run in it is the one that `config` describes.

        Settings that may change on resume are written anew.

        Raises:
          UserError: the folder holds a run of other settings or domains, or files
            that are no run's.
        """
        if self.exists():
            self._check_same(self.read(), config, domains)
        elif self.root.exists() and any(self.root.iterdir()):
            raise UserError(
                f"Found other files in {self.root}, expected a new folder or that of a run: "
                "choose another --run_dir."
            )
        for folder in (self.checkpoints, self.logs, self.samples):
            folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({**dataclasses.asdict(config), "domains": domains}, indent=2)
        write_text(self.config_file, text + "\n")

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
