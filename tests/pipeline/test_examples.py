import json
from pathlib import Path

import pytest

from pipeline.examples import as_data_dir, read_rejected
from stargan_tf.data.schema import DatasetInfo, shard_paths
from stargan_tf.errors import UserError
from tests.pipeline.artifacts import examples_of


def test_stargan_tf_reads_the_artifact(two_domains_dir: Path, tmp_path: Path) -> None:
    uri = examples_of(two_domains_dir, tmp_path / "examples")
    data_dir = as_data_dir(str(uri), tmp_path / "data")
    assert DatasetInfo.load(data_dir) == DatasetInfo.load(two_domains_dir)
    for split in ("train", "val"):
        for domain in ("cat", "dog"):
            ours, theirs = (shard_paths(d, split, domain) for d in (data_dir, two_domains_dir))
            assert [Path(p).read_bytes() for p in ours] == [Path(p).read_bytes() for p in theirs]


def test_links_of_other_examples_go(two_domains_dir: Path, tmp_path: Path) -> None:
    folder = as_data_dir(str(examples_of(two_domains_dir, tmp_path / "one")), tmp_path / "data")
    two = examples_of(two_domains_dir, tmp_path / "two")
    next(two.glob("Split-train/*")).unlink()
    as_data_dir(str(two), folder)
    assert {path.resolve().relative_to(two).name for path in folder.iterdir()} == {
        path.name for path in two.rglob("*") if path.is_file()
    }


def test_another_folder_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no dataset_info.json"):
        as_data_dir(str(tmp_path), tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_rejected_images_are_read_back(tmp_path: Path) -> None:
    assert read_rejected(str(tmp_path)) == []
    image = {"file": "cat/ä\udcff.png", "domain": "cat", "reason": "empty file"}
    text = json.dumps(image, ensure_ascii=False) + "\n"
    (tmp_path / "rejected.jsonl").write_text(text, encoding="utf-8", errors="surrogateescape")
    assert read_rejected(str(tmp_path)) == [image]
