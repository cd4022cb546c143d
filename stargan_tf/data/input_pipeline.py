"""The tf.data input of training and evaluation."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from stargan_tf.config.train import TrainConfig
from stargan_tf.data.augmentation import augment
from stargan_tf.data.preprocessing import preprocess
from stargan_tf.data.record_index import RecordIndex
from stargan_tf.data.sampling_plan import BLOCK_STEPS, SamplingPlan
from stargan_tf.data.schema import DatasetInfo, parse_example
from stargan_tf.errors import UserError
from stargan_tf.names import normalised
from stargan_tf.types import IMAGE, LABEL, NORMAL, STREAMS, UNIFORM, Batch, Draw

# Else TensorFlow reads and rewrites all that a dataset calls, for half a second of each start.
_as_written = tf.autograph.experimental.do_not_convert


def train_dataset(
    data_dir: Path,
    config: TrainConfig,
    draws: Sequence[Draw],
    *,
    start_step: int = 0,
    replicas: int = 1,
    num_workers: int = 1,
    worker: int = 0,
) -> tf.data.Dataset:
    """Endless batches for training, a function of the data and the seed alone.

    Domains are drawn uniformly, whatever the class sizes; images of one stream are of one
    domain, cropped independently. Where labels are attributes, images are drawn uniformly,
    and a stream's label is that of its first image. The global batch of a step is the same
    for any number of replicas and workers, and whether the run started at step 0 or
    resumed; starting late costs next to nothing.

    Args:
      data_dir: what `prepare_data` wrote.
      config: for img_size, batch_size (of all replicas of all workers), randcrop_prob,
        and the seed, which decides domains, order, crops and latent codes.
      draws: what an example consists of.
      start_step: the first step to give.
      replicas: of each worker.
      num_workers: processes that train together.
      worker: which of them this is.

    Returns:
      A dataset of batches for one replica each, tensors by the draws' names, of
      batch_size / (replicas * num_workers) examples: a worker's consecutive elements
      are the consecutive slices of its share of the global batch.

    Raises:
      UserError: the data set is missing, incomplete, or the batch cannot be divided.
    """
    batch_size = config.batch_size
    slices = replicas * num_workers
    if batch_size < 1 or batch_size % slices:
        raise UserError(
            f"Found --batch_size={batch_size}, expected a positive multiple of the {slices} "
            "replicas: change it."
        )
    info = DatasetInfo.load(data_dir)
    index = RecordIndex(data_dir, "train", info.groups)
    maker = _ExampleMaker(index, len(info.attributes), config, tuple(draws))
    plan = SamplingPlan(index.sizes, maker.streams, maker.records, batch_size, config.seed)
    make = _as_written(maker)
    share = batch_size // num_workers
    mine = slice(worker * share, (worker + 1) * share)

    def plan_block(number: np.ndarray) -> np.ndarray:
        return plan.block(int(number))[:, mine]

    @_as_written
    def block_examples(number: tf.Tensor) -> tf.data.Dataset:
        steps = tf.numpy_function(plan_block, [number], tf.int64, stateful=False)
        steps = tf.ensure_shape(steps, [BLOCK_STEPS, share, plan.width])
        return tf.data.Dataset.from_tensor_slices(tf.reshape(steps, [-1, plan.width]))

    first_block, steps_before = divmod(start_step, BLOCK_STEPS)
    dataset = tf.data.Dataset.range(first_block, tf.int64.max).flat_map(block_examples)
    dataset = dataset.skip(steps_before * share)  # of the plan: no image is read
    # Single examples, so that the parallel work is the same for small and large batches.
    dataset = dataset.map(make, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    dataset = dataset.batch(batch_size // slices, drop_remainder=True)
    return dataset.prefetch(tf.data.AUTOTUNE)


def eval_dataset(
    data_dir: Path, split: str, *, img_size: int, batch_size: int, domain: str | None = None
) -> tf.data.Dataset:
    """Each image of a split once, in order, without augmentation.

    Args:
      data_dir: what `prepare_data` wrote.
      split: train or val.
      img_size: side R of the images.
      batch_size: of all batches but the last, which may be smaller.
      domain: the only domain to give; all of them, one after the other, by default.

    Returns:
      A dataset of (x, y): x [N, R, R, 3] float32 in [-1, 1], y the domains, [N] int32, or
      the attributes, [N, A] float32, each 0 or 1.

    Raises:
      UserError: the data set, the split or the domain is missing.
    """
    info = DatasetInfo.load(data_dir)
    domain = None if domain is None else normalised(domain)
    if domain is not None and domain not in info.domains:
        raise UserError(
            f"Found no domain {domain!r} in {data_dir}, expected one of "
            f"{', '.join(info.domains) or 'no domains, but attributes'}: correct the name."
        )
    index = RecordIndex(data_dir, split, info.groups if domain is None else (domain,))
    first = 0 if domain is None else info.domains.index(domain)
    places = [(group, n) for group, size in enumerate(index.sizes) for n in range(size)]

    def read(place: np.ndarray) -> bytes:
        return index.read(*place)

    @_as_written
    def make(place: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        record = tf.numpy_function(read, [place], tf.string, stateful=False)
        group = tf.cast(first + place[0], tf.int32)
        image, label = parse_example(tf.ensure_shape(record, []), len(info.attributes), group)
        return preprocess(image, img_size), label

    dataset = tf.data.Dataset.from_tensor_slices(np.array(places, np.int64))
    dataset = dataset.map(make, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return dataset.batch(batch_size).prefetch(tf.data.AUTOTUNE)


# What random numbers are drawn by, by the kind of the draw.
_RANDOM = {NORMAL: tf.random.stateless_normal, UNIFORM: tf.random.stateless_uniform}


@dataclasses.dataclass(frozen=True)
class _ExampleMaker:
    """Makes one example, a batch without the batch axis, from its plan."""

    index: RecordIndex
    num_attributes: int
    config: TrainConfig
    draws: tuple[Draw, ...]

    @property
    def streams(self) -> tuple[str, ...]:
        """Those that are drawn from."""
        used = {draw.stream for draw in self.draws if draw.stream}
        return tuple(stream for stream in STREAMS if stream in used)

    @property
    def records(self) -> tuple[str, ...]:
        """The stream of each record of an example: of every image, then of labels alone."""
        images = tuple(draw.stream for draw in self.draws if draw.kind == IMAGE)
        # A domain is known from the plan; attributes are known from a record.
        labels = tuple(stream for stream in self.streams if stream not in images)
        return images + labels * bool(self.num_attributes)

    def __call__(self, planned: tf.Tensor) -> Batch:
        """Takes [plan.width] int64; traced into the tf.data graph."""
        position = planned[0]
        labels = {
            stream: tf.cast(domain, tf.int32)
            for stream, domain in zip(self.streams, tf.unstack(planned)[1:], strict=False)
        }
        types = [tf.string] * len(self.records)
        records = tf.numpy_function(self._read, [planned], types, stateful=False)
        parsed = [
            parse_example(tf.ensure_shape(record, []), self.num_attributes, labels[stream])
            for record, stream in zip(records, self.records, strict=True)
        ]
        if self.num_attributes:  # of the first record of each stream
            pairs = zip(self.records, parsed, strict=True)
            labels = {stream: label for stream, (_, label) in reversed(list(pairs))}
        # Each random thing of an example has a number of its own, for its seed.
        images = [draw for draw in self.draws if draw.kind == IMAGE]
        numbers = [draw for draw in self.draws if draw.kind in _RANDOM]
        uses = len(images) + len(numbers)
        seeds = {
            draw.name: tf.stack([tf.constant(uses * self.config.seed + use, tf.int64), position])
            for use, draw in enumerate([*images, *numbers])
        }
        pixels = {draw.name: image for draw, (image, _) in zip(images, parsed, strict=False)}
        return {
            draw.name: self._image(pixels[draw.name], seeds[draw.name])
            if draw.kind == IMAGE
            else labels[draw.stream]
            if draw.kind == LABEL
            else _RANDOM[draw.kind]([draw.size], seeds[draw.name])
            for draw in self.draws
        }

    def _read(self, planned: np.ndarray) -> list[bytes]:
        groups = dict(zip(self.streams, planned[1:], strict=False))
        numbers = planned[1 + len(self.streams) :]
        return [
            self.index.read(groups[stream], number)
            for stream, number in zip(self.records, numbers, strict=True)
        ]

    def _image(self, pixels: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        return augment(pixels, seed, self.config.img_size, self.config.randcrop_prob)
