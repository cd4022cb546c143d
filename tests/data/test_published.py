import zipfile
from pathlib import Path

import pytest

from stargan_tf.data.schema import DatasetInfo
from stargan_tf.errors import UserError
from tests.data import makers

ANIMALS = ("cat", "dog", "wild")


def archive(path: Path, prefix: str, splits: tuple[str, str], domains: tuple[str, ...]) -> None:
    """An archive laid out as the published one, with 3 and 2 images per domain."""
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{prefix}{splits[0]}/{domains[0]}/.DS_Store", b"junk")
        for split, count in zip(splits, (3, 2), strict=True):
            for number, domain in enumerate(domains):
                for index in range(count):
                    content = makers.encoded(makers.pixels(100 * number + 10 * count + index))
                    file.writestr(f"{prefix}{split}/{domain}/image_{index}.png", content)


def prepare(tmp_path: Path, name: str) -> DatasetInfo:
    manual = tmp_path / "manual"
    manual.mkdir(exist_ok=True)
    (manual / "other.txt").touch()
    return makers.prepared(
        tmp_path / "out",
        source="tfds",
        tfds_name=name,
        tfds_manual_dir=str(manual),
        tfds_data_dir=str(tmp_path / "tfds"),
    )


@pytest.mark.parametrize(
    ("name", "prefix", "splits", "domains"),
    [
        ("afhq", "afhq/", ("train", "val"), ANIMALS),
        ("afhq_v2", "", ("train", "test"), ANIMALS),
        ("celeba_hq", "celeba_hq/", ("train", "val"), ("female", "male")),
    ],
)
def test_published_archives_are_read(
    tmp_path: Path, name: str, prefix: str, splits: tuple[str, str], domains: tuple[str, ...]
) -> None:
    archive(tmp_path / "manual" / f"{name}.zip", prefix, splits, domains)
    info = prepare(tmp_path, name)
    assert info.domains == domains
    assert info.counts == {"train": dict.fromkeys(domains, 3), "val": dict.fromkeys(domains, 2)}
    assert (info.name, info.rejected) == (name, 0)
    assert "CC BY-NC 4.0" in info.licence
    assert "StarGAN v2" in info.credits["citation"]


def test_a_missing_archive_is_explained(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Found no .*afhq.zip.*--tfds_manual_dir"):
        prepare(tmp_path, "afhq")


def test_another_archive_is_rejected(tmp_path: Path) -> None:
    archive(tmp_path / "manual" / "afhq.zip", "", ("train", "val"), ("cat", "cow"))
    with pytest.raises(UserError, match="Found the domain cow in .*afhq.zip"):
        prepare(tmp_path, "afhq")
