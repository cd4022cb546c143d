"""Features of real images: computed once, then kept by content."""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from stargan_tf.config.settings import check
from stargan_tf.data.input_pipeline import eval_dataset
from stargan_tf.evaluation.features.base import FeatureNetwork
from stargan_tf.evaluation.precision_recall import Manifold, real_manifold
from stargan_tf.evaluation.statistics import FeatureStatistics, RunningStatistics
from stargan_tf.evaluation.statistics_cache import FeatureCache, statistics_key

# Of a set, kept for what needs single images: kernel distance, precision, the classifier.
MAX_ROWS = 5_000
# Precision looks at third neighbours, so that each set must have four images.
MIN_IMAGES = 4
_BATCH = 32
# Of attributes, in one pass over the images: each takes memory for a covariance.
_SIDES_AT_ONCE = 16


@dataclasses.dataclass(frozen=True, eq=False)
class ImageFeatures:
    """Features of a set of images.

    Attributes:
      statistics: of all of them.
      rows: features of at most MAX_ROWS of them, [n, dim] float32: of the first real images,
        and of outputs that are spread over all.
    """

    statistics: FeatureStatistics
    rows: np.ndarray

    @functools.cached_property
    def manifold(self) -> Manifold:
        """Of the rows, for precision and recall; made once."""
        return real_manifold(self.rows)

    def first(self, count: int) -> "ImageFeatures | None":
        """Features of the first images of a real set; None where not all of their rows are kept."""
        if count > len(self.rows):
            return None
        if count == self.statistics.count:
            return self
        running = RunningStatistics(self.statistics.dim)
        running.update(self.rows[:count])
        return ImageFeatures(running.result(), self.rows[:count])


def real_images(
    data_dir: Path,
    split: str,
    domain: str,
    *,
    shards: Sequence[str],
    img_size: int,
    network: FeatureNetwork,
    cache: FeatureCache,
    on_progress: Callable[[int], object] = lambda count: None,
) -> ImageFeatures:
    """Features of the real images of a domain, from the cache if they are there.

    Args:
      data_dir: what `prepare_data` wrote.
      split: train or val.
      domain: its name.
      shards: what `shard_digests` gives of them.
      img_size: R; images are resized to it first, as generated ones are of that size.
      network: makes the features.
      cache: keeps what is computed.
      on_progress: called with the number of images after each batch.

    Raises:
      UserError: the split or the domain is missing or has fewer than MIN_IMAGES images.
    """
    key = statistics_key(
        shards,
        img_size=img_size,
        network=network.name,
        weights_fingerprint=network.fingerprint,
    )
    kept = cache.load(key, MAX_ROWS)
    if kept:
        on_progress(kept[0].count)
        return ImageFeatures(*kept)
    cache.prepare()
    running, rows = RunningStatistics(network.dim), []
    for batch in _features(data_dir, split, domain, img_size, network):
        running.update(batch)
        rows.append(batch[: max(0, MAX_ROWS - sum(map(len, rows)))])
        on_progress(len(batch))
    count = sum(map(len, rows))
    check(
        count >= MIN_IMAGES,
        f"Found {count} images of domain {domain} in split {split} of {data_dir}, expected at "
        f"least {MIN_IMAGES} to compare with: prepare the data set again with more images.",
    )
    result = ImageFeatures(running.result(of=f"domain {domain}"), np.concatenate(rows))
    cache.save(key, result.statistics, result.rows)
    return result


def side_names(attributes: Sequence[str]) -> dict[str, tuple[int, int]]:
    """What images with and without each attribute are called: its index and its value, by name."""
    return {
        name: (index, value)
        for index, attribute in enumerate(attributes)
        for value, name in enumerate((f"without_{attribute}", attribute))
    }


def attribute_images(
    data_dir: Path,
    split: str,
    attributes: Sequence[str],
    *,
    shards: Sequence[str],
    img_size: int,
    network: FeatureNetwork,
    cache: FeatureCache,
    on_progress: Callable[[int], object] = lambda count: None,
) -> dict[str, ImageFeatures]:
    """Features of the real images with and without each attribute, from the cache if possible.

    Args:
      data_dir: what `prepare_data` wrote.
      split: train or val.
      attributes: names, in the order of the labels.
      shards: what `shard_digests` gives of all images.
      img_size: R; see `real_images`.
      network: makes the features.
      cache: keeps what is computed.
      on_progress: called with the number of images after each batch.

    Returns:
      By the names of `side_names`; those of fewer than MIN_IMAGES images are left out.
    """
    sides = side_names(attributes)
    keys = {
        name: statistics_key(
            shards,
            img_size=img_size,
            network=network.name,
            weights_fingerprint=network.fingerprint,
            subset=f"attribute {index} is {value}",
        )
        for name, (index, value) in sides.items()
    }
    kept = {name: cache.load(key, MAX_ROWS) for name, key in keys.items()}
    found = {name: ImageFeatures(*features) for name, features in kept.items() if features}
    missing = [name for name in sides if name not in found]
    for first in range(0, len(missing), _SIDES_AT_ONCE):
        cache.prepare()
        part = {name: sides[name] for name in missing[first : first + _SIDES_AT_ONCE]}
        dataset = eval_dataset(data_dir, split, img_size=img_size, batch_size=_BATCH)
        batches = ((network(images).numpy(), labels.numpy()) for images, labels in dataset)
        computed = _by_side(batches, part, network.dim, on_progress)
        for name, features in computed.items():
            cache.save(keys[name], features.statistics, features.rows)
        found |= computed
    return {name: found[name] for name in sides if name in found}


def _by_side(
    batches: Iterator[tuple[np.ndarray, np.ndarray]],
    sides: Mapping[str, tuple[int, int]],
    dim: int,
    on_progress: Callable[[int], object],
) -> dict[str, ImageFeatures]:
    """Divides features [n, dim] by labels [n, A]."""
    running = {name: RunningStatistics(dim) for name in sides}
    rows: dict[str, list[np.ndarray]] = {name: [] for name in sides}
    counts = dict.fromkeys(sides, 0)
    for features, labels in batches:
        for name, (index, value) in sides.items():
            chosen = features[labels[:, index] == value]
            running[name].update(chosen)
            rows[name].append(chosen[: max(0, MAX_ROWS - counts[name])])
            counts[name] += len(chosen)
        on_progress(len(features))
    return {
        name: ImageFeatures(running[name].result(of=name), np.concatenate(rows[name]))
        for name in sides
        if counts[name] >= MIN_IMAGES
    }


def _features(
    data_dir: Path, split: str, domain: str, img_size: int, network: FeatureNetwork
) -> Iterator[np.ndarray]:
    dataset = eval_dataset(data_dir, split, img_size=img_size, batch_size=_BATCH, domain=domain)
    for images, _ in dataset:
        yield network(images).numpy()
