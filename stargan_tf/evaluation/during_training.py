"""The protocol on a few images, as often as a training run likes to know how it does."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from stargan_tf.algorithms.algorithm import Algorithm, Networks
from stargan_tf.config.measuring import MeasuringConfig
from stargan_tf.data.input_pipeline import eval_dataset
from stargan_tf.errors import UserError
from stargan_tf.evaluation.domain_classifier import DomainClassifier
from stargan_tf.evaluation.features.images import quantize_to_8_bit
from stargan_tf.evaluation.kernel_distance import kernel_distance
from stargan_tf.evaluation.measuring import MeasuringNetworks, load_measuring_networks
from stargan_tf.evaluation.outputs import OutputDrawer
from stargan_tf.evaluation.results import MetricNames
from stargan_tf.evaluation.tasks import Task

SOURCES = 16  # of each domain
OUTPUTS = 2  # of each source in each other domain
MAX_PAIRS = 12  # of domains: all of up to four
REAL_IMAGES = 512  # training images of each domain to compare with: seconds, once
MAX_REAL_IMAGES = 6144  # of all domains together
_BATCH = 32
_SEED = 0


def _load_default() -> MeasuringNetworks:
    return load_measuring_networks(MeasuringConfig())


class QuickMetrics:
    """Measures kernel distance, domain accuracy and diversity of the averaged networks.

    The same sources, latents and references every time, so that the metrics of a run
    can be compared with each other. The kernel distance is not biased by how few images
    there are, as the Frechet distance would be; both noise and level differ from what
    stargan_tf.evaluate gives. However many domains there are, at most `MAX_PAIRS` pairs are
    measured, always the same.
    """

    def __init__(
        self,
        algorithm: Algorithm,
        data_dir: Path,
        domains: tuple[str, ...],
        load: Callable[[], MeasuringNetworks] = _load_default,
    ) -> None:
        """Loads and computes nothing before the first call.

        Args:
          algorithm: of the run.
          data_dir: what `prepare_data` wrote.
          domains: names, in the order of their indices.
          load: gives the networks that measure.
        """
        self._data_dir = data_dir
        self._algorithm = algorithm
        self._domains = domains
        self._pairs = spread_pairs(len(domains))
        self._load = load
        self._ready = False
        self._disabled = len(domains) < 2

    def __call__(self, networks: Networks) -> dict[str, float]:
        """Measures, or says once why that cannot be done: no run should end for it.

        Args:
          networks: the averages; the same object at every call.

        Returns:
          Metrics by log key, such as val/KD_efficientnet_lite0_latent; none when there
          are too few images or domains.
        """
        if self._disabled:
            return {}
        try:
            if not self._ready:
                self._prepare(networks)
            return self._metrics()
        except (UserError, OSError) as error:
            self._disabled = True
            tqdm.write(f"warning: distances are not measured: {error}", sys.stderr)
            return {}

    def _metrics(self) -> dict[str, float]:
        metrics = {}
        self._drawer.forget()  # the weights are others than at the call before
        for mode in self._drawer.modes:
            found = [
                self._measure(Task(mode, self._domains[s], self._domains[t], t))
                for s, t in self._pairs
            ]
            for metric in found[0]:
                mean = float(np.mean([values[metric] for values in found]))
                metrics[f"val/{self._names.published(metric)}_{mode}"] = mean
        return metrics

    def _prepare(self, networks: Networks) -> None:
        count = len(self._domains)
        batches_each = max(1, min(REAL_IMAGES, MAX_REAL_IMAGES // count) // _BATCH)
        number, total = len(self._pairs), count * (count - 1)
        pairs = f"all {total}" if number == total else f"{number} of the {total}"
        tqdm.write(
            f"Measuring translations of {SOURCES} validation images for {pairs} pairs of domains; "
            f"first, once, come up to {batches_each * _BATCH} training images of each domain.",
            sys.stderr,
        )
        self._measuring = self._load()
        self._names = MetricNames.of(self._measuring)
        self._images: dict[str, np.ndarray] = {}
        self._real: dict[str, np.ndarray] = {}
        measured = {index for pair in self._pairs for index in pair}
        for index, name in enumerate(self._domains):
            if index in measured:
                self._images[name] = next(iter(self._dataset("val", name, SOURCES))).numpy()
            batches = self._dataset("train", name, _BATCH).take(batches_each)
            features = [self._measuring.features(images).numpy() for images in batches]
            self._real[name] = np.concatenate(features)
        rows = [self._real[name] for name in self._domains]
        labels = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
        self._classifier = DomainClassifier.fit(np.concatenate(rows), labels)
        self._drawer = OutputDrawer(self._algorithm.drawable(networks))
        self._ready = True

    def _dataset(self, split: str, domain: str, batch_size: int) -> tf.data.Dataset:
        """Batches of a domain's images alone."""
        dataset = eval_dataset(
            self._data_dir,
            split,
            img_size=self._algorithm.settings.img_size,
            batch_size=batch_size,
            domain=domain,
        )
        return dataset.map(lambda images, labels: images)

    def _measure(self, task: Task) -> dict[str, float]:
        features, diversity = [], []
        for batch in self._drawer.draw(
            task,
            self._images[task.source],
            self._images[task.target],
            num_outs=self._drawer.num_outs(task.mode, OUTPUTS),
            batch_size=SOURCES,
            seed=_SEED,
        ):
            shown = quantize_to_8_bit(batch)
            found, distances = self._measuring.measure(shown)
            features.append(found)
            if distances is not None:
                diversity.append(distances)
        fakes = np.concatenate(features)
        metrics = {
            "KD": kernel_distance(self._real[task.target], fakes),
            "accuracy": self._classifier.accuracy(fakes, np.full(len(fakes), task.index)),
        }
        if diversity:
            metrics["diversity"] = float(np.concatenate(diversity).mean())
        return metrics


def spread_pairs(count: int) -> list[tuple[int, int]]:
    """Ordered pairs of different domains, all of them or `MAX_PAIRS`, spread evenly.

    Args:
      count: K, the number of domains.

    Returns:
      (source, target) indices. Up to MAX_PAIRS domains, each is a source and a target.
    """
    if count * (count - 1) <= MAX_PAIRS:
        return [(s, t) for s in range(count) for t in range(count) if s != t]
    if count <= MAX_PAIRS:  # in rounds: to the next domain, to the one after it ...
        places = [(number % count, number // count + 1) for number in range(MAX_PAIRS)]
    else:  # sources at even distances, each to a domain further away
        places = [
            (number * count // MAX_PAIRS, number * (count - 1) // MAX_PAIRS + 1)
            for number in range(MAX_PAIRS)
        ]
    return [(source, (source + distance) % count) for source, distance in places]
