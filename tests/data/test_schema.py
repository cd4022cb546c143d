import dataclasses
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.data import schema
from stargan_tf.errors import UserError
from tests.data import makers
from tests.data.infos import INFO, sized


def test_info_survives_saving(tmp_path: Path) -> None:
    INFO.save(tmp_path)
    assert schema.DatasetInfo.load(tmp_path) == INFO


def test_missing_info_is_explained(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Found no dataset_info.json.*prepare_data"):
        schema.DatasetInfo.load(tmp_path)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"schema_version": 1}', "[" * 100_000, '"\\udcff"'], ids=range(5)
)
def test_damaged_info_is_explained(tmp_path: Path, text: str) -> None:
    (tmp_path / "dataset_info.json").write_text(text)
    with pytest.raises(UserError, match="prepare the data set again"):
        schema.DatasetInfo.load(tmp_path)


def test_another_schema_version_is_rejected(tmp_path: Path) -> None:
    values = dataclasses.asdict(INFO) | {"schema_version": 99}
    (tmp_path / "dataset_info.json").write_text(json.dumps(values))
    with pytest.raises(UserError, match="schema version 99, expected version 1 to 4"):
        schema.DatasetInfo.load(tmp_path)


OLD = Path(__file__).parents[1] / "stored" / "data"


def test_version_1_is_read() -> None:
    values = json.loads((OLD / "dataset_info.json").read_text())
    assert values["schema_version"] == 1 and "attributes" not in values
    info = schema.DatasetInfo.load(OLD)
    assert (info.attributes, info.groups) == ((), info.domains)
    assert dataclasses.asdict(info) == values | {
        "domains": ("cat", "dog", "wild"),
        "attributes": (),
        "sides": {},
        "exclusive": (),
        "positives": {},
        "schema_version": 4,
    }


def test_version_1_is_saved_as_version_4(tmp_path: Path) -> None:
    schema.DatasetInfo.load(OLD).save(tmp_path)
    assert json.loads((tmp_path / "dataset_info.json").read_text())["schema_version"] == 4
    assert schema.DatasetInfo.load(tmp_path) == schema.DatasetInfo.load(OLD)


@pytest.mark.parametrize("missing", ["domains", "counts", "settings"])
@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_info_without_a_field_is_explained(tmp_path: Path, version: int, missing: str) -> None:
    values = dataclasses.asdict(INFO) | {"schema_version": version}
    del values[missing]
    (tmp_path / "dataset_info.json").write_text(json.dumps(values))
    with pytest.raises(UserError, match="prepare the data set again"):
        schema.DatasetInfo.load(tmp_path)


def test_version_2_is_read(tmp_path: Path) -> None:
    values = dataclasses.asdict(INFO) | {"schema_version": 2}
    del values["sides"]
    (tmp_path / "dataset_info.json").write_text(json.dumps(values))
    assert schema.DatasetInfo.load(tmp_path) == INFO


@pytest.mark.parametrize("wrong", [None, 4, "x", [1], [["a"]], {"a": "b"}, {"a": {"b": -1}}])
@pytest.mark.parametrize("field", sorted(dataclasses.asdict(INFO)))
def test_values_of_other_types_are_explained(tmp_path: Path, field: str, wrong: object) -> None:
    values = dataclasses.asdict(INFO) | {field: wrong}
    (tmp_path / "dataset_info.json").write_text(json.dumps(values))
    right = {"name": "x", "source": "x", "licence": "x", "img_size": 4, "rejected": 4}
    right |= {"schema_version": 4}
    may_be_any_object = field in ("credits", "settings") and isinstance(wrong, dict)
    if may_be_any_object or (field, wrong) in right.items():
        schema.DatasetInfo.load(tmp_path)
        return
    with pytest.raises(UserError, match="prepare the data set again"):
        schema.DatasetInfo.load(tmp_path)


@pytest.mark.parametrize(
    "sides",
    [{"most": 9}, {"least": 1, "median": 2}, {"a": 1}, {"least": 1, "median": 2, "MOST": 3}],
)
def test_sides_are_all_three_or_none(tmp_path: Path, sides: dict[str, int]) -> None:
    values = dataclasses.asdict(INFO) | {"sides": sides}
    (tmp_path / "dataset_info.json").write_text(json.dumps(values))
    with pytest.raises(UserError, match="has sides: .*prepare the data set again"):
        schema.DatasetInfo.load(tmp_path)


FACES = {
    "domains": (),
    "attributes": ["black", "blond", "male"],
    "exclusive": [["black", "blond"]],
    "positives": {"train": {"black": 2, "blond": 0, "male": 5}},
}


def test_attributes_exclude_each_other_and_are_counted(tmp_path: Path) -> None:
    info = dataclasses.replace(INFO, **FACES)
    info.save(tmp_path)
    loaded = schema.DatasetInfo.load(tmp_path)
    assert loaded.exclusive == (("black", "blond"),)
    assert loaded.positives == FACES["positives"]


def test_version_3_has_no_exclusive_attributes(tmp_path: Path) -> None:
    values = dataclasses.asdict(INFO) | FACES | {"schema_version": 3}
    del values["exclusive"], values["positives"]
    (tmp_path / "dataset_info.json").write_text(json.dumps(values))
    info = schema.DatasetInfo.load(tmp_path)
    assert (info.attributes, info.exclusive, info.positives) == (
        ("black", "blond", "male"),
        (),
        {},
    )


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("exclusive", [["black", "grey"]]),
        ("exclusive", [["black", "blond"], ["male", "black"]]),
        ("positives", {"train": {"grey": 1}}),
    ],
)
def test_what_is_said_of_attributes_must_be_of_them(
    tmp_path: Path, field: str, wrong: object
) -> None:
    values = dataclasses.asdict(INFO) | FACES | {field: wrong}
    (tmp_path / "dataset_info.json").write_text(json.dumps(values))
    with pytest.raises(UserError, match=f"has {field}.*prepare the data set again"):
        schema.DatasetInfo.load(tmp_path)


def test_names_that_look_the_same_are_one_too_many(tmp_path: Path) -> None:
    values = dataclasses.asdict(INFO) | {"domains": ["\u00fc", "u\u0308"]}
    (tmp_path / "dataset_info.json").write_text(json.dumps(values))
    with pytest.raises(UserError, match="has domains: "):
        schema.DatasetInfo.load(tmp_path)


def nfd(name: str) -> str:
    return unicodedata.normalize("NFD", name)


@pytest.mark.parametrize("names_as", [str, nfd])
@pytest.mark.parametrize("files_as", [str, nfd])
def test_names_are_one_in_both_forms_of_unicode(
    tmp_path: Path, names_as: Callable[[str], str], files_as: Callable[[str], str]
) -> None:
    """Data sets of earlier versions hold either, and a disk may change the names of files."""
    names = ("개", "Müller")
    counts = {"train": {names_as(name): 1 for name in names}}
    changed = {"domains": [names_as(name) for name in names], "counts": counts}
    values = dataclasses.asdict(INFO) | changed | {"encoded_bytes": counts}
    (tmp_path / "dataset_info.json").write_text(json.dumps(values))
    for name in names:
        touch_shards(tmp_path, "train", files_as(name), [0], 1)
    info = schema.DatasetInfo.load(tmp_path)
    assert info.domains == names
    assert info.counts == info.encoded_bytes == {"train": dict.fromkeys(names, 1)}
    for name in names:
        shard = str(tmp_path / files_as(f"train-{name}-00000-of-00001.tfrecord"))
        assert schema.shard_paths(tmp_path, "train", name) == [shard]
        assert schema.shard_paths(tmp_path, "train", nfd(name)) == [shard]


@pytest.mark.parametrize(
    ("info", "img_size", "training_size"),
    [
        (sized(64), 128, 64),
        (sized(64, 64, 64, 64), 256, 64),
        (sized(128, 128, 128, 128), 256, 128),
        (sized(0, 64, 80, 100), 256, 64),
    ],
)
def test_training_far_above_the_stored_size_is_an_error(
    info: schema.DatasetInfo, img_size: int, training_size: int
) -> None:
    with pytest.raises(UserError, match=rf"--img_size={training_size}, or .*={img_size}\."):
        info.check_large_enough(img_size, Path("data"))
    assert info.check_large_enough(training_size, Path("data")) == ""


@pytest.mark.parametrize(("sides", "training_size"), [((64, 300, 900), 256), ((250,) * 3, 128)])
def test_some_smaller_images_are_told_of(sides: tuple[int, ...], training_size: int) -> None:
    info = sized(0, *sides)
    remark = info.check_large_enough(256, Path("data"))
    assert f"smallest image has {sides[0]} pixels" in remark
    assert info.training_size == training_size


def test_older_data_sets_of_images_at_their_own_size_say_nothing() -> None:
    assert sized(0).check_large_enough(256, Path("data")) == ""


@pytest.mark.parametrize(
    "change", [{"attributes": ["young"]}, {"domains": []}, {"domains": [], "attributes": []}]
)
def test_labels_are_either_classes_or_attributes(
    tmp_path: Path, change: dict[str, list[str]]
) -> None:
    (tmp_path / "dataset_info.json").write_text(json.dumps(dataclasses.asdict(INFO) | change))
    with pytest.raises(UserError, match="expected either"):
        schema.DatasetInfo.load(tmp_path)


def test_a_split_is_there_when_it_has_images() -> None:
    assert INFO.has_split("train") and not INFO.has_split("val")
    empty = dataclasses.replace(INFO, counts={"val": {"cat": 0, "dog": 0}})
    assert not empty.has_split("val")


def touch_shards(folder: Path, split: str, domain: str, indices: list[int], count: int) -> None:
    for index in indices:
        (folder / schema.shard_name(split, domain, index, count)).touch()


def test_shards_are_found_in_order_and_by_whole_name(tmp_path: Path) -> None:
    touch_shards(tmp_path, "train", "cat", [2, 0, 1], 3)
    touch_shards(tmp_path, "train", "cat-big", [0], 1)
    touch_shards(tmp_path, "val", "cat", [0], 1)
    names = [Path(path).name for path in schema.shard_paths(tmp_path, "train", "cat")]
    assert names == [f"train-cat-0000{index}-of-00003.tfrecord" for index in range(3)]


def test_missing_shards_are_explained(tmp_path: Path) -> None:
    touch_shards(tmp_path, "train", "cat", [0, 2], 3)
    with pytest.raises(UserError, match="Found 2 of 3 shards of split train, domain cat"):
        schema.shard_paths(tmp_path, "train", "cat")
    with pytest.raises(UserError, match="Found no shards of split val, domain cat"):
        schema.shard_paths(tmp_path, "val", "cat")


def test_records_survive_encoding() -> None:
    image = makers.pixels(3)
    record = schema.encode_example(makers.encoded(image), 1, "cats/ä.png")
    parsed, label = schema.parse_example(tf.constant(record))
    np.testing.assert_array_equal(parsed.numpy(), image)
    assert (int(label), label.dtype) == (1, tf.int32)
    features = tf.train.Example.FromString(record).features.feature
    assert features["name"].bytes_list.value[0].decode() == "cats/ä.png"


@pytest.mark.parametrize("label", [(1,), (0, 1, 1)])
def test_attributes_survive_encoding(label: tuple[int, ...]) -> None:
    record = schema.encode_example(makers.encoded(makers.pixels(3)), label, "a.png")
    _, parsed = schema.parse_example(tf.constant(record), len(label))
    assert (tuple(parsed.numpy()), parsed.dtype) == (label, tf.float32)
