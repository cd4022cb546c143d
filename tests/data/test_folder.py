import os
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
import tensorflow as tf

from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.data.schema import DatasetInfo, shard_paths
from stargan_tf.data.sources.folder import FolderSource
from stargan_tf.errors import UserError
from tests.data import makers


def names(data_dir: Path, split: str, domain: str) -> set[str]:
    """The files that the records of one split and domain were made from."""
    found = set()
    for record in tf.data.TFRecordDataset(shard_paths(data_dir, split, domain)):
        features = tf.train.Example.FromString(record.numpy()).features.feature
        found.add(features["name"].bytes_list.value[0].decode())
    return found


def prepare(source: Path, output: Path, **settings: object) -> DatasetInfo:
    return makers.prepared(output, source="folder", input_dir=str(source), **settings)


@pytest.mark.parametrize(
    ("train", "val"),
    [
        ("train", "val"),
        ("Train", "Val"),
        ("TRAIN", "VALID"),
        ("training", "validation"),
        ("Training", "Validation"),
        ("train", "valid"),
        ("train", "dev"),
        ("train", "eval"),
        ("train", "test"),
        ("train", "Testing"),
    ],
)
def test_given_splits_are_kept(tmp_path: Path, train: str, val: str) -> None:
    counts = {f"{train}/cat": 4, f"{train}/wild dog": 3, f"{val}/cat": 2, f"{val}/wild dog": 1}
    source = makers.folder(tmp_path / "in", counts)
    info = prepare(source, tmp_path / "out")
    assert info.domains == ("cat", "wild_dog")
    assert info.counts == {
        "train": {"cat": 4, "wild_dog": 3},
        "val": {"cat": 2, "wild_dog": 1},
    }
    assert info == DatasetInfo.load(tmp_path / "out")
    assert names(tmp_path / "out", "val", "wild_dog") == {f"{val}/wild dog/000.png"}


@pytest.mark.parametrize(
    ("beside", "val", "unused"),
    [
        (("valid", "test"), "valid", "test"),
        (("Test", "Validation"), "Validation", "Test"),
        (("val", "valid", "extra"), "val", "extra, valid"),
        (("val", "Val"), "val", "Val"),
        (("test_images",), "", "test_images"),
    ],
)
def test_folders_beside_train_are_used_or_named(
    tmp_path: Path,
    beside: tuple[str, ...],
    val: str,
    unused: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    makers.folder(tmp_path / "in", {"train/cat": 9, "train/dog": 9})
    for number, name in enumerate(beside, 1):
        makers.folder(tmp_path / "in" / name, {"cat": number, "dog": number})
    info = prepare(tmp_path / "in", tmp_path / "out")
    if val:
        assert info.counts["val"]["cat"] == beside.index(val) + 1
    assert f"warning: not used: {unused} in {tmp_path / 'in'}\n" in capfd.readouterr().err


def test_two_folders_for_training_are_rejected(tmp_path: Path) -> None:
    counts = dict.fromkeys(("train/cat", "train/dog", "Train/cat", "Train/dog"), 2)
    makers.folder(tmp_path / "in", counts)
    with pytest.raises(UserError, match="Found the folders train, Train in"):
        prepare(tmp_path / "in", tmp_path / "out")


def test_a_domain_may_be_called_training(tmp_path: Path) -> None:
    source = makers.folder(tmp_path / "in", {"training": 9, "running": 9})
    assert prepare(source, tmp_path / "out").domains == ("running", "training")


def test_files_beside_the_domains_are_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = makers.folder(tmp_path / "in", {"cat": 9, "dog": 9})
    (source / "labels.csv").touch()
    (source / "Thumbs.db").touch()
    prepare(source, tmp_path / "out")
    assert f"warning: not used: labels.csv in {source}\n" in capfd.readouterr().err


def nfd(name: str) -> str:
    return unicodedata.normalize("NFD", name)


@pytest.mark.parametrize("train_as", [str, nfd])
@pytest.mark.parametrize("val_as", [str, nfd])
def test_names_of_domains_keep_their_marks_in_one_form(
    tmp_path: Path, train_as: Callable[[str], str], val_as: Callable[[str], str]
) -> None:
    names = ("Müller", "Café", "がっこう", "개", "고양이", "बिल्ली", "कि", "की", "Åre", "Äre", "แมว")
    counts = {f"train/{train_as(name)}": 1 for name in names}
    counts |= {f"val/{val_as(name)}": 1 for name in names}
    info = prepare(makers.folder(tmp_path / "in", counts), tmp_path / "out")
    assert set(info.domains) == set(names)
    assert all((info.counts["val"][name], info.counts["train"][name]) == (1, 1) for name in names)


def test_the_order_of_domains_is_the_same_in_both_forms(tmp_path: Path) -> None:
    names = ("Zoë", "Äre", "cat", "Åre")
    orders = []
    for form in (str, nfd):
        source = makers.folder(tmp_path / form.__name__, {form(name): 1 for name in names})
        orders.append(prepare(source, tmp_path / f"{form.__name__}_out", val_fraction=0.0).domains)
    assert orders[0] == orders[1]


def test_two_folders_that_look_the_same_are_rejected(tmp_path: Path) -> None:
    source = makers.folder(tmp_path / "in", {"Müller": 1, nfd("Müller"): 1, "cat": 1})
    with pytest.raises(UserError, match="Found two folders Müller in .* look the same"):
        prepare(source, tmp_path / "out")


def test_a_split_by_content_stays_when_images_are_added(tmp_path: Path) -> None:
    source = makers.folder(tmp_path / "in", {"cat": 30, "dog": 30})
    before = prepare(source, tmp_path / "before", val_fraction=0.4)
    assert sum(before.counts["val"].values()) in range(12, 37)
    for index in range(10):
        (source / "cat" / f"new{index}.png").write_bytes(
            makers.encoded(makers.pixels(9000 + index))
        )
    prepare(source, tmp_path / "after", val_fraction=0.4, seed=7)
    for split in ("train", "val"):
        for domain in ("cat", "dog"):
            old = names(tmp_path / "before", split, domain)
            new = names(tmp_path / "after", split, domain)
            assert old == {name for name in new if "new" not in name}


def test_copies_never_straddle_the_split(tmp_path: Path) -> None:
    source = makers.folder(tmp_path / "in", {"cat": 12, "dog": 12})
    for path in list((source / "cat").iterdir()):
        (source / "cat" / f"copy-{path.name}").write_bytes(path.read_bytes())
    prepare(source, tmp_path / "out", val_fraction=0.5)
    val = names(tmp_path / "out", "val", "cat")
    assert val
    originals = {name.replace("copy-", "") for name in val}
    assert val == originals | {name.replace("cat/", "cat/copy-") for name in originals}


def test_without_validation_all_images_are_for_training(tmp_path: Path) -> None:
    source = makers.folder(tmp_path / "in", {"train/cat": 3, "train/dog": 3})
    info = prepare(source, tmp_path / "out", val_fraction=0.0)
    assert info.counts == {"train": {"cat": 3, "dog": 3}}


def test_hidden_files_do_not_count(tmp_path: Path) -> None:
    source = makers.folder(tmp_path / "in", {"cat": 2, "dog": 2})
    for name in (".DS_Store", "._000.png", "Thumbs.db", "thumbs.DB", "desktop.ini", "Icon\r"):
        (source / "cat" / name).write_bytes(b"junk")
    for name in (".cache", "__MACOSX", "cat/@eaDir", "cat/__MACOSX", "$RECYCLE.BIN"):
        (source / name).mkdir()
        (source / name / "000.png").write_bytes(b"junk")
    info = prepare(source, tmp_path / "out", val_fraction=0.0, max_rejected=0.0)
    assert (info.domains, info.rejected) == (("cat", "dog"), 0)


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ({"cat": 2}, "Found cat in .*at least two domains"),
        ({"train/cat": 2, "train/dog": 2, "val/cat": 2}, "Found no folder dog in the val split"),
        ({"cat": 2, "dog": 0}, "Found no images in .*dog"),
        ({"cat": 2, "dog/poodle": 2}, "Found the folder .*poodle"),
        ({"a b": 2, "a_b": 2}, "two domains that would both be called 'a_b'"),
        ({"cat": 2, "!?": 2}, "letters or digits in its name"),
    ],
)
def test_unfit_folders_are_explained(tmp_path: Path, counts: dict[str, int], sentence: str) -> None:
    source = makers.folder(tmp_path / "in", counts)
    with pytest.raises(UserError, match=sentence):
        prepare(source, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_what_systems_leave_behind_does_not_change_the_data(tmp_path: Path) -> None:
    source = makers.folder(tmp_path / "in", {"cat": 2, "dog": 2})
    config = PrepareDataConfig(input_dir=str(source))
    before = FolderSource.cache_key(config)
    (source / "cat" / "Thumbs.db").write_bytes(b"junk")
    (source / "__MACOSX").mkdir()
    (source / "__MACOSX" / "x.png").write_bytes(b"junk")
    assert FolderSource.cache_key(config) == before
    (source / "cat" / "new.png").write_bytes(b"junk")
    assert FolderSource.cache_key(config) != before


def test_domains_that_are_links_count_in_the_cache_key(tmp_path: Path) -> None:
    store = makers.folder(tmp_path / "store", {"cats": 2, "dogs": 2})
    source = tmp_path / "in"
    source.mkdir()
    (source / "cat").symlink_to(store / "cats")
    (source / "dog").symlink_to(store / "dogs")
    config = PrepareDataConfig(input_dir=str(source))
    keys = [FolderSource.cache_key(config)]
    (store / "cats" / "new.png").write_bytes(b"junk")
    keys.append(FolderSource.cache_key(config))
    (source / "fox").symlink_to(store / "dogs")
    keys.append(FolderSource.cache_key(config))
    (store / "dogs" / "up").symlink_to(source)  # leads back, and is no image of a domain
    keys.append(FolderSource.cache_key(config))
    assert len(set(keys)) >= 3


def test_a_file_that_cannot_be_read_is_rejected(tmp_path: Path) -> None:
    source = makers.folder(tmp_path / "in", {"cat": 3, "dog": 3})
    (source / "cat" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    info = prepare(source, tmp_path / "out", val_fraction=0.0, max_rejected=1.0)
    assert info.rejected == 1
    assert "cannot be read: No such file" in (tmp_path / "out" / "rejected.jsonl").read_text()


def test_what_is_no_file_is_rejected_unread(tmp_path: Path) -> None:
    """Reading a pipe waits for ever, reading a device may fill the memory."""
    source = makers.folder(tmp_path / "in", {"cat": 9, "dog": 9})
    os.mkfifo(source / "cat" / "pipe.png")
    (source / "dog" / "device.png").symlink_to("/dev/zero")
    (source / "dog" / "circle.png").symlink_to("circle.png")
    assert prepare(source, tmp_path / "out", max_rejected=3).rejected == 3
    reasons = (tmp_path / "out" / "rejected.jsonl").read_text()
    assert reasons.count('"not a file"') == 2 and "cannot be read: Too many levels" in reasons


def test_names_that_are_no_valid_text_are_read(tmp_path: Path) -> None:
    source = makers.folder(tmp_path / "in", {"cat": 2, "dog": 2})
    content = makers.encoded(makers.pixels(77))
    Path(os.fsdecode(os.fsencode(source / "cat") + b"/caf\xe9.png")).write_bytes(content)
    Path(os.fsdecode(os.fsencode(source / "dog") + b"/caf\xe9.png")).write_bytes(b"")
    info = prepare(source, tmp_path / "out", val_fraction=0.0, max_rejected=1.0)
    assert info.counts["train"] == {"cat": 3, "dog": 2}
    assert names(tmp_path / "out", "train", "cat") >= {"cat/caf\ufffd.png"}
    assert "dog/caf\ufffd.png" in (tmp_path / "out" / "rejected.jsonl").read_text("utf-8")


def test_huge_files_are_not_even_read(tmp_path: Path) -> None:
    source = makers.folder(tmp_path / "in", {"cat": 2, "dog": 2})
    with open(source / "cat" / "disk.png", "wb") as file:
        file.truncate(2**30 + 1)  # sparse: takes no room
    info = prepare(source, tmp_path / "out", val_fraction=0.0, max_rejected=1.0)
    assert info.rejected == 1
    assert "absurdly large: a file of" in (tmp_path / "out" / "rejected.jsonl").read_text()
