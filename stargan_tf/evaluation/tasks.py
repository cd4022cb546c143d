"""One task of the protocol: every source image of a domain, drawn in another domain."""

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import tensorflow as tf
from PIL import Image

from stargan_tf.evaluation.domain_classifier import DomainClassifier
from stargan_tf.evaluation.features.base import FeatureNetwork
from stargan_tf.evaluation.features.images import to_8_bit
from stargan_tf.evaluation.frechet_distance import frechet_distance
from stargan_tf.evaluation.kernel_distance import kernel_distance
from stargan_tf.evaluation.perceptual import PerceptualDistance
from stargan_tf.evaluation.precision_recall import precision_recall
from stargan_tf.evaluation.real_images import MAX_ROWS, RealImages
from stargan_tf.evaluation.statistics import RunningStatistics


class Translations(Protocol):
    """What is evaluated: the three things that trained networks do."""

    def random_styles(self, latents: np.ndarray, domain: int) -> np.ndarray:
        """Maps latents [N, latent_dim] to styles [N, style_dim] of a domain."""

    def reference_styles(self, images: np.ndarray, domain: int) -> np.ndarray:
        """Maps images [N, R, R, 3] float32 in [-1, 1] of a domain to styles [N, style_dim]."""

    def draw(self, images: np.ndarray, styles: np.ndarray) -> np.ndarray:
        """Draws images [N, R, R, 3] in K styles each, [N, K, style_dim]: [N, K, R, R, 3]."""


class Task(NamedTuple):
    """What is translated into what, and how.

    Attributes:
      mode: latent, reference, or source (the images as they are, for comparison).
      source: name of the source domain.
      target: name of the target domain.
      index: of the target domain.
    """

    mode: str
    source: str
    target: str
    index: int

    @property
    def name(self) -> str:
        """Such as latent/cat2dog."""
        return f"{self.mode}/{self.source}2{self.target}"

    def seed(self, seed: int) -> list[int]:
        """Seed of the task's random numbers, another one for each task."""
        return [seed, zlib.crc32(self.name.encode())]


class Measures(NamedTuple):
    """The networks that measure, and what they know of the real images.

    Attributes:
      network: makes features.
      perceptual: measures diversity.
      classifier: of domains.
      train: real training images by domain: what translations are compared with.
    """

    network: FeatureNetwork
    perceptual: PerceptualDistance
    classifier: DomainClassifier
    train: dict[str, RealImages]


def outputs_of(
    task: Task,
    translations: Translations,
    images: np.ndarray,
    references: np.ndarray,
    *,
    latent_dim: int,
    num_outs: int,
    batch_size: int,
    seed: int,
) -> Iterator[np.ndarray]:
    """Draws the outputs of a task, batch by batch.

    Args:
      task: latent or reference.
      translations: the trained networks.
      images: the source images, [N, R, R, 3] float32 in [-1, 1].
      references: images of the target domain, [M, R, R, 3].
      latent_dim: length of a latent code.
      num_outs: K, for each source image.
      batch_size: source images at once.
      seed: of the latents, and of which references are taken.

    Yields:
      [n, K, R, R, 3] float32, about [-1, 1].
    """
    rng = np.random.default_rng(task.seed(seed))
    if task.mode == "reference":
        known = translations.reference_styles(references, task.index)
    for start in range(0, len(images), batch_size):
        batch = images[start : start + batch_size]
        shape = (len(batch), num_outs)
        if task.mode == "reference":
            # Without repeats for an image, where there are enough.
            repeats = len(references) < num_outs
            chosen = [rng.choice(len(references), num_outs, replace=repeats) for _ in batch]
            styles = known[np.stack(chosen)]
        else:
            latents = rng.standard_normal([*shape, latent_dim], np.float32)
            flat = translations.random_styles(latents.reshape(-1, latent_dim), task.index)
            styles = flat.reshape(*shape, -1)
        yield translations.draw(batch, styles)


def measure(
    task: Task,
    outputs: Iterator[np.ndarray],
    measures: Measures,
    on_progress: Callable[[int], object],
    keep_in: Path | None = None,
) -> dict[str, float]:
    """Measures the outputs of a task as they come; none is held for longer than its batch.

    Args:
      task: whose outputs they are.
      outputs: batches [n, K, R, R, 3] float32; K may be 1, then there is no diversity.
      measures: with what.
      on_progress: called with the number of outputs after each batch.
      keep_in: folder for the outputs as PNG files; None for nowhere.

    Returns:
      Figures by their short names: FD, KD, accuracy, precision, recall, diversity.
    """
    statistics, rows, diversity, number = RunningStatistics(measures.network.dim), [], [], 0
    for batch in outputs:
        shown = as_shown(batch)  # 8 bits, as any viewer would see it
        flat = tf.reshape(shown, [-1, *shown.shape[2:]])
        features = measures.network(flat).numpy()
        statistics.update(features)
        rows.append(features[: max(0, MAX_ROWS - sum(map(len, rows)))])
        if batch.shape[1] > 1:
            diversity.append(measures.perceptual.mean_over_pairs(shown).numpy())
        if keep_in:
            _keep(keep_in, shown.numpy(), number)
        number += len(batch)
        on_progress(len(features))
    real, fakes = measures.train[task.target], np.concatenate(rows)
    shares = precision_recall(real.rows, fakes)
    figures = {
        "FD": frechet_distance(real.statistics, statistics.result()).value,
        "KD": kernel_distance(real.rows, fakes).value,
        "accuracy": float(np.mean(measures.classifier.predict(fakes) == task.index)),
        "precision": shares.precision,
        "recall": shares.recall,
    }
    if diversity:
        figures["diversity"] = float(np.concatenate(diversity).mean())
    return figures


def as_shown(images: np.ndarray) -> tf.Tensor:
    """Images of any shape as a viewer sees them: clipped to [-1, 1], in steps of 8 bits."""
    return to_8_bit(images) / 127.5 - 1


def _keep(folder: Path, images: np.ndarray, first: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pixels = np.round((images + 1) * 127.5).astype(np.uint8)
    for row, outputs in enumerate(pixels):
        for column, output in enumerate(outputs):
            Image.fromarray(output).save(folder / f"{first + row:05d}_{column:02d}.png")
