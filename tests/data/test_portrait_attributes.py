"""Portraits that are drawn with attributes: the drawing shows what the label says."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.data import sources
from stargan_tf.data.attributes import HAIR_COLOURS
from stargan_tf.data.input_pipeline import eval_dataset
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.data.sources import portrait_attributes, portraits
from stargan_tf.errors import UserError
from tests.data import makers

ATTRIBUTES = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Eyeglasses", "Beard")
SIZE = 64
SEEDS = [f"0/{number}" for number in range(5)]


def drawn(style: str, seed: str, **true: int) -> np.ndarray:
    """A portrait with the attributes that are named, in the values that are named."""
    options = portrait_attributes.options(style, tuple(true), tuple(true.values()), seed)
    content = portraits.draw(style, seed, SIZE, options)
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


def shade(name: str) -> np.ndarray:
    """The middle of the colours that hair of a name is drawn in."""
    shades = portrait_attributes._SHADES[name]
    return np.mean([[int(text[at : at + 2], 16) for at in (1, 3, 5)] for text in shades], axis=0)


@pytest.mark.slow
@pytest.mark.parametrize("style", portrait_attributes.STYLES)
def test_hair_has_the_colour_of_the_label(style: str) -> None:
    for seed in SEEDS:
        images = {
            name: drawn(style, seed, **{other: int(other == name) for other in HAIR_COLOURS})
            for name in HAIR_COLOURS
        }
        dark, light = images["Black_Hair"], images["Blond_Hair"]
        hair = np.abs(light - dark).max(-1) > 90
        assert hair[: SIZE // 2].sum() > 100
        for name, image in images.items():
            mean = image[hair].mean(0)
            near = min(HAIR_COLOURS, key=lambda colour: np.abs(mean - shade(colour)).sum())
            assert near == name


@pytest.mark.parametrize(
    ("style", "name"),
    [(style, name) for style, draws in portrait_attributes.STYLES.items() for name in draws.shown],
)
def test_an_attribute_changes_its_own_part_of_a_drawing(style: str, name: str) -> None:
    """Glasses the upper half of the face, beards the lower; and visibly so."""
    for number, seed in enumerate(SEEDS):
        hair = {other: int(number == at) for at, other in enumerate(HAIR_COLOURS)}
        hair = hair if any(hair.values()) else {}  # in the style's own colours
        without, with_it = (drawn(style, seed, **hair, **{name: value}) for value in (0, 1))
        changed = np.abs(with_it - without).max(-1) > 24
        assert 25 < changed.sum() < 0.35 * SIZE**2
        rows = changed.any(1).nonzero()[0]
        middle = (changed.sum(1) * np.arange(SIZE)).sum() / changed.sum()
        assert rows[0] >= SIZE // 5
        assert (SIZE * 0.3 < middle < SIZE * 0.58) if name == "Eyeglasses" else middle > SIZE * 0.5


def test_values_are_balanced_and_hair_has_one_colour() -> None:
    drawn = [portrait_attributes.random_values(ATTRIBUTES, str(seed)) for seed in range(3000)]
    found = np.array(drawn)
    assert (found[:, :3].sum(1) == 1).all()
    np.testing.assert_allclose(found.mean(0), [1 / 3, 1 / 3, 1 / 3, 0.5, 0.5], atol=0.04)
    np.testing.assert_allclose(np.corrcoef(found[:, 2:].T)[np.triu_indices(3, 1)], 0, atol=0.06)
    one = [portrait_attributes.random_values(("Blond_Hair",), str(seed))[0] for seed in range(500)]
    assert 0.4 < np.mean(one) < 0.6


def test_a_data_set_of_them(tmp_path: Path) -> None:
    counts = {"train_per_domain": 12, "val_per_domain": 4, "img_size": SIZE}
    wanted = {"source": "portraits", "attributes": ATTRIBUTES, **counts}
    info = makers.prepared(tmp_path / "one", **wanted)
    makers.prepared(tmp_path / "two", **wanted)
    assert makers.files(tmp_path / "one") == makers.files(tmp_path / "two")
    assert info == DatasetInfo.load(tmp_path / "one")
    assert (info.domains, info.attributes, info.rejected) == ((), ATTRIBUTES, 0)
    assert info.exclusive == (("Black_Hair", "Blond_Hair", "Brown_Hair"),)
    assert info.counts == {"train": {"all": 12}, "val": {"all": 4}}
    assert list(info.credits) == ["personas"]
    known = {}
    for split, count in (("train", 12), ("val", 4)):
        for number in range(count):
            seed = f"0/personas/{split}-{number:06d}"
            label = portrait_attributes.random_values(ATTRIBUTES, seed)
            known[
                drawn("personas", seed, **dict(zip(ATTRIBUTES, label, strict=True))).tobytes()
            ] = label
    for split in ("train", "val"):
        for x, y in eval_dataset(tmp_path / "one", split, img_size=SIZE, batch_size=4):
            pixels = np.rint((x.numpy() + 1) * 127.5).astype(int)
            for image, label in zip(pixels, y.numpy(), strict=True):
                assert known.pop(image.tobytes()) == tuple(label)
    assert not known


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"attributes": ("Beerd",)}, "'Beerd' in --attributes, .*personas can draw, such as Beard"),
        (
            {"attributes": ("Eyeglasses",), "styles": ("micah", "toon-head")},
            "'Eyeglasses' in --attributes, .*toon-head can draw, which are Black_Hair",
        ),
        (
            {"attributes": ("Beard",), "styles": ("clay",)},
            "Found --attributes for the style clay, expected one of personas",
        ),
        ({"styles": ("personas",)}, "Found --styles=personas, expected at least two"),
    ],
)
def test_what_cannot_be_drawn_is_explained(settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        sources.validate(PrepareDataConfig(source="portraits", **settings))
