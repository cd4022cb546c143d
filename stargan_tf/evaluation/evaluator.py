"""The published protocol from beginning to end: trained networks in, a table of metrics out.

Source: Choi et al. 2020, section 4 and appendix B. For every ordered pair of domains,
each validation image of the source gets several outputs in the target; all of them are
compared with the target's training images. Where labels are attributes, one of them is changed.
"""

import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from stargan_tf.algorithms.drawable import NOTHING
from stargan_tf.algorithms.trained_model import TrainedModel
from stargan_tf.bars import bar
from stargan_tf.config.evaluate import EvaluateConfig
from stargan_tf.config.settings import check
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.evaluation.measuring import MeasuringNetworks
from stargan_tf.evaluation.outputs import OutputDrawer
from stargan_tf.evaluation.real_images import MAX_ROWS
from stargan_tf.evaluation.results import MetricNames, table, with_means
from stargan_tf.evaluation.results_folder import ResultsFolder
from stargan_tf.evaluation.sides import Sides, SidesMaker
from stargan_tf.evaluation.statistics_cache import FeatureCache, shard_digests
from stargan_tf.evaluation.task_runner import TaskRunner
from stargan_tf.evaluation.tasks import SOURCE, Task
from stargan_tf.evaluation.translations import Translations

# Raised when the same networks and images give other metrics than before.
_PROTOCOL_VERSION = 2

# Contents of the shards, by split and group.
_Shards = dict[tuple[str, str], tuple[str, ...]]


class Evaluator:
    """Measures translations, task by task; finished tasks are not done again.

    Attributes:
      images: that show what the model changes, by name, once `evaluate` is done.
    """

    def __init__(
        self, config: EvaluateConfig, data_dir: Path, out: Path, networks: MeasuringNetworks
    ) -> None:
        """Does no work yet.

        Args:
          config: already validated.
          data_dir: what `prepare_data` wrote.
          out: folder for the results, and for those of the tasks that are finished.
          networks: that measure.
        """
        self._config = config
        self._data_dir = data_dir
        self._out = out
        self._networks = networks
        self._cache = FeatureCache(
            (data_dir / "cache", out / "cache"), warn=lambda line: tqdm.write(line, sys.stderr)
        )
        self._names = MetricNames.of(networks)
        self.images: dict[str, np.ndarray] = {}

    def evaluate(self, model: TrainedModel) -> dict[str, Any]:
        """Measures everything, and writes metrics.json, table.txt and images of changes.

        Returns:
          The contents of metrics.json.

        Raises:
          UserError: the data set does not fit the run, or has too few images; the folder
            for the results holds others, or cannot be written to.
        """
        labels = ", ".join(model.domains)
        check(
            len(model.label_sets) < 2,
            f"Found a model of two data sets, with the labels {labels}, expected one of a single "
            "data set, whose images its translations are compared with: see the grids of sample.",
        )
        info = self._info(model.domains)
        modes = self._modes(model, info)
        shards = {
            (split, group): shard_digests(self._data_dir, split, group)
            for split in ("train", "val")
            for group in info.groups
        }
        settings = self._settings(model, info, modes, shards)
        folder = ResultsFolder(self._out, settings, overwrite=self._config.overwrite)
        sides = SidesMaker(
            self._data_dir,
            info,
            shards=shards,
            img_size=model.drawable.img_size,
            max_sources=self._config.max_sources,
            network=self._networks.features,
            cache=self._cache,
        ).make()

        translations = Translations(
            OutputDrawer(model.drawable),
            sides,
            num_outs=self._config.num_outs_per_domain,
            batch_size=self._config.batch_size,
            seed=self._config.seed,
        )
        tasks = [Task(mode, *pair) for mode in (*modes, SOURCE) for pair in sides.pairs]
        changes = [task for task in tasks if task.mode != SOURCE]
        changes += [task for mode in modes for task in translations.own_tasks(mode)]
        sources = {task: len(translations.sources(task)) for task in (*tasks, *changes)}
        total = sum(sources[task] * translations.num_outs(task.mode) for task in tasks)
        total += sum(sources[task] for task in changes)
        metrics: dict[str, float] = {}
        runner = TaskRunner(
            translations, sides, self._networks, folder, settings, keep=self._config.keep_images
        )
        with bar(total=total, unit="image", desc="Translations", dynamic_ncols=True) as shown:
            for task in tasks:
                shown.set_postfix_str(task.name, refresh=False)
                metrics |= runner.run(task, shown.update)
            metrics |= runner.ceiling()
            for task in changes:
                metrics |= runner.change(task)
                shown.update(sources[task])
        for mode in modes:
            self.images[f"change_{mode}"] = runner.change_image(mode)
        outs = max(map(translations.num_outs, modes))
        results = with_means(metrics) | {"about": settings | self._about(model, sides, outs)}
        folder.write(results, table(results, self._names), self.images)
        return results

    def _modes(self, model: TrainedModel, info: DatasetInfo) -> tuple[str, ...]:
        """The modes to measure: all of the model, unless the settings name some."""
        known = tuple(mode.name for mode in model.drawable.modes)
        unknown = set(self._config.modes) - set(known)
        check(
            not unknown,
            f"Found --modes={','.join(self._config.modes)}, expected some of {', '.join(known)}, "
            "those of the model, separated by commas: correct it, or leave it out for all.",
        )
        styles = [mode.name for mode in model.drawable.modes if mode.source != NOTHING]
        check(
            not (styles and info.attributes),
            f"Found a model that makes styles ({', '.join(styles)}) and attributes in "
            f"{self._data_dir}, expected a model that draws labels alone: pass the data set it "
            "was trained on.",
        )
        return self._config.modes or known

    def _info(self, labels: tuple[str, ...]) -> DatasetInfo:
        info = DatasetInfo.load(self._data_dir)
        what, least = ("attributes", 1) if info.attributes else ("domains", 2)
        check(
            info.labels == tuple(labels) and len(labels) >= least,
            f"Found the {what} {', '.join(info.labels)} in {self._data_dir}, expected those of the "
            f"run, {', '.join(labels)}, at least {least}: pass the --data_dir it was trained on.",
        )
        return info

    def _settings(
        self, model: TrainedModel, info: DatasetInfo, modes: tuple[str, ...], shards: _Shards
    ) -> dict[str, Any]:
        """What all metrics depend on, ready for JSON."""
        groups = [list(group) for group in info.exclusive]
        exclusive = {"exclusive": groups} if info.attributes else {}
        contents = repr([shards[key] for key in sorted(shards)])
        titles = {mode.name: mode.title for mode in model.drawable.modes}
        return {
            "protocol": _PROTOCOL_VERSION,
            "model_fingerprint": model.fingerprint,
            "img_size": model.drawable.img_size,
            "domains": list(model.domains),
            "data_fingerprint": hashlib.sha256(contents.encode()).hexdigest()[:16],
            "features": self._networks.features.name,
            "features_fingerprint": self._networks.features.fingerprint,
            "diversity": self._networks.perceptual.name,
            "diversity_fingerprint": self._networks.perceptual.fingerprint,
            "modes": {mode: titles[mode] for mode in sorted(modes)},
            "num_outs_per_domain": self._config.num_outs_per_domain,
            "max_sources": self._config.max_sources,
            "seed": self._config.seed,
            **exclusive,
        }

    def _about(self, model: TrainedModel, sides: Sides, num_outs: int) -> dict[str, Any]:
        sources = dict.fromkeys(source for source, _, _ in sides.pairs)
        outputs = {name: len(sides.images(name)) * num_outs for name in sources}
        return {
            "step": model.step,
            "tasks": sides.tasks,
            "features_dim": self._networks.features.dim,
            "training_images": {name: real.statistics.count for name, real in sides.train.items()},
            "validation_images": {name: real.statistics.count for name, real in sides.val.items()},
            "outputs_each": num_outs,
            # Of a source domain in another; KD, accuracy, precision, recall compare the latter.
            "outputs": outputs,
            "outputs_compared": {name: min(count, MAX_ROWS) for name, count in outputs.items()},
        }
