"""Features of real images: computed once, then kept by content."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stargan_tf.config.settings import check
from stargan_tf.data.input_pipeline import eval_dataset
from stargan_tf.errors import UserError
from stargan_tf.evaluation.features.base import FeatureNetwork
from stargan_tf.evaluation.statistics import FeatureStatistics, RunningStatistics
from stargan_tf.evaluation.statistics_cache import (
    load_statistics,
    save_statistics,
    statistics_key,
)

# Of a set, kept for what needs single images: kernel distance, precision, the classifier.
MAX_ROWS = 5_000
# Precision looks at third neighbours, so that each set must have four images.
MIN_IMAGES = 4
_BATCH = 32


class RealImages(NamedTuple):
    """One domain's images of one split.

    Attributes:
      statistics: of all of them.
      rows: features of the first MAX_ROWS, [n, dim] float32.
    """

    statistics: FeatureStatistics
    rows: np.ndarray


def real_images(
    data_dir: Path,
    split: str,
    domain: str,
    *,
    img_size: int,
    network: FeatureNetwork,
    cache_dir: Path,
    on_progress: Callable[[int], object] = lambda count: None,
) -> RealImages:
    """Features of the real images of a domain, from the cache if they are there.

    Args:
      data_dir: what `prepare_data` wrote.
      split: train or val.
      domain: its name.
      img_size: R; images are resized to it first, as generated ones are of that size.
      network: makes the features.
      cache_dir: folder of the cache, made if missing.
      on_progress: called with the number of images after each batch.

    Raises:
      UserError: the split or the domain is missing or has fewer than MIN_IMAGES images.
    """
    key = statistics_key(
        data_dir,
        split,
        domain,
        img_size=img_size,
        network=network.name,
        weights_fingerprint=network.fingerprint,
    )
    statistics_file, rows_file = cache_dir / f"statistics-{key}.npz", cache_dir / f"rows-{key}.npy"
    with contextlib.suppress(UserError, OSError, ValueError, EOFError):
        statistics, rows = load_statistics(statistics_file, key), np.load(rows_file)
        if rows.shape == (min(statistics.count, MAX_ROWS), network.dim):
            on_progress(statistics.count)
            return RealImages(statistics, rows)
    running, kept = RunningStatistics(network.dim), []
    for batch in _features(data_dir, split, domain, img_size, network):
        running.update(batch)
        kept.append(batch[: max(0, MAX_ROWS - sum(map(len, kept)))])
        on_progress(len(batch))
    count = sum(map(len, kept))
    check(
        count >= MIN_IMAGES,
        f"Found {count} images of domain {domain} in split {split} of {data_dir}, expected at "
        f"least {MIN_IMAGES} to compare with: prepare the data set again with more images.",
    )
    result = RealImages(running.result(of=f"domain {domain}"), np.concatenate(kept))
    cache_dir.mkdir(parents=True, exist_ok=True)
    save_statistics(statistics_file, result.statistics, key)
    beside = rows_file.with_name(f"{rows_file.name}.{os.getpid()}.tmp.npy")
    np.save(beside, result.rows)
    beside.replace(rows_file)
    return result


def _features(
    data_dir: Path, split: str, domain: str, img_size: int, network: FeatureNetwork
) -> Iterator[np.ndarray]:
    dataset = eval_dataset(data_dir, split, img_size=img_size, batch_size=_BATCH, domain=domain)
    for images, _ in dataset:
        yield network(images).numpy()
