"""What the images of a data set are divided into, and what is translated into what.

Where labels are domains, these are the sides, and every ordered pair of them is a task. Where
labels are attributes, the images with one and those without it are two sides, and a task changes
it alone.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from stargan_tf.bars import bar
from stargan_tf.config.settings import check
from stargan_tf.data.input_pipeline import eval_dataset
from stargan_tf.data.schema import ALL, DatasetInfo
from stargan_tf.evaluation.domain_classifier import DomainClassifier
from stargan_tf.evaluation.features.base import FeatureNetwork
from stargan_tf.evaluation.real_images import (
    MIN_IMAGES,
    ImageFeatures,
    attribute_images,
    real_images,
    side_names,
)
from stargan_tf.evaluation.statistics_cache import FeatureCache
from stargan_tf.sampling.attributes import with_attribute_changed

_BATCH = 64
Pair = tuple[str, str, int]  # names of two sides, and the second one's number for the classifier


class Sides(NamedTuple):
    """Sides of a data set, with their images.

    Attributes:
      pairs: what is translated into what.
      own: names of the images that are translated into what they are.
      train: training images by side.
      val: validation images by side.
      classifiers: by target side; tells it from other sides.
      images: the validation images to translate, of a side or of one of `own`, [N, R, R, 3].
      labels: what the images of the first are drawn with to become the second, [N, A] float32; of
        the same twice, their own labels. None where a domain says it.
      tasks: what all pairs are, in words.
    """

    pairs: tuple[Pair, ...]
    own: tuple[str, ...]
    train: Mapping[str, ImageFeatures]
    val: Mapping[str, ImageFeatures]
    classifiers: Mapping[str, DomainClassifier]
    images: Callable[[str], np.ndarray]
    labels: Callable[[str, str], np.ndarray] | None
    tasks: str


class SidesMaker:
    """Loads the images of a data set, and features of its real ones from the cache."""

    def __init__(
        self,
        data_dir: Path,
        info: DatasetInfo,
        *,
        shards: Mapping[tuple[str, str], tuple[str, ...]],
        img_size: int,
        max_sources: int,
        network: FeatureNetwork,
        cache: FeatureCache,
    ) -> None:
        """Does no work yet.

        Args:
          data_dir: what `prepare_data` wrote.
          info: of it.
          shards: contents of the shards by split and group.
          img_size: side R of the model's images.
          max_sources: validation images of each side to translate; 0 for all.
          network: makes features.
          cache: keeps them.
        """
        self._data_dir = data_dir
        self._info = info
        self._shards = shards
        self._img_size = img_size
        self._max_sources = max_sources
        self._network = network
        self._cache = cache

    def make(self) -> Sides:
        """The sides.

        Raises:
          UserError: there are too few images.
        """
        return self._of_attributes() if self._info.attributes else self._of_domains()

    def _of_domains(self) -> Sides:
        domains = self._info.domains
        images = {name: self._images(name) for name in domains}
        train, val = self._of_split("train"), self._of_split("val")
        classifier = _classifier(train, domains)
        return Sides(
            tuple((s, t, i) for s in domains for i, t in enumerate(domains) if s != t),
            domains,
            train,
            val,
            dict.fromkeys(domains, classifier),
            images.__getitem__,
            None,
            "ordered pairs of domains",
        )

    def _of_attributes(self) -> Sides:
        attributes, exclusive = self._info.attributes, self._info.exclusive
        check(
            len(side_names(attributes)) == 2 * len(attributes),
            f"Found the attributes {', '.join(attributes)} in {self._data_dir}, expected none "
            "called without_ and the name of another: rename it, and prepare the data set again.",
        )
        check(
            not 0 < self._max_sources < MIN_IMAGES,
            f"Found --max_sources={self._max_sources}, expected at least {MIN_IMAGES}, or 0 for "
            "all: raise it.",
        )
        images, labels = self._labelled_images()
        train, val = self._of_split("train"), self._of_split("val")
        masks = {side: labels[:, i] == v for side, (i, v) in side_names(attributes).items()}
        enough = {
            side: min(len(train[side].rows), len(val[side].rows))
            if side in train and side in val
            else 0
            for side in masks
        }
        pairs, classifiers = [], {}
        for name in attributes:
            without, with_it = sides = _sides_of(name)
            if min(enough[side] for side in sides) < MIN_IMAGES:
                tqdm.write(
                    f"warning: {name} is not measured: of the training and of the validation "
                    f"images, {MIN_IMAGES} must have it and {MIN_IMAGES} must not.",
                    sys.stderr,
                )
                continue
            classifiers |= dict.fromkeys(sides, _classifier(train, sides))
            pairs.append((without, with_it, 1))
            if not any(name in group for group in exclusive):  # else other ones take it away
                pairs.append((with_it, without, 0))
        check(
            bool(pairs),
            f"Found no attribute in {self._data_dir} that {MIN_IMAGES} training and validation "
            "images have and as many have not, expected one to measure: prepare more images.",
        )

        def chosen(side: str) -> np.ndarray:
            mask = masks.get(side, np.ones(len(images), bool))
            return np.flatnonzero(mask)[: self._max_sources or None]

        def targets(source: str, target: str) -> np.ndarray:
            of_sources = labels[chosen(source)]
            if source == target:
                return of_sources
            name = next(name for name in attributes if target in _sides_of(name))
            return with_attribute_changed(of_sources, attributes, exclusive, name)

        return Sides(
            tuple(pairs),
            (ALL,),
            train,
            val,
            classifiers,
            lambda side: images[chosen(side)],
            targets,
            "changes of one attribute",
        )

    def _of_split(self, split: str) -> dict[str, ImageFeatures]:
        """Features of the real images by side; of rare attributes there may be none."""
        options = {
            "img_size": self._img_size,
            "network": self._network,
            "cache": self._cache,
        }
        total = sum(self._info.counts[split].values())
        with bar(total=total, unit="image", desc=f"Real images ({split})") as shown:
            options["on_progress"] = shown.update
            if self._info.attributes:
                shards = self._shards[split, ALL]
                attributes = self._info.attributes
                return attribute_images(self._data_dir, split, attributes, shards=shards, **options)
            return {
                name: real_images(
                    self._data_dir, split, name, shards=self._shards[split, name], **options
                )
                for name in self._info.domains
            }

    def _images(self, domain: str) -> np.ndarray:
        images = np.concatenate([batch for batch, _ in self._batches(domain)])
        enough = len(images) >= MIN_IMAGES
        images = images[: self._max_sources or None]
        advice = "raise --max_sources" if enough else "prepare the data set again with more images"
        check(
            len(images) >= MIN_IMAGES,
            f"Found {len(images)} validation images of domain {domain} to translate, expected at "
            f"least {MIN_IMAGES}: {advice}.",
        )
        return images

    def _labelled_images(self) -> tuple[np.ndarray, np.ndarray]:
        """Validation images and their attributes; no more than there may be of every side."""
        images, labels = [], []
        for x, y in self._batches(None):
            images.append(x)
            labels.append(y)
            ones = sum(part.sum(axis=0) for part in labels)
            zeros = sum(map(len, labels)) - ones
            if self._max_sources and min(*ones, *zeros) >= self._max_sources:
                break
        return np.concatenate(images), np.concatenate(labels)

    def _batches(self, domain: str | None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return eval_dataset(
            self._data_dir, "val", img_size=self._img_size, batch_size=_BATCH, domain=domain
        ).as_numpy_iterator()


def _classifier(train: Mapping[str, ImageFeatures], sides: tuple[str, ...]) -> DomainClassifier:
    counts = [len(train[side].rows) for side in sides]
    features = np.concatenate([train[side].rows for side in sides])
    return DomainClassifier.fit(features, np.repeat(np.arange(len(counts)), counts))


def _sides_of(attribute: str) -> tuple[str, str]:
    """The images without an attribute and those with it, in the order of its values."""
    without, with_it = side_names((attribute,))
    return without, with_it
