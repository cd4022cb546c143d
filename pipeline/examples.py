"""The Examples artifact that ImageExampleGen writes, and how stargan_tf reads it.

URI/Split-train/train-DOMAIN-00000-of-00001.tfrecord and so on, Split-val alike, and beside
them dataset_info.json and, when images were rejected, rejected.jsonl.
"""

import json
import os
from pathlib import Path

from pipeline.paths import local_path
from stargan_tf.data.schema import INFO_FILE, DatasetInfo

REJECTED_FILE = "rejected.jsonl"
SPLITS = ("train", "val")


def split_dir(examples_uri: str, split: str) -> Path:
    """The folder of a split's shards."""
    return local_path(examples_uri) / f"Split-{split}"


def as_data_dir(examples_uri: str, folder: Path) -> Path:
    """Makes a folder that stargan_tf takes for a prepared data set.

    It holds links, so it costs nothing; the artifact must lie in a file system, not in an
    object store.

    Args:
      examples_uri: URI of an Examples artifact of ImageExampleGen.
      folder: what to fill; links of an earlier call are replaced.

    Returns:
      `folder`.

    Raises:
      UserError: there is no data set at `examples_uri`.
    """
    root = local_path(examples_uri).absolute()
    DatasetInfo.load(root)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.is_symlink():
            old.unlink()
    shards = [shard for split in SPLITS for shard in split_dir(str(root), split).glob("*.tfrecord")]
    for path in (root / INFO_FILE, *shards):
        os.symlink(path, folder / path.name)
    return folder


def read_rejected(examples_uri: str) -> list[dict[str, str]]:
    """Reads the images that were rejected: {file, domain, reason} each."""
    path = local_path(examples_uri) / REJECTED_FILE
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", errors="surrogateescape") as lines:
        return [json.loads(line) for line in lines]
