import dataclasses
import json
import os
import random
from pathlib import Path

import pytest

from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.data import preparation, sources, writer
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.data.validation_images import LEAST_VALIDATION, validation_images
from stargan_tf.data.writer import Entry, cut_into_shards
from stargan_tf.errors import UserError
from stargan_tf.locks import exclusive_lock
from tests.data import makers


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return makers.folder(tmp_path / "in", {"cat": 20, "dog": 10}, "JPEG")


def prepare(source: Path, output: Path, *beam_arguments: str, **settings: object):
    return makers.prepared(
        output, *beam_arguments, source="folder", input_dir=str(source), **settings
    )


def test_the_same_input_gives_the_same_bytes(source: Path, tmp_path: Path) -> None:
    prepare(source, tmp_path / "one")
    prepare(source, tmp_path / "two")
    assert makers.files(tmp_path / "one") == makers.files(tmp_path / "two")
    prepare(source, tmp_path / "three", seed=1)
    assert makers.files(tmp_path / "one") != makers.files(tmp_path / "three")


@pytest.mark.parametrize(
    "mode", ["multi_threading", pytest.param("multi_processing", marks=pytest.mark.slow)]
)
def test_beam_spreads_the_work_without_changing_it(source: Path, tmp_path: Path, mode: str) -> None:
    prepare(source, tmp_path / "one")
    flags = ("--direct_running_mode", mode, "--direct_num_workers=2")
    prepare(source, tmp_path / "two", *flags)
    assert makers.files(tmp_path / "one") == makers.files(tmp_path / "two")


def test_large_domains_become_several_shards() -> None:
    entries = [Entry(f"{index:02d}", "n", "spill", 0, 1000, 0, 40) for index in reversed(range(10))]
    shards = cut_into_shards(("train", "cat"), entries, 4000)
    assert [len(shard.entries) for shard in shards] == [3, 3, 4]
    assert [(shard.index, shard.count) for shard in shards] == [(0, 3), (1, 3), (2, 3)]
    assert [entry for shard in shards for entry in shard.entries] == sorted(entries)
    assert len(cut_into_shards(("train", "cat"), entries[:1], 1)) == 1


def places(counts: dict[str, int], seed: int = 0) -> list[tuple[str, bytes]]:
    """A group and a digest for each image."""
    rng = random.Random(seed)
    return [(group, rng.randbytes(32)) for group, count in counts.items() for _ in range(count)]


def test_the_split_follows_the_fraction() -> None:
    digests = [index.to_bytes(1, "big") + bytes(31) for index in range(256)]
    images = [("all", digest) for digest in digests]
    assert validation_images(images, 0.25) == set(digests[:64])
    assert validation_images(images, 0.0) == set()


@pytest.mark.parametrize("count", [5, 12, 30, 300])
@pytest.mark.parametrize("fraction", [1e-9, 0.1, 0.5])
def test_small_groups_have_validation_images(count: int, fraction: float) -> None:
    for seed in range(20):
        images = places({"cat": count, "dog": 400}, seed)
        chosen = validation_images(images, fraction)
        for group in ("cat", "dog"):
            digests = sorted(digest for name, digest in images if name == group)
            under = [d for d in digests if int.from_bytes(d[:8], "big") < fraction * 2**64]
            assert chosen & set(digests) == {*under, *digests[:LEAST_VALIDATION]}


def test_added_images_move_none_into_validation() -> None:
    """Neither new ones, nor copies, nor copies into another group, nor new groups."""
    rng = random.Random(0)
    for seed in range(50):
        images = places({"cat": 6, "dog": 9, "fox": 40}, seed)
        before = validation_images(images, 0.05)
        for _ in range(30):
            _, digest = rng.choice(images)
            new = digest if rng.random() < 0.5 else rng.randbytes(32)
            images.append((rng.choice(["cat", "dog", "fox", "wolf"]), new))
        rng.shuffle(images)
        after = validation_images(images, 0.05)
        old = {digest for _, digest in places({"cat": 6, "dog": 9, "fox": 40}, seed)}
        assert after & old <= before


def test_copies_count_as_images_and_stay_together() -> None:
    (_, a), (_, b), (_, c) = sorted(places({"cat": 3}), key=lambda place: place[1])
    images = [("cat", digest) for digest in [a] * 3 + [b] * 3 + [c] * 3]
    assert validation_images(images, 1e-9) == {a, b}


def test_a_copy_in_another_domain_is_on_the_same_side() -> None:
    images = places({"cat": 12})
    smallest = min(digest for _, digest in images)
    dogs = [("dog", bytes(31) + bytes([number])) for number in range(LEAST_VALIDATION)]
    assert smallest not in validation_images([*images, *dogs, ("dog", smallest)], 1e-9)
    assert smallest in validation_images([*images, ("dog", smallest)], 1e-9)


def test_twelve_images_of_each_domain_are_enough(tmp_path: Path) -> None:
    source = makers.folder(tmp_path / "in", {"cat": 12, "dog": 12})
    info = prepare(source, tmp_path / "out")
    assert all(info.counts["val"][domain] >= 4 for domain in info.domains)
    assert all(info.counts["train"][domain] >= 4 for domain in info.domains)


def test_too_few_images_for_validation_are_explained(source: Path, tmp_path: Path) -> None:
    makers.folder(source, {"fox": 4})
    sentence = "fox in the train split .* as 4 are, expected at least one beside the 4 for"
    with pytest.raises(UserError, match=sentence):
        prepare(source, tmp_path / "out")
    assert prepare(source, tmp_path / "out", val_fraction=0.0).counts["train"]["fox"] == 4


@pytest.mark.parametrize("img_size", [0, 16])
def test_the_sides_of_the_stored_images_are_recorded(tmp_path: Path, img_size: int) -> None:
    source = makers.folder(tmp_path / "in", {"train/cat": 2, "train/dog": 2})
    (source / "train" / "cat" / "wide.png").write_bytes(makers.encoded(makers.pixels(7, 70, 200)))
    info = prepare(source, tmp_path / "out", img_size=img_size, val_fraction=0.0)
    own = {"least": 40, "median": 40, "most": 70}
    assert info.sides == (own if not img_size else dict.fromkeys(own, 16))
    assert DatasetInfo.load(tmp_path / "out") == info


def test_rejected_images_are_listed(source: Path, tmp_path: Path) -> None:
    (source / "cat" / "notes.txt").write_text("not an image")
    (source / "cat" / "zero.png").write_bytes(b"")
    (source / "dog" / "bomb.png").write_bytes(makers.bomb())
    info = prepare(source, tmp_path / "out", val_fraction=0.0, max_rejected=3.0)
    assert info.rejected == 3
    assert info.counts["train"] == {"cat": 20, "dog": 10}
    lines = (tmp_path / "out" / "rejected.jsonl").read_text().splitlines()
    rejected = {value["file"]: value["reason"] for value in map(json.loads, lines)}
    assert rejected["cat/notes.txt"] == "not an image, or of an unknown format"
    assert rejected["cat/zero.png"] == "empty file"
    assert rejected["dog/bomb.png"].startswith("absurdly large")


@pytest.mark.parametrize("max_rejected", [1.0, 0.05, 0.0])
def test_too_many_rejected_images_end_the_work(
    source: Path, tmp_path: Path, max_rejected: float
) -> None:
    for index in range(2):
        (source / "cat" / f"broken{index}.jpg").write_bytes(b"")
    with pytest.raises(
        UserError, match="Found 2 of 32 images that were rejected.*out.rejected.jsonl"
    ):
        prepare(source, tmp_path / "out", max_rejected=max_rejected)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out.rejected.jsonl"]
    assert len((tmp_path / "out.rejected.jsonl").read_text().splitlines()) == 2


def test_a_domain_whose_images_are_all_rejected_ends_the_work(source: Path, tmp_path: Path) -> None:
    (source / "fox").mkdir()
    (source / "fox" / "only.jpg").write_bytes(b"")
    with pytest.raises(
        UserError, match="Found no images of the domain fox in the train split that"
    ):
        prepare(source, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_a_failure_leaves_nothing_behind(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writer.schema, "encode_example", full_disk)
    with pytest.raises(UserError, match="The disk is full"):
        prepare(source, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_an_interrupt_leaves_nothing_behind(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(preparation, "wait_with_bar", interrupted)
    with pytest.raises(UserError, match="Interrupted before the data set was whole"):
        prepare(source, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_img_size_is_recorded_and_kept(source: Path, tmp_path: Path) -> None:
    info = prepare(source, tmp_path / "out", img_size=16, licence="CC0 1.0", name="pets")
    assert (info.img_size, info.licence, info.name) == (16, "CC0 1.0", "pets")
    assert info.settings["img_size"] == 16
    sizes = sum(path.stat().st_size for path in (tmp_path / "out").glob("*.tfrecord"))
    assert sum(sum(by.values()) for by in info.encoded_bytes.values()) == sizes


def test_beam_flags_are_parsed_and_others_rejected() -> None:
    options = preparation.beam_options(["--direct_num_workers", "3", "--job_name=x"])
    assert options.get_all_options()["direct_num_workers"] == 3
    for arguments in (["--imgsize=3"], ["data"], ["--direct_num_workers=2", "more"]):
        with pytest.raises(UserError, match="expected a flag of prepare_data or of Apache Beam"):
            preparation.beam_options(arguments)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"output_dir": ""}, "no --output_dir"),
        ({"input_dir": ""}, "no --input_dir"),
        ({"input_dir": "nowhere"}, "nowhere is not a folder"),
        ({"val_fraction": 1.0}, "--val_fraction=1.0"),
        ({"max_rejected": -1.0}, "--max_rejected=-1.0"),
        ({"img_size": -2}, "--img_size=-2"),
        ({"source": "tfds"}, "no --tfds_name"),
        ({"source": "painter"}, "--source=painter, expected one of folder, tfds, portraits"),
        ({"source": "portraits", "styles": ("thumbs",)}, "expected at least two"),
        ({"source": "portraits", "styles": ("thumbs", "thumbs")}, "each style once"),
        ({"source": "portraits", "train_per_domain": 0}, "--train_per_domain=0"),
    ],
)
def test_settings_are_checked_before_any_work(
    tmp_path: Path, settings: dict[str, object], sentence: str
) -> None:
    values = {"input_dir": str(tmp_path), "output_dir": str(tmp_path.parent / "out")} | settings
    config = PrepareDataConfig(**values)
    with pytest.raises(UserError, match=sentence):
        config.validate()
        sources.validate(config)


def test_what_lies_elsewhere_is_not_recorded(source: Path, tmp_path: Path) -> None:
    given = {"tfds_data_dir": "x", "seed": 3, "styles": ("open-peeps", "pixel-art")}
    settings = prepare(source, tmp_path / "out", **given).settings
    names = {field.name for field in dataclasses.fields(PrepareDataConfig)}
    elsewhere = {"input_dir", "attributes_file", "output_dir", "tfds_data_dir", "tfds_manual_dir"}
    assert set(settings) == names - elsewhere
    assert (settings["seed"], settings["styles"]) == (3, ["open-peeps", "pixel-art"])


def test_an_output_in_use_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    config = PrepareDataConfig(input_dir=str(tmp_path / "in"), output_dir=str(tmp_path / "out"))
    config.validate()
    (tmp_path / "out" / "file").touch()
    with pytest.raises(UserError, match="not an empty folder"):
        config.validate()
    inside = PrepareDataConfig(input_dir=str(tmp_path), output_dir=str(tmp_path / "new"))
    with pytest.raises(UserError, match="lies inside --input_dir"):
        inside.validate()


def test_an_output_that_is_a_link_is_written_where_it_leads(source: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk" / "set"
    disk.mkdir(parents=True)
    (tmp_path / "out").symlink_to(disk)
    info = prepare(source, tmp_path / "out")
    assert DatasetInfo.load(tmp_path / "out").counts == DatasetInfo.load(disk).counts == info.counts
    assert [path.name for path in disk.parent.iterdir() if "unfinished" in path.name] == []


@pytest.mark.parametrize("mounted", [False, True])
def test_an_output_that_cannot_be_put_in_place(tmp_path, monkeypatch, mounted):
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    config = PrepareDataConfig(input_dir=str(tmp_path / "in"), output_dir=str(tmp_path / "out"))
    if mounted:
        monkeypatch.setattr(Path, "is_mount", lambda path: path.name == "out")
    else:
        monkeypatch.chdir(tmp_path / "out")
    with pytest.raises(UserError, match="is the working folder or a disk, .* name a new folder in"):
        config.validate()


def test_a_second_preparation_of_the_same_folder_ends_and_changes_nothing(tmp_path):
    source = makers.folder(tmp_path / "source", {"cat": 3, "dog": 3})
    lock = tmp_path / ".data.lock"
    with exclusive_lock(lock, tmp_path / "data", "preparation", "wait"):
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(UserError, match=f"another preparation .*process {os.getpid()} on "):
            makers.prepared(tmp_path / "data", source="folder", input_dir=str(source))
        assert sorted(tmp_path.rglob("*")) == before
    assert not lock.exists()


def test_what_a_killed_preparation_has_left_is_removed(tmp_path):
    source = makers.folder(tmp_path / "source", {"cat": 3, "dog": 3})
    (tmp_path / ".data.unfinished-12" / "spill").mkdir(parents=True)
    (tmp_path / ".data.unfinished-12" / "spill" / "0a").write_bytes(b"images")
    (tmp_path / ".data2.unfinished-12").mkdir()
    makers.prepared(tmp_path / "data", source="folder", input_dir=str(source), val_fraction=0.0)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"source", "data", ".data2.unfinished-12"}
