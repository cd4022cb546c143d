"""Artifacts as the components upstream would write them."""

import shutil
from pathlib import Path

from pipeline.examples import split_dir
from stargan_tf.data.schema import INFO_FILE


def examples_of(data_dir: Path, uri: Path) -> Path:
    """Lays a prepared data set out as ImageExampleGen does; returns `uri`."""
    for split in ("train", "val"):
        folder = split_dir(str(uri), split)
        folder.mkdir(parents=True)
        for shard in data_dir.glob(f"{split}-*.tfrecord"):
            shutil.copy(shard, folder)
    shutil.copy(data_dir / INFO_FILE, uri)
    return uri
