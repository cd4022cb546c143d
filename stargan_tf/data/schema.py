"""What a prepared data set looks like on disk.

A folder with, for each split and group, the shards
`{split}-{group}-{i:05d}-of-{n:05d}.tfrecord`, and dataset_info.json. Each record is a
tf.train.Example: `image` (encoded JPEG or PNG, always three 8-bit channels), `label`
(int64) and `name` (of the file it was made from).

The labels of a data set are of one of two kinds:

- Classes: each image belongs to one of the `domains`, which are the groups. `label` is one
  number, the index of the domain.
- Attributes: each image has or has not each of the binary `attributes`. There are no
  domains; all images of a split are one group, called all. `label` is a list of one 0 or 1
  for each attribute, in the order of `attributes`.

Version 1 of the schema knew classes only, and had no `attributes` in dataset_info.json.
Version 2 had no `sides`, version 3 neither `exclusive` nor `positives`.
"""

import dataclasses
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stargan_tf.data.info_values import check_values
from stargan_tf.errors import UserError
from stargan_tf.files import parse_json
from stargan_tf.labels import LabelSet
from stargan_tf.names import normalised

SCHEMA_VERSION = 4
# What each version of dataset_info.json added, with its value in those before.
_ADDED: dict[int, dict[str, Any]] = {
    2: {"attributes": []},
    3: {"sides": {}},
    4: {"exclusive": [], "positives": {}},
}
# The only group of a data set whose labels are attributes.
ALL = "all"
INFO_FILE = "dataset_info.json"
SPLITS = ("train", "val")

_SHARD_NAME = re.compile(r"(?P<key>.+)-(?P<index>\d{5})-of-(?P<count>\d{5})\.tfrecord")


@dataclasses.dataclass(frozen=True)
class DatasetInfo:
    """The contents of dataset_info.json.

    Attributes:
      name: of the data set.
      source: folder, tfds or portraits.
      domains: names, in the order of their labels; empty when labels are attributes.
      counts: images per split and group.
      encoded_bytes: size of the shards per split and group.
      img_size: side of the stored square images; 0 when each has its own size.
      licence: of the images, in words.
      credits: what else must be said about the origin: creators, links, citation.
      rejected: how many images of the source were rejected.
      settings: the settings of `prepare_data` that decide what the shards hold.
      attributes: names, in the order of the labels; empty when labels are classes.
      sides: pixels of the shorter sides of the stored images: the least, the median and the
        most; empty in older data sets.
      exclusive: groups of attributes of which at most one is true of each image, such as
        colours of hair; none in older data sets.
      positives: of how many images each attribute is true, per split; empty without
        attributes, and in older data sets.
      schema_version: version of this layout, into which `load` brings older ones.
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
    attributes: tuple[str, ...] = ()
    sides: dict[str, int] = dataclasses.field(default_factory=dict)
    exclusive: tuple[tuple[str, ...], ...] = ()
    positives: dict[str, dict[str, int]] = dataclasses.field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    @property
    def groups(self) -> tuple[str, ...]:
        """What the images of a split are divided into: the domains, or all in one."""
        return (ALL,) if self.attributes else self.domains

    @property
    def labels(self) -> tuple[str, ...]:
        """What labels tell of: the domains, or the attributes."""
        return self.domains or self.attributes

    @property
    def label_set(self) -> LabelSet:
        """What the labels are."""
        return LabelSet(self.labels, bool(self.attributes), self.exclusive)

    @property
    def training_size(self) -> int:
        """A size to train at: at least half of the images are not enlarged by it.

        That of the stored images where they have one, else 256 (the default) or less; the
        next smaller power of two, which StarGAN v2 takes, and at least 32.
        """
        side = self.img_size or min(256, self.sides.get("median", 256))
        return max(32, 1 << (side.bit_length() - 1))

    def has_split(self, split: str) -> bool:
        """Whether there are images of a split, train or val."""
        return sum(self.counts.get(split, {}).values()) > 0

    def check_large_enough(self, img_size: int, data_dir: Path) -> str:
        """Checks that training does not blow up most of the images.

        Args:
          img_size: side that images are trained at.
          data_dir: where the data set lies, for the error.

        Returns:
          A remark about images that are a little smaller, or few of many; empty for none.

        Raises:
          UserError: not one image has more than half of the pixels that a side needs.
        """
        sides = self.sides or dict.fromkeys(("least", "median", "most"), self.img_size)
        if not sides["most"] or img_size <= sides["least"]:
            return ""
        found = f"Found --img_size={img_size} for the data set in {data_dir}, whose"
        remedy = (
            f"pass --img_size={self.training_size}, or prepare the data set again from larger "
            f"images with prepare_data --img_size={img_size}"
        )
        if img_size >= 2 * sides["most"]:
            raise UserError(
                f"{found} images have at most {sides['most']} pixels on their shorter side, "
                f"expected images that need not be enlarged so much: {remedy}."
            )
        return (
            f"{found} smallest image has {sides['least']} pixels on its shorter side (half of "
            f"them have {sides['median']} or more): smaller ones are enlarged. Else {remedy}."
        )

    def check_has_domains(self, user: str, otherwise: str = "") -> None:
        """Checks that labels are classes.

        Args:
          user: who needs domains, for the error: the name of an algorithm or a command.
          otherwise: what else can be done, for the error.

        Raises:
          UserError: labels are attributes.
        """
        if self.attributes:
            raise UserError(
                f"Found the attributes {', '.join(self.attributes)} in the data set {self.name}, "
                f"expected one class for each image, since {user} needs domains: prepare the data "
                f"set again with a class label{otherwise}."
            )

    def check_enough_domains(self, least: int, user: str) -> None:
        """Checks that there is something to tell apart, where labels are classes.

        Args:
          least: number of domains.
          user: who needs so many, for the error: the name of an algorithm.

        Raises:
          UserError: there are fewer.
        """
        if not self.attributes and len(self.domains) < least:
            raise UserError(
                f"Found no label in the data set {self.name} but the domain "
                f"{', '.join(self.domains)}, expected at least {least} domains, or attributes, "
                f"since {user} learns to change them: prepare the data set again with labels."
            )

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
            values = parse_json(path.read_text(encoding="utf-8"))
            version = values.get("schema_version")
        except (ValueError, AttributeError) as error:
            raise UserError(
                f"{path} is not a valid JSON object ({error}): prepare the data set again."
            ) from error
        if isinstance(version, int) and 1 <= version <= SCHEMA_VERSION:
            for newer in range(version + 1, SCHEMA_VERSION + 1):
                values = _ADDED[newer] | values
            values["schema_version"] = SCHEMA_VERSION
        names = {field.name for field in dataclasses.fields(cls)}
        if values.get("schema_version") != SCHEMA_VERSION or set(values) != names:
            raise UserError(
                f"{path} has schema version {version}, expected version 1 to {SCHEMA_VERSION} with "
                "all its fields: prepare the data set again with this version of stargan_tf."
            )
        check_values(values, path)
        for name in ("domains", "attributes"):
            values[name] = tuple(map(normalised, values[name]))
        values["exclusive"] = tuple(tuple(map(normalised, names)) for names in values["exclusive"])
        for name in ("counts", "encoded_bytes", "positives"):
            values[name] = {
                split: {normalised(group): number for group, number in by_group.items()}
                for split, by_group in values[name].items()
            }
        return cls(**values)


def shard_name(split: str, group: str, index: int, count: int) -> str:
    """File name of one shard."""
    return f"{split}-{group}-{index:05d}-of-{count:05d}.tfrecord"


def shard_size(total: int, index: int, count: int) -> int:
    """How many of a group's records are in one of its shards."""
    return total * (index + 1) // count - total * index // count


def shard_paths(data_dir: Path, split: str, group: str) -> list[str]:
    """Paths of all shards of one split and group, in order.

    Raises:
      UserError: there is none, or one is missing.
    """
    found: dict[int, str] = {}
    count = 0
    for path in sorted(Path(data_dir).glob("*.tfrecord")):
        match = _SHARD_NAME.fullmatch(path.name)
        if match and normalised(match["key"]) == normalised(f"{split}-{group}"):
            found[int(match["index"])] = str(path)
            count = max(count, int(match["count"]))
    if not found:
        raise UserError(
            f"Found no shards of split {split}, domain {group} in {data_dir}, expected at least "
            "one: prepare the data set again, with images for that split."
        )
    if sorted(found) != list(range(count)):
        raise UserError(
            f"Found {len(found)} of {count} shards of split {split}, domain {group} in "
            f"{data_dir}: copy the whole data set or prepare it again."
        )
    return [found[index] for index in range(count)]


def encode_example(image: bytes, label: int | Sequence[int], name: str) -> bytes:
    """Serialises one record, the same bytes for the same arguments.

    Args:
      image: encoded.
      label: the index of the domain, or a 0 or 1 for each attribute.
      name: of the file that the image was made from.
    """
    import tensorflow as tf  # slow to import; the first stage of preparation does without

    def feature(value: bytes) -> tf.train.Feature:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))

    labels = [label] if isinstance(label, int) else label
    features = {
        "image": feature(image),
        "label": tf.train.Feature(int64_list=tf.train.Int64List(value=labels)),
        "name": feature(name.encode("utf-8", "surrogateescape")),
    }
    example = tf.train.Example(features=tf.train.Features(feature=features))
    return example.SerializeToString(deterministic=True)


def decode_image(content: Any) -> Any:
    """Decodes an image as it is stored, inside a graph, into [H, W, 3] uint8."""
    import tensorflow as tf

    # This op reads PNG as well; the accurate transform gives what Pillow gives.
    return tf.io.decode_jpeg(content, channels=3, dct_method="INTEGER_ACCURATE")


def parse_example(serialized: Any, num_attributes: int = 0, domain: Any = None) -> tuple[Any, Any]:
    """Parses and decodes one record, inside a tf.data graph.

    Args:
      serialized: scalar string tensor.
      num_attributes: A, how many attributes the data set has; 0 when it has domains.
      domain: that the shard is of, scalar int32, where the record must be of it.

    Returns:
      The image, [H, W, 3] uint8, and its domain, scalar int32, or its attributes, [A]
      float32, each 0 or 1. Raises InvalidArgumentError when run on what is no such record.
    """
    import tensorflow as tf

    features = tf.io.parse_single_example(
        serialized,
        {
            "image": tf.io.FixedLenFeature([], tf.string),
            "label": tf.io.FixedLenFeature([num_attributes] if num_attributes else [], tf.int64),
        },
    )
    image = decode_image(features["image"])
    label = tf.cast(features["label"], tf.float32 if num_attributes else tf.int32)
    if domain is not None and not num_attributes:
        with tf.control_dependencies([tf.debugging.assert_equal(label, domain)]):
            label = tf.identity(label)
            image = tf.identity(image)
    return image, label
