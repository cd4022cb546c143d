"""Runs the tasks of an evaluation, those apart that an interrupted one has finished."""

from collections.abc import Callable
from typing import Any

import numpy as np

from stargan_tf.evaluation.measuring import MeasuringNetworks
from stargan_tf.evaluation.results import MetricNames
from stargan_tf.evaluation.results_folder import ResultsFolder
from stargan_tf.evaluation.sides import Sides
from stargan_tf.evaluation.tasks import SOURCE, RealDomains, Task, compare, measure
from stargan_tf.evaluation.translations import Translations


class TaskRunner:
    """Gives the metrics of tasks, measured now or by an evaluation that was interrupted."""

    def __init__(
        self,
        translations: Translations,
        sides: Sides,
        networks: MeasuringNetworks,
        folder: ResultsFolder,
        settings: dict[str, Any],
        *,
        keep: bool,
    ) -> None:
        """Does no work yet.

        Args:
          translations: the outputs of tasks.
          sides: the real images.
          networks: that measure.
          folder: keeps what is finished.
          settings: what all metrics depend on, ready for JSON.
          keep: whether outputs are kept as PNG files.
        """
        self._translations = translations
        self._sides = sides
        self._networks = networks
        self._names = MetricNames.of(networks)
        self._folder = folder
        self._settings = {name: value for name, value in settings.items() if name != "modes"}
        self._keep = keep

    def run(self, task: Task, on_progress: Callable[[int], object]) -> dict[str, float]:
        """The metrics of a task but for `change`, by log key.

        Args:
          task: to run.
          on_progress: called with numbers of outputs that are done.
        """
        num_sources = len(self._translations.sources(task))
        num_outs = self._translations.num_outs(task.mode)
        num_outputs = num_sources * num_outs
        references = self._translations.num_references(task)
        key = self._key(task.name, num_sources, num_outs, references)
        if not self._keep or self._folder.has_images(task.name, key):
            kept = self._folder.task_metrics(task.name, key)
            if kept is not None:
                on_progress(num_outputs)
                return kept
        keep_in = self._folder.images(task.name) if self._keep else None
        outputs = self._translations.outputs(task)
        # Sources are validation images, whose features are known.
        known = self._sides.val[task.source].first(num_sources) if task.mode == SOURCE else None
        real = self._real(task.target)
        found = measure(
            task, outputs, num_outputs, self._networks, real, on_progress, keep_in, known
        )
        metrics = self._keyed(task, found)
        self._folder.keep_task(task.name, key, metrics)
        if keep_in:
            self._folder.mark_images(task.name, key)
        return metrics

    def change(self, task: Task) -> dict[str, float]:
        """How far outputs are from their sources.

        It is kept apart from the other metrics of a task, so that those of evaluations that did
        not know it need not be measured again.
        """
        name = f"change_{task.name}"
        references = self._translations.num_references(task)
        key = self._key(name, len(self._translations.sources(task)), 1, references)
        kept = self._folder.task_metrics(name, key)
        if kept is None:
            metric = "change_same" if task.source == task.target else "change"
            kept = self._keyed(task, {metric: self._translations.change(task)})
            self._folder.keep_task(name, key, kept)
        return kept

    def change_image(self, mode: str) -> np.ndarray:
        """Shows what a mode changes: uint8 [H, W, 3]."""
        name = f"change_{mode}"
        key = self._key(name, self._settings["max_sources"], 1)
        image = self._folder.task_image(name, key)
        if image is None:
            image = self._translations.change_image(mode)
            self._folder.keep_image(name, key, image)
        return image

    def ceiling(self) -> dict[str, float]:
        """The metrics of real validation images, which translations can hardly beat."""
        metrics = {}
        for name, index in dict((target, i) for _, target, i in self._sides.pairs).items():
            task = Task("real", name, name, index)
            metrics |= self._keyed(task, compare(task, self._sides.val[name], self._real(name)))
        return metrics

    def _real(self, target: str) -> RealDomains:
        return RealDomains(self._sides.train, self._sides.classifiers[target])

    def _keyed(self, task: Task, found: dict[str, float]) -> dict[str, float]:
        return {self._names.key(metric, task): value for metric, value in found.items()}

    def _key(self, name: str, sources: int, num_outs: int, references: int = 0) -> dict[str, Any]:
        """What results of this name depend on."""
        counts = {"num_outs_per_domain": num_outs, "max_sources": sources}
        counts |= {"references": references} if references else {}
        return self._settings | {"task": name} | counts
