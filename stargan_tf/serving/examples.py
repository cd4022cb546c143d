"""Images of a prepared data set, for calibrating an export and comparing it, and their origin."""

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stargan_tf.config.settings import check
from stargan_tf.data import bad_records
from stargan_tf.data.input_pipeline import eval_dataset
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.labels import LabelSet

_SEED = 0


class Origin(NamedTuple):
    """Where the images come from that a model was trained on."""

    licence: str
    credits: dict


def read_origin(*data_dirs: Path | None) -> Origin:
    """The licences of data sets; one that is not there any more, None, has an unknown one."""
    origins = {}
    for number, data_dir in enumerate(data_dirs):
        if data_dir is None:
            unknown = "unknown: the data set was not at hand when the model was exported"
            origins[f"data set {number + 1}"] = Origin(unknown, {})
        else:
            info = DatasetInfo.load(data_dir)
            name = info.name if info.name not in origins else f"{info.name} {number + 1}"
            origins[name] = Origin(info.licence, info.credits)
    if len(origins) == 1:
        return next(iter(origins.values()))
    licence = "; ".join(f"{name}: {origin.licence}" for name, origin in origins.items())
    return Origin(licence, {name: origin.credits for name, origin in origins.items()})


def find_images(
    data_dir: Path | None,
    split: str,
    domains: tuple[str, ...],
    img_size: int,
    num: int,
    label_sets: Sequence[LabelSet] = (),
) -> np.ndarray:
    """The first images of each domain, taken in turns; noise when there is no data set.

    Args:
      data_dir: what `prepare_data` wrote, or None.
      split: train or val; training images stand in for those of a split that is not there.
      domains: the model's, or its attributes.
      img_size: R.
      num: how many, at most.
      label_sets: of the model; of two, the data set may be either.

    Returns:
      [num or fewer, R, R, 3] float32 in [-1, 1].

    Raises:
      UserError: the data set cannot be read, or has other domains.
    """
    if data_dir is None:
        rng = np.random.default_rng(_SEED)
        return rng.uniform(-1, 1, [num, img_size, img_size, 3]).astype(np.float32)
    dataset_info = DatasetInfo.load(data_dir)
    found = dataset_info.labels
    check(
        found in (domains, *(one.names for one in label_sets)),
        f"Found the {'attributes' if dataset_info.attributes else 'domains'} {', '.join(found)} in "
        f"{data_dir}, expected those of the model, {', '.join(domains)}: pass the --data_dir that "
        "it was trained on.",
    )
    split = split if dataset_info.has_split(split) else "train"
    groups = dataset_info.domains or (None,)  # images with attributes are one group
    each = -(-num // len(groups))
    per_domain = []
    with bad_records.named(data_dir):
        for domain in groups:
            dataset = eval_dataset(
                data_dir, split, img_size=img_size, batch_size=each, domain=domain
            )
            per_domain.append([image for images, _ in dataset.take(1) for image in images.numpy()])
    in_turns = (image for images in zip_longest(*per_domain) for image in images)
    return np.stack([image for image in in_turns if image is not None][:num])
