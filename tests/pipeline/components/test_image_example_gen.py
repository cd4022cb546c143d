import dataclasses
import importlib.metadata
import os
from pathlib import Path

import pytest
import tensorflow as tf
from tfx import v1 as tfx
from tfx.dsl.components.base import base_beam_executor

from pipeline.components import image_example_gen
from pipeline.components.image_example_gen import (
    Executor,
    ImageExampleGen,
    fingerprint,
    settings_of,
)
from pipeline.examples import read_rejected
from stargan_tf.config.prepare_data import SOURCES, PrepareDataConfig
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.data.sources import source_class
from stargan_tf.errors import UserError
from tests.data import makers


@pytest.fixture
def data(tmp_path: Path) -> PrepareDataConfig:
    makers.folder(tmp_path / "in", {"cat": 20, "dog": 12})
    return PrepareDataConfig(
        input_dir=str(tmp_path / "in"), min_size=8, val_fraction=0.3, max_rejected=0.0
    )


def execute(data: PrepareDataConfig, folder: Path) -> tfx.types.standard_artifacts.Examples:
    """What the component makes of its settings."""
    component = ImageExampleGen(data)
    examples = tfx.types.standard_artifacts.Examples()
    examples.uri = str(folder)
    folder.mkdir()
    executor = Executor(base_beam_executor.BaseBeamExecutor.Context(beam_pipeline_args=[]))
    executor.Do({}, {"examples": [examples]}, dict(component.exec_properties))
    return examples


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_settings_go_through_metadata(data: PrepareDataConfig) -> None:
    component = ImageExampleGen(dataclasses.replace(data, output_dir="x", max_rejected=0.5))
    read = settings_of(dict(component.exec_properties))
    assert dataclasses.replace(read, max_rejected=0.0) == data


def test_the_files_are_those_of_prepare_data(data: PrepareDataConfig, tmp_path: Path) -> None:
    examples = execute(data, tmp_path / "out")
    prepared = tmp_path / "prepared"
    makers.prepared(prepared, input_dir=data.input_dir, val_fraction=0.3)
    for split in ("train", "val"):
        shards = {path.name: path.read_bytes() for path in prepared.glob(f"{split}-*")}
        assert makers.files(tmp_path / "out" / f"Split-{split}") == shards
    assert names(tmp_path / "out") == {"dataset_info.json"} | {
        f"Split-{path.name.partition('-')[0]}/{path.name}" for path in prepared.glob("*.tfrecord")
    }
    assert examples.split_names == '["train", "val"]'
    assert examples.get_string_custom_property("payload_format") == "FORMAT_TF_EXAMPLE"


def test_broken_images_are_listed_and_left_to_the_gate(
    data: PrepareDataConfig, tmp_path: Path
) -> None:
    for number in range(15):
        (tmp_path / "in" / "dog" / f"broken{number:02d}.png").write_bytes(b"")
    execute(data, tmp_path / "out")
    rejected = read_rejected(str(tmp_path / "out"))
    assert [image["file"] for image in rejected] == [f"dog/broken{n:02d}.png" for n in range(15)]
    assert DatasetInfo.load(tmp_path / "out").rejected == 15


def test_without_validation_images_nothing_can_be_judged(
    data: PrepareDataConfig, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="no validation images in in, .*--data.val_fraction"):
        execute(dataclasses.replace(data, val_fraction=0.0), tmp_path / "out")


@pytest.mark.parametrize(
    "change", ["touched", "renamed", "moved", "added", "linked", "removed", "grown"]
)
def test_every_change_of_the_folder_shows(data: PrepareDataConfig, change: str) -> None:
    folder = Path(data.input_dir)
    before = fingerprint(data)
    assert fingerprint(data) == before
    image = folder / "cat" / "000.png"
    if change == "touched":
        os.utime(image, ns=(1, 1))
    elif change == "renamed":
        image.rename(folder / "cat" / "other.png")
    elif change == "moved":
        image.rename(folder / "dog" / "999.png")
    elif change == "added":
        (folder / "cat" / "new.png").write_bytes(b"")
    elif change == "linked":
        (folder / "cat" / "gone.png").symlink_to("nowhere.png")
    elif change == "removed":
        image.unlink()
    else:
        status = image.stat()
        image.write_bytes(image.read_bytes() + b" ")
        os.utime(image, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert fingerprint(data) != before


def test_a_change_of_the_code_shows(
    data: PrepareDataConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprint(data)
    monkeypatch.setattr(image_example_gen, "source_hash", lambda *modules: f"other {modules}")
    assert fingerprint(data) != before


def test_portraits_follow_the_packages_that_draw_them(monkeypatch: pytest.MonkeyPatch) -> None:
    data = PrepareDataConfig(source="portraits")
    before = fingerprint(data)
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0")
    assert fingerprint(data) != before


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_decides_its_fingerprint_by_its_key_and_its_code(
    name: str, data: PrepareDataConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = dataclasses.replace(data, source=name)
    before = fingerprint(data)
    assert fingerprint(data) == before
    with monkeypatch.context() as patch:
        patch.setattr(source_class(name), "cache_key", lambda config: "new images")
        assert fingerprint(data) == f"input new images, {before.partition(', ')[2]}"
    monkeypatch.setattr(image_example_gen, "source_hash", lambda *modules: " ".join(modules))
    assert fingerprint(data).endswith(source_class(name).__module__)


def test_records_are_examples(data: PrepareDataConfig, tmp_path: Path) -> None:
    execute(data, tmp_path / "out")
    shard = next((tmp_path / "out" / "Split-train").glob("train-dog-*"))
    record = next(iter(tf.data.TFRecordDataset(str(shard)))).numpy()
    features = tf.train.Example.FromString(record).features.feature
    assert set(features) == {"image", "label", "name"}
    assert features["label"].int64_list.value == [1]
