"""One task of the protocol: every source image of a domain, drawn in another domain."""

import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from stargan_tf.evaluation.activations import SpreadRows
from stargan_tf.evaluation.domain_classifier import DomainClassifier
from stargan_tf.evaluation.features.images import quantize_to_8_bit
from stargan_tf.evaluation.frechet_distance import frechet_distance
from stargan_tf.evaluation.kernel_distance import kernel_distance
from stargan_tf.evaluation.measuring import MeasuringNetworks
from stargan_tf.evaluation.precision_recall import precision_recall
from stargan_tf.evaluation.real_images import MAX_ROWS, ImageFeatures
from stargan_tf.evaluation.statistics import RunningStatistics
from stargan_tf.sampling.drawing import to_8_bit

# The mode of the images as they are, which no model may have.
SOURCE = "source"


class Task(NamedTuple):
    """What is translated into what, and how.

    Attributes:
      mode: name of one of the model's modes, or source (the images as they are, for
        comparison).
      source: name of the source domain, or of the images with or without an attribute.
      target: name of the target domain, or of what the attribute is changed to.
      index: of the target domain, or 0 and 1 for without the attribute and with it.
    """

    mode: str
    source: str
    target: str
    index: int

    @property
    def name(self) -> str:
        """Such as latent/cat2dog; no other task has it."""
        return f"{self.mode}/{self.pair}"

    @property
    def pair(self) -> str:
        """Such as cat2dog; a 2 within a name is written as %32, for a2b2c could be two pairs."""
        names = self.source, self.target
        if any("2" in name for name in names):
            names = tuple(name.replace("%", "%25").replace("2", "%32") for name in names)
        return "2".join(names)

    def seed(self, seed: int) -> list[int]:
        """Seed of the task's random numbers, another one for each task."""
        return [seed, zlib.crc32(self.name.encode())]


class RealDomains(NamedTuple):
    """The training images that translations are compared with.

    Attributes:
      images: by domain, or by what images with and without an attribute are called.
      classifier: of these.
    """

    images: Mapping[str, ImageFeatures]
    classifier: DomainClassifier


def measure(
    task: Task,
    outputs: Iterator[np.ndarray],
    num_outputs: int,
    networks: MeasuringNetworks,
    real: RealDomains,
    on_progress: Callable[[int], object],
    keep_in: Path | None = None,
    known: ImageFeatures | None = None,
) -> dict[str, float]:
    """Measures the outputs of a task as they come; none is held for longer than its batch.

    Args:
      task: whose outputs they are.
      outputs: batches [n, K, R, R, 3] float32; K may be 1, then there is no diversity.
      num_outputs: how many images all batches have together.
      networks: that measure.
      real: what the outputs are compared with.
      on_progress: called with the number of outputs after each batch.
      keep_in: folder for the outputs as PNG files; None for nowhere.
      known: features of all outputs, where they need not be computed.

    Returns:
      FD of all outputs and diversity; KD, accuracy, precision and recall of at most
      MAX_ROWS outputs, evenly spread over the sources.
    """
    if keep_in:
        outputs = _keeping(keep_in, outputs)
    if known is not None:
        for _ in outputs if keep_in else ():
            pass  # written as they come
        on_progress(num_outputs)
        return compare(task, known, real)
    statistics = RunningStatistics(networks.features.dim)
    rows, diversity = SpreadRows(num_outputs, MAX_ROWS), []
    for batch in outputs:
        features, distances = networks.measure(quantize_to_8_bit(batch))
        statistics.update(features)
        rows.add(features)
        if distances is not None:
            diversity.append(distances)
        on_progress(len(features))
    metrics = compare(task, ImageFeatures(statistics.result(), rows.result()), real)
    if diversity:
        metrics["diversity"] = float(np.concatenate(diversity).mean())
    return metrics


def compare(task: Task, found: ImageFeatures, real: RealDomains) -> dict[str, float]:
    """Compares images with the training images of a domain.

    Args:
      task: whose target the domain is.
      found: of the images.
      real: training images of all domains.

    Returns:
      FD, KD, accuracy, precision, recall.
    """
    train = real.images[task.target]
    shares = precision_recall(train.manifold, found.rows)
    return {
        "FD": frechet_distance(train.statistics, found.statistics),
        "KD": kernel_distance(train.rows, found.rows),
        "accuracy": real.classifier.accuracy(found.rows, np.full(len(found.rows), task.index)),
        "precision": shares.precision,
        "recall": shares.recall,
    }


def _keeping(folder: Path, outputs: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Writes the outputs as they pass."""
    folder.mkdir(parents=True, exist_ok=True)
    number = 0
    for batch in outputs:
        for row, images in enumerate(to_8_bit(batch), number):
            for column, image in enumerate(images):
                Image.fromarray(image).save(folder / f"{row:05d}_{column:02d}.png")
        number += len(batch)
        yield batch
