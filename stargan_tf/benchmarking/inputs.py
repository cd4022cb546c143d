"""Batches to train on and the input pipeline: of a data set, or of images drawn at random."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

from stargan_tf.benchmarking.work import Work
from stargan_tf.config.train import TrainConfig
from stargan_tf.data.input_pipeline import train_dataset
from stargan_tf.data.schema import DatasetInfo, encode_example, shard_name
from stargan_tf.data.throughput import measure_throughput
from stargan_tf.types import IMAGE, LABEL, NORMAL, Batch, Draw

_IMAGES_PER_DOMAIN = 32
# Of what an image is enlarged from, so that it compresses like a photo, not like noise.
_SIDE_OF_SHAPES = 16
_MEASURED_BATCHES = 20


def drawn_batch(draws: Sequence[Draw], img_size: int, num_labels: int, rows: int) -> Batch:
    """A batch of random numbers, as `draws` ask for; labels are domains."""
    rng = np.random.default_rng(0)

    def values(draw: Draw) -> np.ndarray:
        if draw.kind == IMAGE:
            return rng.uniform(-1, 1, [rows, img_size, img_size, 3]).astype(np.float32)
        if draw.kind == LABEL:
            return rng.integers(0, num_labels, rows).astype(np.int32)
        if draw.kind == NORMAL:
            return rng.standard_normal([rows, draw.size], np.float32)
        return rng.random([rows, draw.size], np.float32)

    return {draw.name: tf.constant(values(draw)) for draw in draws}


def input_work(data_dir: Path, settings: TrainConfig, draws: Sequence[Draw]) -> Work:
    """The input pipeline alone, one batch of all replicas; each run starts it anew."""

    def run() -> float:
        dataset = train_dataset(data_dir, settings, draws)
        return settings.batch_size / measure_throughput(dataset, batches=_MEASURED_BATCHES)

    pixels = sum(draw.kind == IMAGE for draw in draws)
    details: dict[str, Any] = {"decoded_images": pixels * settings.batch_size}
    return Work("input pipeline", run, images=settings.batch_size, details=details)


def draw_dataset(data_dir: Path, img_size: int, num_domains: int) -> None:
    """Writes a data set of random images, smooth as photos are, as prepare_data would.

    Args:
      data_dir: an empty folder.
      img_size: side of the images.
      num_domains: how many domains they are of.
    """
    rng = np.random.default_rng(0)
    domains = tuple(f"domain_{number}" for number in range(num_domains))
    sizes = {}
    for label, domain in enumerate(domains):
        path = data_dir / shard_name("train", domain, 0, 1)
        with tf.io.TFRecordWriter(str(path)) as writer:
            for number in range(_IMAGES_PER_DOMAIN):
                content = _draw(rng, img_size)
                writer.write(encode_example(content, label, f"{domain}/{number}.jpg"))
        sizes[domain] = path.stat().st_size
    DatasetInfo(
        name="drawn",
        source="folder",
        domains=domains,
        counts={"train": dict.fromkeys(domains, _IMAGES_PER_DOMAIN), "val": {}},
        encoded_bytes={"train": sizes, "val": {}},
        img_size=img_size,
        licence="none: random numbers",
        credits={},
        rejected=0,
        settings={},
        sides={"least": img_size, "median": img_size, "most": img_size},
    ).save(data_dir)


def _draw(rng: np.random.Generator, img_size: int) -> bytes:
    shapes = rng.integers(0, 256, [_SIDE_OF_SHAPES, _SIDE_OF_SHAPES, 3], np.uint8)
    image = Image.fromarray(shapes).resize((img_size, img_size), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95)
    return buffer.getvalue()
