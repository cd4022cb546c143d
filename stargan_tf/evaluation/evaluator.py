"""The published protocol from beginning to end: trained networks in, a table of figures out.

Source: Choi et al. 2020, section 4 and appendix B. For every ordered pair of domains,
each validation image of the source gets several outputs in the target; all of them are
compared with the target's training images.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from stargan_tf.config.evaluate import EvaluateConfig
from stargan_tf.config.settings import check, read_json, write_text
from stargan_tf.data.input_pipeline import eval_dataset
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.evaluation.domain_classifier import DomainClassifier
from stargan_tf.evaluation.features.base import FeatureNetwork
from stargan_tf.evaluation.frechet_distance import frechet_distance
from stargan_tf.evaluation.kernel_distance import kernel_distance
from stargan_tf.evaluation.perceptual import PerceptualDistance
from stargan_tf.evaluation.precision_recall import precision_recall
from stargan_tf.evaluation.real_images import MIN_IMAGES, RealImages, real_images
from stargan_tf.evaluation.results import Names, table, with_means
from stargan_tf.evaluation.tasks import Measures, Task, Translations, measure, outputs_of
from stargan_tf.types import Sizes

METRICS_FILE = "metrics.json"
# Raised when the same networks and images give other figures than before.
_PROTOCOL_VERSION = 1


class Evaluated(NamedTuple):
    """What is evaluated.

    Attributes:
      sizes: of its images and latent codes.
      domains: names, in the order of their indices.
      translations: its networks.
      checkpoint: which state of it; results of another are not reused.
      step: iterations of training.
    """

    sizes: Sizes
    domains: tuple[str, ...]
    translations: Translations
    checkpoint: str
    step: int


class Evaluator:
    """Measures translations, task by task; finished tasks are not done again."""

    def __init__(
        self,
        config: EvaluateConfig,
        data_dir: Path,
        out: Path,
        network: FeatureNetwork,
        perceptual: PerceptualDistance,
    ) -> None:
        """Takes what to measure with.

        Args:
          config: already validated.
          data_dir: what `prepare_data` wrote.
          out: folder for the results, and for those of the tasks that are finished.
          network: makes features.
          perceptual: measures diversity.
        """
        self._config = config
        self._data_dir = data_dir
        self._out = out
        self._network = network
        self._perceptual = perceptual
        self._names = Names(network.name, perceptual.name)

    def evaluate(self, evaluated: Evaluated) -> dict[str, Any]:
        """Measures everything, and writes metrics.json and table.txt.

        Returns:
          The contents of metrics.json.

        Raises:
          UserError: the data set does not fit the run, or has too few images.
        """
        found = DatasetInfo.load(self._data_dir).domains
        check(
            found == tuple(evaluated.domains) and len(found) >= 2,
            f"Found the domains {', '.join(found)} in {self._data_dir}, expected those of the run, "
            f"{', '.join(evaluated.domains)}, at least two: pass the --data_dir it was trained on.",
        )
        images = {name: self._images(name, evaluated.sizes.img_size) for name in evaluated.domains}
        train = self._real("train", evaluated)
        val = self._real("val", evaluated)
        features = np.concatenate([train[name].rows for name in evaluated.domains])
        counts = [len(train[name].rows) for name in evaluated.domains]
        classifier = DomainClassifier.fit(features, np.repeat(np.arange(len(counts)), counts))
        measures = Measures(self._network, self._perceptual, classifier, train)

        figures: dict[str, float] = {}
        tasks = _tasks(evaluated.domains, self._config.modes)
        num_outs = self._config.num_outs_per_domain
        total = sum(len(images[t.source]) * (1 if t.mode == "source" else num_outs) for t in tasks)
        with tqdm(total=total, unit="image", desc="Translations", dynamic_ncols=True) as bar:
            for task in tasks:
                bar.set_postfix_str(task.name)
                figures |= self._run(task, evaluated, images, measures, bar.update)
        figures |= self._ceiling(evaluated.domains, val, measures)
        results = with_means(figures) | {"about": self._about(evaluated, train, val)}
        self._out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(results, indent=2, ensure_ascii=False)
        write_text(self._out / METRICS_FILE, text + "\n")
        write_text(self._out / "table.txt", table(results, self._names) + "\n")
        return results

    def _run(
        self,
        task: Task,
        evaluated: Evaluated,
        images: dict[str, np.ndarray],
        measures: Measures,
        on_progress: Callable[[int], object],
    ) -> dict[str, float]:
        """The figures of a task, measured now or by an evaluation that was interrupted."""
        sources = images[task.source]
        file = self._out / "tasks" / f"{task.name.replace('/', '_')}.json"
        key = self._key(task, evaluated, len(sources))
        if file.exists() and not self._config.keep_images:
            kept = read_json(file)
            if kept.get("key") == key:
                on_progress(len(sources) * key["num_outs"])
                return kept["figures"]
        keep_in = self._out / "images" / task.name if self._config.keep_images else None
        outputs = self._outputs(task, evaluated, sources, images[task.target])
        short = measure(task, outputs, measures, on_progress, keep_in)
        figures = {self._names.key(name, task): value for name, value in short.items()}
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, json.dumps({"key": key, "figures": figures}, indent=2) + "\n")
        return figures

    def _outputs(
        self, task: Task, evaluated: Evaluated, sources: np.ndarray, references: np.ndarray
    ) -> Iterator[np.ndarray]:
        size = self._config.batch_size
        if task.mode == "source":
            return (sources[i : i + size, np.newaxis] for i in range(0, len(sources), size))
        return outputs_of(
            task,
            evaluated.translations,
            sources,
            references,
            latent_dim=evaluated.sizes.latent_dim,
            num_outs=self._config.num_outs_per_domain,
            batch_size=size,
            seed=self._config.seed,
        )

    def _ceiling(
        self, domains: tuple[str, ...], val: dict[str, RealImages], measures: Measures
    ) -> dict[str, float]:
        """The figures of real validation images, which translations can hardly beat."""
        figures = {}
        for index, name in enumerate(domains):
            real, task = measures.train[name], Task("real", name, name, index)
            shares = precision_recall(real.rows, val[name].rows)
            labels = np.full(len(val[name].rows), index)
            short = {
                "FD": frechet_distance(real.statistics, val[name].statistics).value,
                "KD": kernel_distance(real.rows, val[name].rows).value,
                "accuracy": measures.classifier.accuracy(val[name].rows, labels),
                "precision": shares.precision,
                "recall": shares.recall,
            }
            figures |= {self._names.key(key, task): value for key, value in short.items()}
        return figures

    def _real(self, split: str, evaluated: Evaluated) -> dict[str, RealImages]:
        counts = DatasetInfo.load(self._data_dir).counts[split]
        bar = tqdm(total=sum(counts.values()), unit="image", desc=f"Real images ({split})")
        with bar:
            return {
                name: real_images(
                    self._data_dir,
                    split,
                    name,
                    img_size=evaluated.sizes.img_size,
                    network=self._network,
                    cache_dir=self._data_dir / "cache",
                    on_progress=bar.update,
                )
                for name in evaluated.domains
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

    def _key(self, task: Task, evaluated: Evaluated, sources: int) -> dict[str, Any]:
        return {
            "protocol": _PROTOCOL_VERSION,
            "task": task.name,
            "checkpoint": evaluated.checkpoint,
            "features": self._network.fingerprint,
            "perceptual": self._perceptual.fingerprint,
            "seed": self._config.seed,
            "num_outs": 1 if task.mode == "source" else self._config.num_outs_per_domain,
            "sources": sources,
        }

    def _about(
        self, evaluated: Evaluated, train: dict[str, RealImages], val: dict[str, RealImages]
    ) -> dict[str, Any]:
        return {
            "step": evaluated.step,
            "features": self._network.name,
            "features_dim": self._network.dim,
            "features_fingerprint": self._network.fingerprint,
            "diversity": self._perceptual.name,
            "diversity_fingerprint": self._perceptual.fingerprint,
            "num_outs_per_domain": self._config.num_outs_per_domain,
            "training_images": {name: real.statistics.count for name, real in train.items()},
            "validation_images": {name: real.statistics.count for name, real in val.items()},
            "max_sources": self._config.max_sources,
            "seed": self._config.seed,
        }


def _tasks(domains: tuple[str, ...], modes: tuple[str, ...]) -> list[Task]:
    pairs = [(s, t, i) for s in domains for i, t in enumerate(domains) if s != t]
    return [Task(mode, *pair) for mode in (*modes, "source") for pair in pairs]
