"""A prepared data set: its shards, and dataset_info.json."""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

import tensorflow as tf

from stargan_tf.config.train import TrainConfig
from stargan_tf.data import bad_records, shards
from stargan_tf.data.input_pipeline import eval_dataset, train_dataset
from stargan_tf.data.record_index import RecordIndex
from stargan_tf.data.schema import INFO_FILE, DatasetInfo, encode_example, shard_name
from stargan_tf.errors import UserError
from stargan_tf.types import Draw
from tests.data import makers
from tests.data.infos import INFO
from tests.fuzzing.json_target import JsonTarget
from tests.fuzzing.mutator import damage, damage_png, damage_records, tfrecord
from tests.fuzzing.targets import Target

_COUNT = 3
_CONFIG = TrainConfig(img_size=16, batch_size=4, seed=1)
_DRAWS = (Draw("x", "image", "source"), Draw("y", "label", "source"))


def _shard(label: int, count: int = _COUNT) -> bytes:
    """PNG and JPEG images of a domain."""
    examples = []
    for number in range(count):
        file_format = ("PNG", "JPEG")[number % 2]
        image = makers.encoded(makers.pixels(9 * label + number, 20, 20), file_format)
        examples.append(encode_example(image, label, f"{number}.{file_format.lower()}"))
    return tfrecord(examples)


def _counted(*splits: str) -> dict[str, dict[str, int]]:
    return {split: dict.fromkeys(INFO.domains, _COUNT) for split in splits}


def _write(data_dir: Path) -> None:
    """A data set with a shard for each domain."""
    values = {**vars(INFO), "counts": _counted("train"), "img_size": 20}
    DatasetInfo(**values).save(data_dir)
    for label, domain in enumerate(INFO.domains):
        (data_dir / shard_name("train", domain, 0, 1)).write_bytes(_shard(label))


class TFRecord(Target):
    """A shard of a data set: damaged as a file, or in its records under right checksums."""

    def __init__(self, work: Path) -> None:
        self._data_dir = work
        _write(work)
        self._shard = work / shard_name("train", INFO.domains[0], 0, 1)
        self._valid = [self._shard.read_bytes()]

    def valid(self) -> Sequence[bytes]:
        return self._valid

    def damaged(self, chance: random.Random) -> bytes:
        if chance.random() < 0.4:
            return damage(self._valid[0], chance, [_shard(1, 1)])
        return damage_records(self._valid[0], chance, _damaged_example)

    def run(self, content: bytes) -> None:
        """Finds the bad records, and reads the data set as training and evaluation do.

        What is found decides what may happen: without bad records all is read; with some, each
        reader says so, and with --skip_bad_records reads what is left.
        """
        self._shard.write_bytes(content)
        with mock.patch.dict(bad_records._skipped, clear=True):
            bad = list(bad_records.find(self._data_dir))
            if not bad:
                assert self._read() >= 2 * _COUNT
                return
            whole = self._readable(bad)
            try:
                self._read()
            except UserError as error:
                said = error
            else:
                raise AssertionError(f"nothing was said of {bad[0]}")
            assert len(bad_records.skip(self._data_dir, None)) == len(bad)
            if whole:
                assert self._read() == whole + _COUNT
            else:
                self._read()  # the domain is empty, which is said
            raise said

    def _readable(self, bad: Sequence[bad_records.BadRecord]) -> int:
        """How many records of the damaged shard are left."""
        ends = [record.record for record in bad if record.rest]
        single = sum(not record.rest for record in bad)
        found = len(shards.find_records(str(self._shard)).records)
        return min([found, *ends]) - single

    def _read(self) -> int:
        """Reads all of it, and some batches; returns how many images there are."""
        with bad_records.named(self._data_dir):
            dataset = eval_dataset(self._data_dir, "train", img_size=16, batch_size=4)
            count = sum(len(images) for images, _ in dataset)
            for _ in train_dataset(self._data_dir, _CONFIG, _DRAWS).take(3):
                pass
        return count


def _damaged_example(data: bytes, chance: random.Random) -> bytes:
    """Changes a record: its protocol buffer, or the image in it."""
    example = tf.train.Example()
    if chance.random() < 0.4 or not _parses(example, data):
        return damage(data, chance)
    image = example.features.feature["image"].bytes_list.value[0]
    label = example.features.feature["label"].int64_list.value[0]
    kind = chance.randrange(6)
    if kind == 0:
        return encode_example(image, chance.choice((-1, 1, 2, 2**31, 2**63 - 1)), "a.png")
    if kind == 1:
        return encode_example(image, [label] * chance.choice((0, 2, 1000)), "a.png")
    change = damage_png if kind < 4 else damage
    return encode_example(change(image, chance), label, "a.png")


def _parses(example: tf.train.Example, data: bytes) -> bool:
    """Whether data are an example with an image and a label, which are then in `example`."""
    try:
        example.ParseFromString(data)
    except Exception:  # protobuf's types differ between versions
        return False
    features = example.features.feature
    return bool(features["image"].bytes_list.value and features["label"].int64_list.value)


_ADDED = ("attributes", "sides", "exclusive", "positives")  # since version 1


class Info(JsonTarget):
    """dataset_info.json: what is accepted is saved and read again, and leads to the shards."""

    def __init__(self, work: Path) -> None:
        self._data_dir = work
        self._again = work / "again"
        self._again.mkdir()
        _write(work)
        self._path = work / INFO_FILE
        newest = json.loads(self._path.read_text(encoding="utf-8"))
        first = {k: v for k, v in newest.items() if k not in _ADDED}
        sized = newest | {"sides": {"least": 20, "median": 20, "most": 20}}
        labelled = newest | {
            "domains": [],
            "attributes": ["black", "blond", "male"],
            "exclusive": [["black", "blond"]],
            "positives": {"train": {"black": 1, "blond": 0, "male": 1}},
            "counts": {"train": {"all": 0}},  # the shards beside are of domains
        }
        self._documents = [newest, first | {"schema_version": 1}, sized, labelled]

    def run(self, content: bytes) -> None:
        self._path.write_bytes(content)
        info = DatasetInfo.load(self._data_dir)
        info.save(self._again)
        assert repr(DatasetInfo.load(self._again)) == repr(info)  # NaN is not equal to itself
        if not info.attributes:
            info.check_has_domains("a test")
        info.check_large_enough(32, self._data_dir)
        assert info.training_size >= 32
        for split in ("train", "val"):
            if info.has_split(split):
                RecordIndex(self._data_dir, split, info.groups)
        for bad in bad_records.find(self._data_dir):
            raise UserError(bad_records.sentence(bad))
