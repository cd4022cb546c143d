"""The builder of a tensorflow-datasets data set, and which of its features are of use."""

import contextlib
import sys
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.config.settings import check
from stargan_tf.data.attributes import check_known
from stargan_tf.data.sources import published  # noqa: F401 (makes its builders known by name)
from stargan_tf.errors import UserError
from stargan_tf.names import normalised


def prepared_builder(config: PrepareDataConfig) -> tfds.core.DatasetBuilder:
    """Returns the builder that the settings name, its data prepared.

    Raises:
      UserError: there is no such builder or no such attribute, or its data cannot be had.
    """
    try:
        builder = tfds.builder(config.tfds_name, data_dir=config.tfds_data_dir or None)
    except (tfds.core.DatasetNotFoundError, ValueError, ImportError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(
            f"Found no tensorflow-datasets builder {config.tfds_name!r} ({reason}): see "
            "https://www.tensorflow.org/datasets/catalog, or use afhq, afhq_v2 or celeba_hq."
        ) from error
    if config.attributes and builder.info.features is not None:
        # A name that is wrong is told before gigabytes are downloaded.
        attribute_keys(flatten(builder.info.features), config.attributes, builder.info.name)
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


def flatten(tree: Any, prefix: str = "") -> dict[str, Any]:
    """Maps paths such as attributes/Male to the leaves of nested dictionaries."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        nested = isinstance(value, dict | tfds.features.FeaturesDict)
        flat.update(flatten(value, f"{prefix}{key}/") if nested else {prefix + key: value})
    return flat


def image_key(features: dict[str, Any]) -> str:
    """The path of the feature that is the image.

    Raises:
      UserError: there is none, or it is not clear which.
    """
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


def label_keys(features: dict[str, Any], wanted: tuple[str, ...]) -> list[str]:
    """Paths of the features that make the domains.

    Args:
      features: by path.
      wanted: their names, or paths; empty for the only class label.

    Raises:
      UserError: there are no such features.
    """
    possible = [key for key, feature in features.items() if _is_label(feature)]
    if not wanted:
        classes = [key for key in possible if isinstance(features[key], tfds.features.ClassLabel)]
        check(
            len(classes) == 1,
            f"Found the class labels {', '.join(classes) or 'none'}, expected exactly one: choose "
            f"with --tfds_label among {', '.join(possible) or 'none'}.",
        )
        return classes
    keys = []
    for name in wanted:
        matches = [
            key
            for key in possible
            if normalised(name) in (normalised(key), normalised(key.rsplit("/")[-1]))
        ]
        check(
            len(matches) == 1,
            f"Found {len(matches)} labels called {name}, expected --tfds_label to name one of "
            f"{', '.join(possible) or 'none'}: correct it.",
        )
        keys += matches
    return keys


def attribute_keys(features: dict[str, Any], wanted: tuple[str, ...], name: str) -> list[str]:
    """Paths of the features that are attributes.

    Args:
      features: by path.
      wanted: names of attributes, the last parts of paths.
      name: of the data set, for the error.

    Raises:
      UserError: there is none of a name, or several.
    """
    by_name: dict[str, list[str]] = {}
    for key, feature in features.items():
        if _is_boolean(feature):
            by_name.setdefault(normalised(key.rsplit("/")[-1]), []).append(key)
    wanted = tuple(map(normalised, wanted))
    check_known(wanted, list(by_name), "--attributes", f"the yes-or-no features of {name}")
    for attribute in wanted:
        keys = by_name[attribute]
        check(
            len(keys) == 1,
            f"Found the features {', '.join(keys)} of {name} for the attribute {attribute}, "
            "expected one of a name: leave it out.",
        )
    return [by_name[attribute][0] for attribute in wanted]


def _is_label(feature: Any) -> bool:
    return isinstance(feature, tfds.features.ClassLabel) or _is_boolean(feature)


def _is_boolean(feature: Any) -> bool:
    return (
        getattr(feature, "shape", None) == ()
        and np.dtype(getattr(feature, "np_dtype", None)) == np.bool_
    )


def value_names(key: str, feature: Any) -> list[str]:
    """Names of the values of a label: of a boolean, (it holds, it does not)."""
    if isinstance(feature, tfds.features.ClassLabel):
        return list(feature.names)
    attribute = key.rsplit("/")[-1].lower()
    return [attribute, f"not_{attribute}"]
