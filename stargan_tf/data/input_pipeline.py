"""The tf.data input of training and evaluation."""

import dataclasses
from pathlib import Path

import numpy as np
import tensorflow as tf

from stargan_tf.data import augmentation
from stargan_tf.data.record_index import RecordIndex
from stargan_tf.data.sampling_plan import BLOCK_STEPS, PLAN_WIDTH, SamplingPlan
from stargan_tf.data.schema import DatasetInfo, parse_example, shard_paths
from stargan_tf.errors import UserError
from stargan_tf.types import TrainBatch

# What a random seed is for: the same example must not give two things the same numbers.
_X_REAL, _X_REF, _X_REF2, _Z_TRG, _Z_TRG2 = range(5)
_USES = 5


def train_dataset(
    data_dir: Path,
    *,
    img_size: int,
    batch_size: int,
    latent_dim: int,
    randcrop_prob: float,
    seed: int,
    start_step: int = 0,
    replicas: int = 1,
    num_workers: int = 1,
    worker: int = 0,
) -> tf.data.Dataset:
    """Endless batches for training, a function of the data and the seed alone.

    Source and target domains are drawn uniformly, whatever the class sizes; x_ref and
    x_ref2 are two images of one domain, cropped independently. The global batch of a
    step is the same for any number of replicas and workers, and whether the run
    started at step 0 or resumed; starting late costs next to nothing.

    Args:
      data_dir: what `prepare_data` wrote.
      img_size: side R of the images.
      batch_size: examples of one step over all replicas of all workers.
      latent_dim: length of the latent codes.
      randcrop_prob: probability of a random crop.
      seed: decides domains, order, crops and latent codes.
      start_step: the first step to give.
      replicas: of each worker.
      num_workers: processes that train together.
      worker: which of them this is.

    Returns:
      A dataset of `TrainBatch`es for one replica each, of
      batch_size / (replicas * num_workers) examples: a worker's consecutive elements
      are the consecutive slices of its share of the global batch.

    Raises:
      UserError: the data set is missing, incomplete, or the batch cannot be divided.
    """
    slices = replicas * num_workers
    if batch_size < 1 or batch_size % slices:
        raise UserError(
            f"Found --batch_size={batch_size}, expected a positive multiple of the {slices} "
            "replicas: change it."
        )
    info = DatasetInfo.load(data_dir)
    index = RecordIndex(data_dir, "train", info.domains)
    plan = SamplingPlan(index.sizes, batch_size, seed)
    share = batch_size // num_workers
    mine = slice(worker * share, (worker + 1) * share)

    def plan_block(number: np.ndarray) -> np.ndarray:
        return plan.block(int(number))[:, mine]

    def block_examples(number: tf.Tensor) -> tf.data.Dataset:
        steps = tf.numpy_function(plan_block, [number], tf.int64, stateful=False)
        steps = tf.ensure_shape(steps, [BLOCK_STEPS, share, PLAN_WIDTH])
        return tf.data.Dataset.from_tensor_slices(tf.reshape(steps, [-1, PLAN_WIDTH]))

    first_block, steps_before = divmod(start_step, BLOCK_STEPS)
    dataset = tf.data.Dataset.range(first_block, tf.int64.max).flat_map(block_examples)
    dataset = dataset.skip(steps_before * share)  # of the plan: no image is read
    # Single examples, so that the parallel work is the same for small and large batches.
    make = _ExampleMaker(index, img_size, latent_dim, randcrop_prob, seed)
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
      A dataset of (x, y): x [N, R, R, 3] float32 in [-1, 1], y [N] int32 domains.

    Raises:
      UserError: the data set, the split or the domain is missing.
    """
    info = DatasetInfo.load(data_dir)
    if domain is not None and domain not in info.domains:
        raise UserError(
            f"Found no domain {domain!r} in {data_dir}, expected one of {', '.join(info.domains)}: "
            "correct the name."
        )
    names = info.domains if domain is None else (domain,)
    paths = [path for name in names for path in shard_paths(data_dir, split, name)]

    def make(record: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        image, label = parse_example(record)
        return augmentation.preprocess(image, img_size), label

    dataset = tf.data.TFRecordDataset(paths)
    dataset = dataset.map(make, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return dataset.batch(batch_size).prefetch(tf.data.AUTOTUNE)


@dataclasses.dataclass(frozen=True)
class _ExampleMaker:
    """Makes one example, a `TrainBatch` without the batch axis, from its plan."""

    index: RecordIndex
    img_size: int
    latent_dim: int
    randcrop_prob: float
    seed: int

    def __call__(self, planned: tf.Tensor) -> TrainBatch:
        """Takes [PLAN_WIDTH] int64; traced into the tf.data graph."""
        position, y_org, y_trg = planned[0], planned[1], planned[2]
        records = tf.numpy_function(self._read, [planned], [tf.string] * 3, stateful=False)
        return TrainBatch(
            x_real=self._image(records[0], _X_REAL, position),
            y_org=tf.cast(y_org, tf.int32),
            x_ref=self._image(records[1], _X_REF, position),
            x_ref2=self._image(records[2], _X_REF2, position),
            y_trg=tf.cast(y_trg, tf.int32),
            z_trg=self._latent(_Z_TRG, position),
            z_trg2=self._latent(_Z_TRG2, position),
        )

    def _read(self, planned: np.ndarray) -> list[bytes]:
        _, y_org, y_trg, x_real, x_ref, x_ref2 = planned
        places = ((y_org, x_real), (y_trg, x_ref), (y_trg, x_ref2))
        return [self.index.read(domain, record) for domain, record in places]

    def _image(self, record: tf.Tensor, use: int, position: tf.Tensor) -> tf.Tensor:
        pixels, _ = parse_example(tf.ensure_shape(record, []))
        seed = self._seed(use, position)
        return augmentation.augment(pixels, seed, self.img_size, self.randcrop_prob)

    def _latent(self, use: int, position: tf.Tensor) -> tf.Tensor:
        return tf.random.stateless_normal([self.latent_dim], self._seed(use, position))

    def _seed(self, use: int, position: tf.Tensor) -> tf.Tensor:
        """The [2] seed of one random thing of one example."""
        return tf.stack([tf.constant(_USES * self.seed + use, tf.int64), position])
