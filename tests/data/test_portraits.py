import io
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stargan_tf.data.schema import DatasetInfo, shard_paths
from stargan_tf.data.sources import portraits
from stargan_tf.errors import UserError
from tests.data import makers

DEFAULT_STYLES = ("toon-head", "personas", "micah")
STYLES = (*DEFAULT_STYLES, "open-peeps", "pixel-art", "miniavs")


@pytest.fixture(scope="module")
def portraits_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("portraits") / "data"
    prepare(output)
    return output


def prepare(output: Path, **settings: object) -> DatasetInfo:
    counts = {"train_per_domain": 12, "val_per_domain": 4}
    return makers.prepared(output, source="portraits", **{**counts, **settings})


def stored(data_dir: Path, split: str, style: str) -> list[bytes]:
    records = tf.data.TFRecordDataset(shard_paths(data_dir, split, style))
    examples = [tf.train.Example.FromString(record.numpy()) for record in records]
    return [example.features.feature["image"].bytes_list.value[0] for example in examples]


def test_default_styles_sizes_and_counts(portraits_dir: Path) -> None:
    info = DatasetInfo.load(portraits_dir)
    assert info.domains == DEFAULT_STYLES
    assert info.counts["train"] == dict.fromkeys(DEFAULT_STYLES, 12)
    assert info.counts["val"] == dict.fromkeys(DEFAULT_STYLES, 4)
    assert (info.img_size, info.rejected) == (128, 0)
    for style in DEFAULT_STYLES:
        for content in stored(portraits_dir, "val", style):
            image = Image.open(io.BytesIO(content))
            assert (image.format, image.mode, image.size) == ("PNG", "RGB", (128, 128))


def test_licences_and_credits_are_kept(portraits_dir: Path) -> None:
    info = DatasetInfo.load(portraits_dir)
    assert info.credits["personas"]["licence"] == "CC BY 4.0"
    assert info.credits["micah"]["creator"] == "Micah Lanier"
    toon = info.credits["toon-head"]
    assert (toon["licence"], toon["creator"]) == ("CC BY 4.0", "Johan Melin")
    assert "Johan Melin" in toon["credit"] and "Remix of" in toon["credit"]
    assert toon["licence_url"].startswith("https://creativecommons.org/licenses/by/4.0")
    assert "toon-head: CC BY 4.0" in info.licence


def test_all_portraits_differ_between_and_within_the_splits(portraits_dir: Path) -> None:
    every = [
        content
        for split in ("train", "val")
        for style in DEFAULT_STYLES
        for content in stored(portraits_dir, split, style)
    ]
    assert len(set(every)) == len(every) == 48


@pytest.mark.slow
def test_seeds_decide_the_portraits(portraits_dir: Path, tmp_path: Path) -> None:
    prepare(tmp_path / "again")
    assert makers.files(tmp_path / "again") == makers.files(portraits_dir)
    prepare(tmp_path / "other", seed=1)
    before = set(stored(portraits_dir, "train", "micah"))
    assert not before & set(stored(tmp_path / "other", "train", "micah"))


@pytest.mark.parametrize("style", STYLES)
def test_portraits_are_opaque_and_backgrounds_vary(style: str) -> None:
    corners = set()
    for seed in range(12):
        image = Image.open(io.BytesIO(portraits.draw(style, str(seed), 64))).convert("RGBA")
        assert image.getextrema()[3] == (255, 255)
        corners.add(image.getpixel((63, 0)))
    assert len(corners) >= 4


@pytest.mark.parametrize("style", STYLES)
def test_heads_are_in_the_middle(style: str) -> None:
    drawings = [
        np.asarray(Image.open(io.BytesIO(portraits.draw(style, str(seed), 64))).convert("RGB"))
        for seed in range(24)
    ]
    # What differs from the corner's colour is the drawing, not the background.
    covered = np.mean([(image != image[0, -1]).any(-1) for image in drawings], axis=0)
    columns = covered[16:40].mean(0)
    centre = (columns * np.arange(64)).sum() / columns.sum()
    assert abs(centre - 31.5) < 4
    assert covered[24:40, 24:40].min() > 0.9


def test_an_unknown_style_is_explained(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Found no style 'nobody', expected one of adventurer"):
        prepare(tmp_path / "out", styles=("nobody", "pixel-art"))
    assert list(tmp_path.iterdir()) == []


def test_no_validation_images_make_no_split(tmp_path: Path) -> None:
    info = prepare(tmp_path / "out", val_per_domain=0, train_per_domain=2, img_size=32)
    assert list(info.counts) == ["train"]
    assert info.img_size == 32
