"""What a prepared data set looks like on disk.

A folder with, for each split and domain, the shards
`{split}-{domain}-{i:05d}-of-{n:05d}.tfrecord`, and dataset_info.json. Each record
is a tf.train.Example: `image` (encoded JPEG or PNG, always three 8-bit channels),
`label` (index of the domain) and `name` (of the file it was made from).
"""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

from stargan_tf.errors import UserError

SCHEMA_VERSION = 1
INFO_FILE = "dataset_info.json"
SPLITS = ("train", "val")

_SHARD_NAME = re.compile(r"(?P<key>.+)-(?P<index>\d{5})-of-(?P<count>\d{5})\.tfrecord")


@dataclasses.dataclass(frozen=True)
class DatasetInfo:
    """The contents of dataset_info.json.

    Attributes:
      name: of the data set.
      source: folder, tfds or portraits.
      domains: names, in the order of their labels.
      counts: images per split and domain.
      encoded_bytes: size of the shards per split and domain.
      img_size: side of the stored square images; 0 when each has its own size.
      licence: of the images, in words.
      credits: what else must be said about the origin: creators, links, citation.
      rejected: how many images of the source could not be used.
      settings: the settings of `prepare_data` that decide what the shards hold.
      schema_version: version of this layout.
    """

    name: str
    source: str
    domains: tuple[str, ...]
    counts: dict[str, dict[str, int]]
    encoded_bytes: dict[str, dict[str, int]]
    img_size: int
    licence: str
    credits: dict[str, Any]
    rejected: int
    settings: dict[str, Any]
    schema_version: int = SCHEMA_VERSION

    def save(self, data_dir: Path) -> None:
        """Writes dataset_info.json."""
        text = json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False)
        (data_dir / INFO_FILE).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, data_dir: Path) -> "DatasetInfo":
        """Reads dataset_info.json.

        Raises:
          UserError: it is missing, damaged, or of another schema version.
        """
        path = Path(data_dir) / INFO_FILE
        if not path.is_file():
            raise UserError(
                f"Found no {INFO_FILE} in {data_dir}, expected a prepared data set: make one with "
                "python -m stargan_tf.prepare_data."
            )
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            version = values.get("schema_version")
        except (ValueError, AttributeError) as error:
            raise UserError(
                f"{path} is not a valid JSON object ({error}): prepare the data set again."
            ) from error
        names = {field.name for field in dataclasses.fields(cls)}
        if version != SCHEMA_VERSION or set(values) != names:
            raise UserError(
                f"{path} has schema version {version}, expected version {SCHEMA_VERSION} with all "
                "its fields: prepare the data set again with this version of stargan_tf."
            )
        values["domains"] = tuple(values["domains"])
        return cls(**values)


def shard_name(split: str, domain: str, index: int, count: int) -> str:
    """File name of one shard."""
    return f"{split}-{domain}-{index:05d}-of-{count:05d}.tfrecord"


def shard_paths(data_dir: Path, split: str, domain: str) -> list[str]:
    """Paths of all shards of one split and domain, in order.

    Raises:
      UserError: there is none, or one is missing.
    """
    found: dict[int, str] = {}
    count = 0
    for path in sorted(Path(data_dir).glob("*.tfrecord")):
        match = _SHARD_NAME.fullmatch(path.name)
        if match and match["key"] == f"{split}-{domain}":
            found[int(match["index"])] = str(path)
            count = max(count, int(match["count"]))
    if not found:
        raise UserError(
            f"Found no shards of split {split}, domain {domain} in {data_dir}, expected at least "
            "one: prepare the data set again, with images for that split."
        )
    if sorted(found) != list(range(count)):
        raise UserError(
            f"Found {len(found)} of {count} shards of split {split}, domain {domain} in "
            f"{data_dir}: copy the whole data set or prepare it again."
        )
    return [found[index] for index in range(count)]


def encode_example(image: bytes, label: int, name: str) -> bytes:
    """Serialises one record, the same bytes for the same arguments."""
    import tensorflow as tf  # slow to import; the first stage of preparation does without

    def feature(value: bytes) -> tf.train.Feature:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))

    features = {
        "image": feature(image),
        "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
        "name": feature(name.encode("utf-8", "surrogateescape")),
    }
    example = tf.train.Example(features=tf.train.Features(feature=features))
    return example.SerializeToString(deterministic=True)


def parse_example(serialized: Any) -> tuple[Any, Any]:
    """Parses and decodes one record, inside a tf.data graph.

    Args:
      serialized: scalar string tensor.

    Returns:
      The image, [H, W, 3] uint8, and its domain, scalar int32.
    """
    import tensorflow as tf

    features = tf.io.parse_single_example(
        serialized,
        {
            "image": tf.io.FixedLenFeature([], tf.string),
            "label": tf.io.FixedLenFeature([], tf.int64),
        },
    )
    # This op reads PNG as well; the accurate transform gives what Pillow gives.
    image = tf.io.decode_jpeg(features["image"], channels=3, dct_method="INTEGER_ACCURATE")
    return image, tf.cast(features["label"], tf.int32)
