"""The published protocol from beginning to end: trained networks in, a table of metrics out.

Source: Choi et al. 2020, section 4 and appendix B. For every ordered pair of domains,
each validation image of the source gets several outputs in the target; all of them are
compared with the target's training images.
"""

import hashlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from stargan_tf.algorithms.trained_model import TrainedModel
from stargan_tf.bars import bar
from stargan_tf.config.evaluate import EvaluateConfig
from stargan_tf.config.settings import check
from stargan_tf.data.input_pipeline import eval_dataset
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.evaluation.domain_classifier import DomainClassifier
from stargan_tf.evaluation.measuring import MeasuringNetworks
from stargan_tf.evaluation.outputs import OutputDrawer
from stargan_tf.evaluation.real_images import MAX_ROWS, MIN_IMAGES, ImageFeatures, real_images
from stargan_tf.evaluation.results import MetricNames, table, with_means
from stargan_tf.evaluation.results_folder import ResultsFolder
from stargan_tf.evaluation.statistics_cache import FeatureCache, shard_digests
from stargan_tf.evaluation.tasks import (
    SOURCE,
    RealDomains,
    Task,
    compare,
    measure,
)

# Raised when the same networks and images give other metrics than before.
_PROTOCOL_VERSION = 2

# Contents of the shards, by split and domain.
_Shards = dict[tuple[str, str], tuple[str, ...]]


class Evaluator:
    """Measures translations, task by task; finished tasks are not done again."""

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

    def evaluate(self, model: TrainedModel) -> dict[str, Any]:
        """Measures everything, and writes metrics.json and table.txt.

        Returns:
          The contents of metrics.json.

        Raises:
          UserError: the data set does not fit the run, or has too few images; the folder
            for the results holds others, or cannot be written to.
        """
        domains = model.domains
        check(
            len(model.label_sets) < 2,
            f"Found a model of two data sets, with the labels {', '.join(domains)}, expected one "
            "of a data set that has domains, since evaluate compares its translations with the "
            "images of these: look at the grids of sample instead.",
        )
        self._check_domains(domains)
        modes = self._modes(model)
        shards = {
            (split, name): shard_digests(self._data_dir, split, name)
            for split in ("train", "val")
            for name in domains
        }
        settings = self._settings(model, shards)
        folder = ResultsFolder(self._out, settings, overwrite=self._config.overwrite)
        images = {name: self._images(name, model.drawable.img_size) for name in domains}
        train, val = self._real("train", model, shards), self._real("val", model, shards)
        features = np.concatenate([train[name].rows for name in domains])
        counts = [len(train[name].rows) for name in domains]
        classifier = DomainClassifier.fit(features, np.repeat(np.arange(len(counts)), counts))
        real = RealDomains(train, classifier)

        metrics: dict[str, float] = {}
        tasks = _tasks(domains, modes)
        drawer = OutputDrawer(model.drawable)
        total = sum(len(images[task.source]) * self._num_outs(task, drawer) for task in tasks)
        with bar(total=total, unit="image", desc="Translations", dynamic_ncols=True) as shown:
            for task in tasks:
                shown.set_postfix_str(task.name, refresh=False)
                metrics |= self._run(task, drawer, images, real, settings, folder, shown.update)
        metrics |= self._ceiling(domains, val, real)
        outs = max(drawer.num_outs(mode, self._config.num_outs_per_domain) for mode in modes)
        outputs = {name: len(x) * outs for name, x in images.items()}
        about = settings | self._about(model, train, val, outputs)
        results = with_means(metrics) | {"about": about}
        folder.write(results, table(results, self._names))
        return results

    def _run(
        self,
        task: Task,
        drawer: OutputDrawer,
        images: dict[str, np.ndarray],
        real: RealDomains,
        settings: dict[str, Any],
        folder: ResultsFolder,
        on_progress: Callable[[int], object],
    ) -> dict[str, float]:
        """The metrics of a task, measured now or by an evaluation that was interrupted."""
        sources = images[task.source]
        num_outs = self._num_outs(task, drawer)
        num_outputs = len(sources) * num_outs
        key = self._key(task, settings, len(sources), num_outs)
        if not self._config.keep_images:
            kept = folder.task_metrics(task.name, key)
            if kept is not None:
                on_progress(num_outputs)
                return kept
        keep_in = folder.images(task.name) if self._config.keep_images else None
        outputs = self._outputs(task, drawer, sources, images[task.target], num_outs)
        found = measure(task, outputs, num_outputs, self._networks, real, on_progress, keep_in)
        metrics = {self._names.key(metric, task): value for metric, value in found.items()}
        folder.keep_task(task.name, key, metrics)
        return metrics

    def _outputs(
        self,
        task: Task,
        drawer: OutputDrawer,
        sources: np.ndarray,
        references: np.ndarray,
        num_outs: int,
    ) -> Iterator[np.ndarray]:
        size = self._config.batch_size
        if task.mode == SOURCE:
            return (sources[i : i + size, np.newaxis] for i in range(0, len(sources), size))
        return drawer.draw(
            task,
            sources,
            references,
            num_outs=num_outs,
            batch_size=size,
            seed=self._config.seed,
        )

    def _num_outs(self, task: Task, drawer: OutputDrawer) -> int:
        if task.mode == SOURCE:
            return 1
        return drawer.num_outs(task.mode, self._config.num_outs_per_domain)

    def _modes(self, model: TrainedModel) -> tuple[str, ...]:
        """The modes to measure: all of the model, unless the settings name some."""
        known = tuple(mode.name for mode in model.drawable.modes)
        unknown = set(self._config.modes) - set(known)
        check(
            not unknown,
            f"Found --modes={','.join(self._config.modes)}, expected some of {', '.join(known)}, "
            "those of the model, separated by commas: correct it, or leave it out for all.",
        )
        return self._config.modes or known

    def _ceiling(
        self, domains: tuple[str, ...], val: dict[str, ImageFeatures], real: RealDomains
    ) -> dict[str, float]:
        """The metrics of real validation images, which translations can hardly beat."""
        metrics = {}
        for index, name in enumerate(domains):
            task = Task("real", name, name, index)
            found = compare(task, val[name], real)
            metrics |= {self._names.key(metric, task): value for metric, value in found.items()}
        return metrics

    def _check_domains(self, domains: tuple[str, ...]) -> None:
        info = DatasetInfo.load(self._data_dir)
        info.check_has_domains("evaluate")
        found = info.domains
        check(
            found == tuple(domains) and len(found) >= 2,
            f"Found the domains {', '.join(found)} in {self._data_dir}, expected those of the run, "
            f"{', '.join(domains)}, at least two: pass the --data_dir it was trained on.",
        )

    def _real(self, split: str, model: TrainedModel, shards: _Shards) -> dict[str, ImageFeatures]:
        counts = DatasetInfo.load(self._data_dir).counts[split]
        total = sum(counts.values())
        with bar(total=total, unit="image", desc=f"Real images ({split})") as shown:
            return {
                name: real_images(
                    self._data_dir,
                    split,
                    name,
                    shards=shards[split, name],
                    img_size=model.drawable.img_size,
                    network=self._networks.features,
                    cache=self._cache,
                    on_progress=shown.update,
                )
                for name in model.domains
            }

    def _images(self, domain: str, img_size: int) -> np.ndarray:
        dataset = eval_dataset(
            self._data_dir, "val", img_size=img_size, batch_size=64, domain=domain
        )
        images = np.concatenate([batch.numpy() for batch, _ in dataset])
        images = images[: self._config.max_sources or None]
        check(
            len(images) >= MIN_IMAGES,
            f"Found {len(images)} validation images of domain {domain} to translate, expected at "
            f"least {MIN_IMAGES}: raise --max_sources, or prepare the data set again with a "
            "larger --val_fraction.",
        )
        return images

    def _settings(self, model: TrainedModel, shards: _Shards) -> dict[str, Any]:
        """What all metrics depend on, ready for JSON."""
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
            "modes": {mode: titles[mode] for mode in sorted(self._modes(model))},
            "num_outs_per_domain": self._config.num_outs_per_domain,
            "max_sources": self._config.max_sources,
            "seed": self._config.seed,
        }

    def _key(
        self, task: Task, settings: dict[str, Any], sources: int, num_outs: int
    ) -> dict[str, Any]:
        """What the metrics of a task depend on."""
        key = {name: value for name, value in settings.items() if name != "modes"}
        return key | {"task": task.name, "num_outs_per_domain": num_outs, "max_sources": sources}

    def _about(
        self,
        model: TrainedModel,
        train: dict[str, ImageFeatures],
        val: dict[str, ImageFeatures],
        outputs: dict[str, int],
    ) -> dict[str, Any]:
        return {
            "step": model.step,
            "features_dim": self._networks.features.dim,
            "training_images": {name: real.statistics.count for name, real in train.items()},
            "validation_images": {name: real.statistics.count for name, real in val.items()},
            # Of a source domain in another; KD, accuracy, precision, recall compare the latter.
            "outputs": outputs,
            "outputs_compared": {name: min(count, MAX_ROWS) for name, count in outputs.items()},
        }


def _tasks(domains: tuple[str, ...], modes: tuple[str, ...]) -> list[Task]:
    pairs = [(s, t, i) for s in domains for i, t in enumerate(domains) if s != t]
    return [Task(mode, *pair) for mode in (*modes, SOURCE) for pair in pairs]
