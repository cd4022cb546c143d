from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow_datasets as tfds

from stargan_tf.data.schema import DatasetInfo
from stargan_tf.data.sources import tfds_features
from stargan_tf.errors import UserError
from tests.data import makers


class TinyFaces(tfds.core.GeneratorBasedBuilder):
    """Twelve faces, with attributes nested as celeb_a nests them."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(None, None, 3)),
                    "label": tfds.features.ClassLabel(names=["ann", "bob"]),
                    "attributes": {"Male": np.bool_, "Young": np.bool_, "age": np.int64},
                }
            ),
            license="CC0 1.0",
            citation="@misc{tiny}",
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
        return {"train": self._generate_examples(0), "test": self._generate_examples(100)}

    def _generate_examples(self, first: int) -> Iterator[tuple[int, dict[str, Any]]]:
        for index in range(first, first + 12):
            yield (
                index,
                {
                    "image": makers.pixels(index),
                    "label": index % 2,
                    "attributes": {"Male": index % 3 == 0, "Young": index % 2 == 0, "age": index},
                },
            )


class TinySplits(TinyFaces):
    """The same, with splits of other names."""

    NAMES = ("Train", "Valid", "test", "unlabelled")

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
        return {name: self._generate_examples(100 * n) for n, name in enumerate(self.NAMES)}


class TinyClasses(TinyFaces):
    """Without attributes."""

    def _info(self) -> tfds.core.DatasetInfo:
        image, label = tfds.features.Image(), tfds.features.ClassLabel(num_classes=2)
        features = tfds.features.FeaturesDict({"image": image, "label": label})
        return self.dataset_info_from_configs(features=features)

    def _generate_examples(self, first: int) -> Iterator[tuple[int, dict[str, Any]]]:
        for index in (first, first + 1):
            yield index, {"image": makers.pixels(index), "label": index % 2}


class TinyTrain(TinyFaces):
    """The same, for training only."""

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
        return {"train": self._generate_examples(0)}


def prepare(tmp_path: Path, **settings: object) -> DatasetInfo:
    values = {"tfds_name": "tiny_faces", "tfds_data_dir": str(tmp_path / "tfds")} | settings
    return makers.prepared(tmp_path / "out", source="tfds", **values)


def test_domains_come_from_a_class_label(tmp_path: Path) -> None:
    info = prepare(tmp_path, tfds_label=("label",))
    assert info.domains == ("ann", "bob")
    assert info.counts == {"train": {"ann": 6, "bob": 6}, "val": {"ann": 6, "bob": 6}}
    assert (info.name, info.licence) == ("tiny_faces", "CC0 1.0")
    assert info.credits["citation"] == "@misc{tiny}"


def test_splits_are_used_or_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    info = prepare(tmp_path, tfds_name="tiny_splits")
    assert info.counts == {"train": {"ann": 6, "bob": 6}, "val": {"ann": 6, "bob": 6}}
    warning = "warning: not used: the splits test, unlabelled of tiny_splits"
    assert warning in capfd.readouterr().err


def test_without_a_split_of_its_own_validation_is_cut_from_train(tmp_path: Path) -> None:
    counts = prepare(tmp_path, tfds_name="tiny_train").counts
    for name in ("ann", "bob"):
        assert counts["val"][name] >= 4 and counts["val"][name] + counts["train"][name] == 6


def test_the_only_class_label_is_the_default(tmp_path: Path) -> None:
    assert prepare(tmp_path).domains == ("ann", "bob")


@pytest.mark.parametrize("name", ["Male", "attributes/Male"])
def test_domains_come_from_an_attribute(tmp_path: Path, name: str) -> None:
    info = prepare(tmp_path, tfds_label=(name,))
    assert info.domains == ("male", "not_male")
    assert info.counts["train"] == {"male": 4, "not_male": 8}


def test_domains_come_from_two_attributes(tmp_path: Path) -> None:
    info = prepare(tmp_path, tfds_label=("Male", "Young"))
    wanted = {"male-young": 2, "male-not_young": 2, "not_male-young": 4, "not_male-not_young": 4}
    assert info.counts["train"] == wanted


def test_labels_are_attributes(tmp_path: Path) -> None:
    info = prepare(
        tmp_path, attributes=("Young", "Male"), exclusive=("Male/Young",), max_rejected=4.0
    )
    assert (info.domains, info.attributes) == ((), ("Young", "Male"))
    assert info.exclusive == (("Young", "Male"),)
    # Both are true of every sixth face, which is rejected.
    assert (info.counts, info.rejected) == ({"train": {"all": 10}, "val": {"all": 10}}, 4)
    assert info.positives == {"train": {"Young": 4, "Male": 2}, "val": {"Young": 4, "Male": 2}}


def test_a_wrong_attribute_is_told_before_the_data_are_prepared(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'Mail' in --attributes, .*such as Male"):
        prepare(tmp_path, attributes=("Mail",))
    assert not (tmp_path / "tfds").exists()


def test_the_attributes_of_the_true_celeb_a_are_found(tmp_path: Path) -> None:
    builder = tfds.builder("celeb_a", data_dir=str(tmp_path))  # nothing is downloaded
    features = tfds_features.flatten(builder.info.features)
    names = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young")
    found = tfds_features.attribute_keys(features, names, "celeb_a")
    assert found == [f"attributes/{name}" for name in names]
    assert tfds_features.image_key(features) == "image"


@pytest.mark.slow
def test_other_processes_can_read_it(tmp_path: Path) -> None:
    flags = ("--direct_running_mode=multi_processing", "--direct_num_workers=2")
    config = {"tfds_name": "tiny_faces", "tfds_data_dir": str(tmp_path / "tfds")}
    makers.prepared(tmp_path / "spread", *flags, source="tfds", **config)
    prepare(tmp_path)
    assert makers.files(tmp_path / "spread") == makers.files(tmp_path / "out")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"tfds_name": "no_such_set"}, "Found no tensorflow-datasets builder 'no_such_set'"),
        ({"tfds_label": ("Old",)}, "Found 0 labels called Old, .*attributes/Male"),
        ({"tfds_label": ("age",)}, "Found 0 labels called age"),
        ({"attributes": ("age",)}, "'age' in --attributes, .*of tiny_faces, which are Male, Young"),
        ({"attributes": ("Male",), "tfds_label": ("label",)}, "Found --attributes and"),
        (
            {"attributes": ("Male",), "tfds_name": "tiny_classes"},
            "yes-or-no features of tiny_classes, which are none",
        ),
    ],
)
def test_unfit_settings_are_explained(
    tmp_path: Path, settings: dict[str, object], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        prepare(tmp_path, **settings)
    assert not (tmp_path / "out").exists()
