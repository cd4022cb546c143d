"""Images from any tensorflow-datasets builder."""

import contextlib
import itertools
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.config.settings import check
from stargan_tf.data.sources import published  # noqa: F401 (makes its builders known by name)
from stargan_tf.data.sources.base import Candidate, domain_names, splits_to_fill
from stargan_tf.errors import UserError

IMAGES_PER_CHUNK = 256
VAL_SPLITS = ("val", "validation", "test")

TfdsChunk = tuple[str, str, int, int]  # our split, the builder's split, first, behind the last


class TfdsSource:
    """Reads a tensorflow-datasets builder, preparing it first if need be; see `Source`."""

    def __init__(self, config: PrepareDataConfig) -> None:
        """Finds the builder, prepares its data and works out the domains.

        Raises:
          UserError: no such builder, label or split, or its data cannot be had.
        """
        builder = _builder(config)
        self.name = config.name or builder.info.name
        self._dir = str(builder.data_dir)
        features = _flatten(builder.info.features)
        self._image_key = _image_key(features)
        self._label_keys = _label_keys(features, config.tfds_label)
        values = [_value_names(key, features[key]) for key in self._label_keys]
        # A label of several attributes is every combination of their values.
        combined = ["-".join(parts) for parts in itertools.product(*values)]
        names = domain_names(combined)
        self.domains = tuple(names[name] for name in combined)
        self._values = values
        check(
            len(self.domains) >= 2,
            f"Found only the domain {self.domains[0]} in {self.name}, expected at least two: "
            "choose another --tfds_label.",
        )
        info = builder.info
        self.licence = (
            config.licence
            or info.redistribution_info.license
            or "not stated; see the data set's own description"
        )
        self.credits = {
            key: text
            for key, text in (("citation", info.citation), ("homepage", info.homepage))
            if text
        }
        self._set_splits(builder, config.val_fraction)

    def chunks(self) -> list[TfdsChunk]:
        """Ranges of examples."""
        return [
            (split, original, start, min(start + IMAGES_PER_CHUNK, count))
            for split, original, count in self._originals
            for start in range(0, count, IMAGES_PER_CHUNK)
        ]

    def read(self, chunk: TfdsChunk) -> Iterator[Candidate]:
        """Reads one range of examples, the images still encoded."""
        split, original, start, stop = chunk
        # From the folder, not by name: a worker may not know every builder's class.
        builder = tfds.builder_from_directory(self._dir)
        dataset = builder.as_dataset(
            split=f"{original}[{start}:{stop}]",
            shuffle_files=False,
            decoders={self._image_key: tfds.decode.SkipDecoding()},
        )
        for index, example in enumerate(tfds.as_numpy(dataset), start):
            name = f"{original}/{index:08d}"
            yield Candidate(name, self._domain(example), split, example[self._image_key])

    def _domain(self, example: dict[str, Any]) -> str:
        flat = _flatten(example)
        label = 0
        for key, names in zip(self._label_keys, self._values, strict=True):
            value = flat[key]
            # For a boolean the names are (it holds, it does not).
            index = int(not value) if value.dtype == bool else int(value)
            if not 0 <= index < len(names):
                raise UserError(
                    f"Found an image of {self.name} whose {key} is {index}, expected a known "
                    "class: choose another --tfds_label."
                )
            label = label * len(names) + index
        return self.domains[label]

    def _set_splits(self, builder: tfds.core.DatasetBuilder, val_fraction: float) -> None:
        splits = builder.info.splits
        check(
            "train" in splits,
            f"Found the splits {', '.join(splits)} in {self.name}, expected one called train: "
            "choose another data set.",
        )
        val = next((name for name in VAL_SPLITS if name in splits), "")
        self.splits = splits_to_fill(bool(val), val_fraction)
        # Without a split of its own, validation is cut from train by content.
        own = "train" if val or not val_fraction else ""
        self._originals = [(own, "train", splits["train"].num_examples)]
        if val:
            self._originals.append(("val", val, splits[val].num_examples))
        self.total = sum(count for _, _, count in self._originals)


def _builder(config: PrepareDataConfig) -> tfds.core.DatasetBuilder:
    """Returns a builder whose data is prepared."""
    try:
        builder = tfds.builder(config.tfds_name, data_dir=config.tfds_data_dir or None)
    except (tfds.core.DatasetNotFoundError, ValueError, ImportError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(
            f"Found no tensorflow-datasets builder {config.tfds_name!r} ({reason}): see "
            "https://www.tensorflow.org/datasets/catalog, or use afhq, afhq_v2 or celeba_hq."
        ) from error
    download = tfds.download.DownloadConfig(manual_dir=config.tfds_manual_dir or None)
    try:
        # Its reports of progress belong to stderr, where ours go.
        with contextlib.redirect_stdout(sys.stderr):
            builder.download_and_prepare(download_config=download)
    except UserError:
        raise
    except Exception as error:  # whatever a builder, the network or an archive may raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(
            f"The data of {config.tfds_name} could not be prepared ({reason}): correct this, or "
            "download it by hand and give --tfds_manual_dir."
        ) from error
    return builder


def _flatten(tree: Any, prefix: str = "") -> dict[str, Any]:
    """Maps paths such as attributes/Male to the leaves of nested dictionaries."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        nested = isinstance(value, dict | tfds.features.FeaturesDict)
        flat.update(_flatten(value, f"{prefix}{key}/") if nested else {prefix + key: value})
    return flat


def _image_key(features: dict[str, Any]) -> str:
    keys = [
        key
        for key, feature in features.items()
        if isinstance(feature, tfds.features.Image) and "/" not in key
    ]
    check(
        "image" in keys or len(keys) == 1,
        f"Found the images {', '.join(keys) or 'none'} in each example, expected one called image: "
        "choose another data set.",
    )
    return "image" if "image" in keys else keys[0]


def _label_keys(features: dict[str, Any], wanted: tuple[str, ...]) -> list[str]:
    """Paths of the features that make the domains."""
    usable = [key for key, feature in features.items() if _is_label(feature)]
    if not wanted:
        classes = [key for key in usable if isinstance(features[key], tfds.features.ClassLabel)]
        check(
            len(classes) == 1,
            f"Found the class labels {', '.join(classes) or 'none'}, expected exactly one: choose "
            f"with --tfds_label among {', '.join(usable) or 'none'}.",
        )
        return classes
    keys = []
    for name in wanted:
        matches = [key for key in usable if name in (key, key.rsplit("/")[-1])]
        check(
            len(matches) == 1,
            f"Found {len(matches)} labels called {name}, expected --tfds_label to name one of "
            f"{', '.join(usable) or 'none'}: correct it.",
        )
        keys += matches
    return keys


def _is_label(feature: Any) -> bool:
    if isinstance(feature, tfds.features.ClassLabel):
        return True
    return (
        getattr(feature, "shape", None) == ()
        and np.dtype(getattr(feature, "np_dtype", None)) == np.bool_
    )


def _value_names(key: str, feature: Any) -> list[str]:
    if isinstance(feature, tfds.features.ClassLabel):
        return list(feature.names)
    attribute = key.rsplit("/")[-1].lower()
    return [attribute, f"not_{attribute}"]
