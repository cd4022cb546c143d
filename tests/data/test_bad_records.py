"""Records that are damaged: named by whatever reads them, or skipped, counted and listed."""

import json
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.checksums import masked_crc32c
from stargan_tf.config.train import TrainConfig
from stargan_tf.data import bad_records, shards
from stargan_tf.data.bad_records import BadRecord
from stargan_tf.data.input_pipeline import eval_dataset, train_dataset
from stargan_tf.data.record_index import RecordIndex
from stargan_tf.data.schema import encode_example
from stargan_tf.errors import UserError
from stargan_tf.serving.examples import find_images
from stargan_tf.types import Draw
from tests.data import makers

RECORD = 2  # the one that is damaged, of the seven of the domain mid
DRAWS = (Draw("x", "image", "source"), Draw("y", "label", "source"))


@pytest.fixture(autouse=True)
def nothing_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bad_records, "_skipped", {})


@pytest.fixture
def data_dir(uneven_dir: Path, tmp_path: Path) -> Path:
    return shutil.copytree(uneven_dir, tmp_path / "data")


def shard_of(data_dir: Path, split: str = "train") -> Path:
    (path,) = data_dir.glob(f"{split}-mid-*")
    return path


def with_checksums(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    parts = (length, struct.pack("<I", masked_crc32c(length)), data)
    return b"".join((*parts, struct.pack("<I", masked_crc32c(data))))


def replaced(data: bytes) -> Callable[[Path], None]:
    """Damage: the record has other data, and the checksums of these."""

    def damage(path: Path) -> None:
        content = path.read_bytes()
        offset, length = shards.find_records(str(path)).records[RECORD]
        behind = content[offset + length + 4 :]
        path.write_bytes(content[: offset - 12] + with_checksums(data) + behind)

    return damage


def flipped(place: Callable[[int, int], int]) -> Callable[[Path], None]:
    """Damage: one bit is another, at a place that follows from the record's offset and length."""

    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[place(*shards.find_records(str(path)).records[RECORD])] ^= 4
        path.write_bytes(content)

    return damage


def cut(place: Callable[[int, int], int]) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        places = shards.find_records(str(path)).records
        path.write_bytes(path.read_bytes()[: place(*places[RECORD])])

    return damage


PNG = makers.encoded(makers.pixels(1))
# Damage to one record: how, and the reason that is named.
OF_ONE: dict[str, tuple[Callable[[Path], None], str]] = {
    "data": (flipped(lambda offset, length: offset + length // 2), "its checksum is wrong"),
    "first byte": (flipped(lambda offset, length: offset), "its checksum is wrong"),
    "last byte": (flipped(lambda offset, length: offset + length - 1), "its checksum is wrong"),
    "checksum": (flipped(lambda offset, length: offset + length), "its checksum is wrong"),
    "no image": (replaced(encode_example(b"text", 1, "a")), "it cannot be decoded"),
    "cut png": (replaced(encode_example(PNG[:300], 1, "a")), "it cannot be decoded"),
    "empty image": (replaced(encode_example(b"", 1, "a")), "it cannot be decoded"),
    "no example": (replaced(b"junk"), "it cannot be decoded"),
    "no text": (replaced(b"\xff\xfe\n" * 200), "it cannot be decoded"),
    "other domain": (replaced(encode_example(PNG, 2, "a")), "its label is 2, expected 1"),
    "no domain": (replaced(encode_example(PNG, -1, "a")), "its label is -1, expected 1"),
    "empty record": (replaced(b""), "it cannot be decoded"),
    "no image at all": (replaced(tf.train.Example().SerializeToString()), "it cannot be decoded"),
}
# Damage that takes the records behind it, too.
OF_REST: dict[str, tuple[Callable[[Path], None], str]] = {
    "length": (flipped(lambda offset, length: offset - 12), "has a damaged length"),
    "high length": (flipped(lambda offset, length: offset - 5), "has a damaged length"),
    "length's checksum": (flipped(lambda offset, length: offset - 1), "has a damaged length"),
    "cut in data": (cut(lambda offset, length: offset + 20), "is cut short"),
    "cut in header": (cut(lambda offset, length: offset - 6), "is cut short"),
    "cut between records": (cut(lambda offset, length: offset - 12), "lacks 5 records"),
}


def train(data_dir: Path, split: str) -> Iterator[Any]:
    assert split == "train"
    config = TrainConfig(img_size=16, batch_size=8, seed=1)
    return iter(train_dataset(data_dir, config, DRAWS).take(20))


def evaluate(data_dir: Path, split: str) -> Iterator[Any]:
    return iter(eval_dataset(data_dir, split, img_size=16, batch_size=4))


READERS = [(train, "train"), (evaluate, "train"), (evaluate, "val")]


@pytest.mark.parametrize("name", OF_ONE)
@pytest.mark.parametrize(("reader", "split"), READERS)
def test_a_damaged_record_is_named(
    name: str, reader: Callable[..., Iterator[Any]], split: str, data_dir: Path
) -> None:
    damage, reason = OF_ONE[name]
    damage(shard_of(data_dir, split))
    with pytest.raises(UserError) as error, bad_records.named(data_dir):
        list(reader(data_dir, split))
    text = str(error.value)
    assert text.startswith(f"{shard_of(data_dir, split)} has a bad record, {RECORD} ({reason}")
    assert text.endswith("or pass --skip_bad_records.") and "\n" not in text


@pytest.mark.parametrize("name", OF_REST)
@pytest.mark.parametrize(("reader", "split"), READERS[:2])
def test_a_damaged_shard_is_named(
    name: str, reader: Callable[..., Iterator[Any]], split: str, data_dir: Path
) -> None:
    damage, reason = OF_REST[name]
    damage(shard_of(data_dir, split))
    with pytest.raises(UserError) as error:
        reader(data_dir, split)
    if "lacks" in reason:
        assert "Found 2 records of the domain mid in the train split" in str(error.value)
        assert "expected 7: copy" in str(error.value)
    else:
        assert f"{shard_of(data_dir, split)} {reason} at record {RECORD}: copy" in str(error.value)


@pytest.mark.parametrize("name", [*OF_ONE, *OF_REST])
def test_bad_records_are_skipped_counted_and_listed(
    name: str, data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = RecordIndex(data_dir, "train", ["mid"])
    good = [before.read(0, record) for record in range(7) if record != RECORD]
    damage, reason = (OF_ONE | OF_REST)[name]
    damage(shard_of(data_dir))
    listing = tmp_path / "run" / "bad_records.jsonl"
    (bad,) = bad_records.skip(data_dir, listing)
    assert bad[:2] == (str(shard_of(data_dir)), RECORD) and reason in bad.reason
    assert bad.rest == (name in OF_REST)
    assert [json.loads(line) for line in listing.read_text().splitlines()] == [bad._asdict()]
    said = capsys.readouterr().err
    assert f"warning: skipped: {bad}\n" in said
    assert f"warning: skipped 1 bad records of {data_dir}, listed in {listing}\n" in said
    index = RecordIndex(data_dir, "train", ["big", "mid", "tiny"])
    kept = good if name in OF_ONE else good[:RECORD]
    assert index.sizes == [60, len(kept), 2]
    assert [index.read(1, record) for record in range(len(kept))] == kept
    with bad_records.named(data_dir):
        assert len(list(train(data_dir, "train"))) == 20
        images = sum(len(labels) for _, labels in evaluate(data_dir, "train"))
    assert images == 62 + len(kept)


def test_a_whole_data_set_has_no_bad_records(uneven_dir: Path, faces_dir: Path) -> None:
    for data_dir in (uneven_dir, faces_dir):
        assert bad_records.skip(data_dir, data_dir / "bad_records.jsonl") == []
        assert not (data_dir / "bad_records.jsonl").exists()


def test_a_record_of_another_domain_is_bad(data_dir: Path) -> None:
    replaced(encode_example(PNG, 2, "a"))(shard_of(data_dir))
    reason = "its label is 2, expected 1"
    assert list(bad_records.find(data_dir)) == [BadRecord(str(shard_of(data_dir)), RECORD, reason)]


def test_a_missing_shard_is_no_bad_record(data_dir: Path) -> None:
    shard_of(data_dir).unlink()
    with pytest.raises(UserError, match="Found no shards of split train, domain mid"):
        bad_records.skip(data_dir, listing=None)


def test_a_domain_without_good_records_is_explained(data_dir: Path) -> None:
    (path,) = data_dir.glob("train-tiny-*")
    path.write_bytes(b"\0" + path.read_bytes()[1:])
    bad_records.skip(data_dir, listing=None)
    with pytest.raises(UserError, match="Found no images of the domain tiny in the train split"):
        train(data_dir, "train")


def test_records_are_checked_once(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first time they are read; so the checksums cost nothing after the first epoch."""
    index = RecordIndex(data_dir, "train", ["mid"])
    first = [index.read(0, record) for record in range(7)]
    monkeypatch.setattr(shards, "is_whole", None)
    assert [index.read(0, record) for record in range(7)] == first


def test_what_is_exported_with_names_the_record(data_dir: Path) -> None:
    OF_ONE["no image"][0](shard_of(data_dir, "val"))
    with pytest.raises(UserError, match=r"val-mid.* has a bad record, 2 \(it cannot be decoded"):
        find_images(data_dir, "val", ("big", "mid", "tiny"), 16, 12)


def test_other_errors_are_left_alone(data_dir: Path) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="not of the input"):
        with bad_records.named(data_dir):
            tf.debugging.Assert(False, ["not of the input"])
    with pytest.raises(tf.errors.DataLossError), bad_records.named(data_dir):
        raise tf.errors.DataLossError(None, None, "corrupted record in an Iterator elsewhere")


def test_all_that_is_bad_is_found_in_several_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = makers.folder(tmp_path / "in", {"cat": 23, "dog": 5})
    monkeypatch.setattr("stargan_tf.data.writer.cut_into_shards.__defaults__", (20_000,))
    makers.prepared(tmp_path / "data", source="folder", input_dir=str(source), val_fraction=0.0)
    paths = sorted((tmp_path / "data").glob("train-cat-*"))
    assert len(paths) > 2
    expected = []
    for path in paths:
        records = shards.find_records(str(path)).records
        content = bytearray(path.read_bytes())
        content[records[0][0] + 9] ^= 255
        path.write_bytes(content)
        expected.append((str(path), 0))
    last = paths[1]
    last.write_bytes(last.read_bytes()[: shards.find_records(str(last)).records[-1][0] - 12])
    expected.append((str(last), len(shards.find_records(str(last)).records)))
    bad = bad_records.skip(tmp_path / "data", listing=None)
    assert sorted(record[:2] for record in bad) == sorted(expected)
    index = RecordIndex(tmp_path / "data", "train", ["cat"])
    assert index.sizes == [23 - len(expected)]
    assert np.unique([index.read(0, n) for n in range(index.sizes[0])]).size == index.sizes[0]
