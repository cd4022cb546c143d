"""Images from any tensorflow-datasets builder."""

import importlib.metadata
import itertools
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.config.settings import check
from stargan_tf.data.sources.base import Candidate, digest, splits_to_fill
from stargan_tf.data.sources.split_names import TRAIN, in_order, validation_split
from stargan_tf.errors import UserError
from stargan_tf.names import domain_names, normalised

if TYPE_CHECKING:
    import tensorflow_datasets as tfds  # takes a second: imported where it is used

IMAGES_PER_CHUNK = 256

TfdsChunk = tuple[str, str, int, int]  # our split, the builder's split, first, behind the last


class TfdsSource:
    """Reads a tensorflow-datasets builder, preparing it first if need be; see `Source`."""

    default_size = 0

    @classmethod
    def validate(cls, config: PrepareDataConfig) -> None:
        """Checks that a builder is named; see `Source`."""
        check(
            bool(config.tfds_name),
            "Found no --tfds_name, expected a tensorflow-datasets builder: add for example "
            "--tfds_name=celeb_a.",
        )
        check(
            not (config.attributes and config.tfds_label),
            "Found --attributes and --tfds_label, expected one of them: labels are attributes or "
            "domains; leave the other out.",
        )

    @classmethod
    def describe(cls, config: PrepareDataConfig) -> str:
        """The builder; see `Source`."""
        return config.tfds_name

    @classmethod
    def cache_key(cls, config: PrepareDataConfig) -> str:
        """The version of tensorflow-datasets, whose builders change with it; see `Source`."""
        return digest([f"tensorflow-datasets {importlib.metadata.version('tensorflow-datasets')}"])

    def __init__(self, config: PrepareDataConfig) -> None:
        """Finds the builder, prepares its data and works out the domains or attributes.

        Raises:
          UserError: no such builder, label or split, or its data cannot be had.
        """
        from stargan_tf.data.sources import tfds_features

        builder = tfds_features.prepared_builder(config)
        self.name = config.name or builder.info.name
        self._dir = str(builder.data_dir)
        features = tfds_features.flatten(builder.info.features)
        self._image_key = tfds_features.image_key(features)
        self.domains: tuple[str, ...] = ()
        self.attributes = tuple(map(normalised, config.attributes))
        if self.attributes:
            found = tfds_features.attribute_keys(features, self.attributes, self.name)
            self._label_keys = found
        else:
            self._set_domains(features, config.tfds_label)
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
        import tensorflow_datasets as tfds

        from stargan_tf.data.sources.tfds_features import flatten

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
            content, flat = example[self._image_key], flatten(example)
            if self.attributes:
                values = tuple(int(flat[key]) for key in self._label_keys)
                yield Candidate(name, "", split, content, attributes=values)
            else:
                yield Candidate(name, self._domain(flat), split, content)

    def _set_domains(self, features: dict[str, Any], wanted: tuple[str, ...]) -> None:
        from stargan_tf.data.sources import tfds_features

        self._label_keys = tfds_features.label_keys(features, wanted)
        self._values = [tfds_features.value_names(key, features[key]) for key in self._label_keys]
        # A label of several attributes is every combination of their values.
        combined = ["-".join(parts) for parts in itertools.product(*self._values)]
        names = domain_names(combined)
        self.domains = tuple(names[name] for name in combined)
        check(
            len(self.domains) >= 2,
            f"Found only the domain {self.domains[0]} in {self.name}, expected at least two: "
            "choose another --tfds_label.",
        )

    def _domain(self, flat: dict[str, Any]) -> str:
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

    def _set_splits(self, builder: "tfds.core.DatasetBuilder", val_fraction: float) -> None:
        splits = builder.info.splits
        train = next(iter(in_order(splits, TRAIN)), "")
        check(
            bool(train),
            f"Found the splits {', '.join(splits)} in {self.name}, expected one called train: "
            "choose another data set.",
        )
        val = validation_split(splits)
        self.splits = splits_to_fill(bool(val), val_fraction)
        # Without a split of its own, validation is cut from train by content.
        own = "train" if val or not val_fraction else ""
        self._originals = [(own, train, splits[train].num_examples)]
        if val:
            self._originals.append(("val", val, splits[val].num_examples))
        unused = [name for name in splits if name not in (train, val)]
        if unused:
            print(
                f"warning: not used: the splits {', '.join(unused)} of {self.name}",
                file=sys.stderr,
            )
        self.total = sum(count for _, _, count in self._originals)
