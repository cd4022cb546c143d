"""The data of a training run: one data set, or two of which each has labels of its own."""

import contextlib
import dataclasses
import functools
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import tensorflow as tf

from stargan_tf.config.settings import check
from stargan_tf.config.train import TrainConfig
from stargan_tf.data import bad_records
from stargan_tf.data.bad_records import LIST_FILE
from stargan_tf.data.fingerprint import fingerprint
from stargan_tf.data.input_pipeline import eval_dataset, train_dataset
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.errors import UserError
from stargan_tf.labels import LabelSet, layout_of
from stargan_tf.types import Draw


class DataSet(NamedTuple):
    """A prepared data set."""

    data_dir: Path
    info: DatasetInfo


class TrainingData:
    """What --data_dir and --data_dir2 name.

    Attributes:
      sets: one or two.
    """

    def __init__(self, config: TrainConfig) -> None:
        """Reads what the data sets are.

        Raises:
          UserError: one is missing.
        """
        folders = filter(None, (config.data_dir, config.data_dir2))
        self.sets = [DataSet(Path(folder), DatasetInfo.load(Path(folder))) for folder in folders]

    @property
    def is_joint(self) -> bool:
        """Whether there are two."""
        return len(self.sets) > 1

    @property
    def infos(self) -> list[DatasetInfo]:
        """What dataset_info.json of each says."""
        return [one.info for one in self.sets]

    @property
    def label_sets(self) -> tuple[LabelSet, ...]:
        """What the labels of each are."""
        return tuple(info.label_set for info in self.infos)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of all labels."""
        return tuple(name for info in self.infos for name in info.labels)

    @property
    def fingerprint(self) -> str:
        """Tells these images from others; see `fingerprint`."""
        return "-".join(fingerprint(*one) for one in self.sets)

    def check(self, img_size: int, *, resumed: bool) -> None:
        """Compares two data sets, and the sizes of images with that of the training.

        Args:
          img_size: side that images are trained at.
          resumed: whether the run has begun: it goes on, however small they are.

        Raises:
          UserError: two do not go together; see also `DatasetInfo.check_large_enough`.
        """
        if self.is_joint:
            _check_go_together(*self.sets)
        for data_dir, info in self.sets:
            try:
                remark = info.check_large_enough(img_size, data_dir)
            except UserError as error:
                if not resumed:
                    raise
                remark = str(error)
            if remark:
                print(f"warning: {remark}", file=sys.stderr)

    @contextlib.contextmanager
    def named(self) -> Iterator[None]:
        """Names the bad record of either; see `bad_records.named`."""
        with contextlib.ExitStack() as stack:
            for data_dir, _ in self.sets:
                stack.enter_context(bad_records.named(data_dir))
            yield

    def skip_bad_records(self, folder: Path | None) -> None:
        """Has this process skip bad records, listed in files of a folder if there is one."""
        for number, (data_dir, _) in enumerate(self.sets, 1):
            name = Path(LIST_FILE)
            name = name.with_stem(f"{name.stem}{number if number > 1 else ''}")
            bad_records.skip(data_dir, folder / name if folder else None)

    def batches(
        self,
        config: TrainConfig,
        draws: Sequence[Draw],
        *,
        start_step: int = 0,
        replicas: int = 1,
        num_workers: int = 1,
        worker: int = 0,
    ) -> tf.data.Dataset:
        """Endless batches for training: of each draw those of its own data set.

        Every iteration has batch_size examples of each set. Each is a function of the seed and
        the iteration alone, so that a resumed run goes on with the same batches of both. See
        `train_dataset`.
        """
        parts = [
            train_dataset(
                data_dir,
                # Else image n of both sets would be cropped and mirrored alike.
                dataclasses.replace(config, seed=(config.seed + which) % 2**32),
                [draw for draw in draws if draw.data_set == which],
                start_step=start_step,
                replicas=replicas,
                num_workers=num_workers,
                worker=worker,
            )
            for which, (data_dir, _) in enumerate(self.sets)
        ]
        if not self.is_joint:
            return parts[0]
        return tf.data.Dataset.zip(tuple(parts)).map(lambda first, second: first | second)

    def validation_images(self, img_size: int, batch_size: int) -> tf.data.Dataset | None:
        """Batches of all validation images.

        Returns:
          (x, y) as of `eval_dataset`; of two data sets, y are vectors of all labels, see
          `labels`. None where a set has no validation images.
        """
        datasets = []
        layout = layout_of(self.label_sets)
        for which, (data_dir, info) in enumerate(self.sets):
            if not info.has_split("val"):
                return None
            images = eval_dataset(data_dir, "val", img_size=img_size, batch_size=batch_size)
            if self.is_joint:
                vectors = functools.partial(layout.vectors_of_set, which=which)
                images = images.map(lambda x, y, vectors=vectors: (x, vectors(y)))
            datasets.append(images)
        return functools.reduce(lambda first, second: first.concatenate(second), datasets)


def _check_go_together(first: DataSet, second: DataSet) -> None:
    both = [name for name in first.info.labels if name in second.info.labels]
    check(
        not both,
        f"Found the label {', '.join(both[:3])} in {first.data_dir} and in {second.data_dir}, "
        "expected other names in each, since labels are told apart by them: prepare one of the "
        "data sets again, under other names.",
    )
    sizes = first.info.img_size, second.info.img_size
    check(
        sizes[0] == sizes[1] or 0 in sizes,
        f"Found images of {sizes[0]} pixels in {first.data_dir} and of {sizes[1]} in "
        f"{second.data_dir}, expected one size in both, so that their sharpness does not tell them "
        f"apart: prepare one again with prepare_data --img_size={min(sizes)}.",
    )
