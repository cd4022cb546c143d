"""Folders of images whose attributes a file lists, alone and beside a data set of domains."""

import json
from pathlib import Path

import numpy as np
import pytest

from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.data import sources
from stargan_tf.data.attributes import exclusive_groups, warn_of_constants
from stargan_tf.data.input_pipeline import eval_dataset
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.data.sources.folder import FolderSource
from stargan_tf.errors import UserError
from tests.data import makers

NAMES = ("Arched_Eyebrows", "Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young")
WANTED = ("Male", "Black_Hair", "Blond_Hair", "Young")
HAIR = ("Black_Hair", "Blond_Hair")


def values(number: int) -> dict[str, int]:
    """Of image 5, two colours of hair are true."""
    hair = number % 3
    true = {"Black_Hair": hair == 0, "Blond_Hair": hair == 1 or number == 6, "Young": number > 7}
    return {name: int(true.get(name, number % 2)) for name in NAMES}


def celeba(root: Path, count: int = 20) -> Path:
    """Images as CelebA's, 178x218, and their list beside them."""
    folder = root / "img_align_celeba"
    folder.mkdir(parents=True)
    lines = [f"{number:06d}.jpg {_signed(number)}" for number in range(1, count + 1)]
    text = "\n".join([str(count), " ".join(NAMES), *lines])
    (folder / "list_attr_celeba.txt").write_text(text + "\n")
    for number in range(1, count + 1):
        content = makers.encoded(makers.pixels(number, 218, 178))
        (folder / f"{number:06d}.png").write_bytes(content)
    return folder


def _signed(number: int) -> str:
    return "  ".join(str(2 * value - 1) for value in values(number).values())


def settings(folder: Path, **others: object) -> dict[str, object]:
    listed = {"attributes": WANTED, "attributes_file": str(folder / "list_attr_celeba.txt")}
    return {"source": "folder", "input_dir": str(folder), **listed, **others}


def check(folder: Path, **others: object) -> None:
    sources.make_source(PrepareDataConfig(**settings(folder, **others)))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """CelebA and RaFD in small: attributes, and folders by emotion."""
    root = tmp_path_factory.mktemp("pair")
    folder = celeba(root)
    (folder / "unlisted.png").write_bytes(makers.encoded(makers.pixels(99, 218, 178)))
    (folder / "000020.png").unlink()
    makers.prepared(root / "celeba", img_size=64, max_rejected=2.0, **settings(folder))
    rafd = makers.folder(root / "RaFD", {"angry": 6, "happy": 6, "neutral": 6})
    makers.prepared(root / "rafd", source="folder", input_dir=str(rafd))
    return root / "celeba", root / "rafd"


def test_each_image_has_the_attributes_of_its_line(pair: tuple[Path, Path]) -> None:
    found = {}
    for split in ("train", "val"):
        for x, y in eval_dataset(pair[0], split, img_size=64, batch_size=4).as_numpy_iterator():
            for image, label in zip(x, y, strict=True):
                found[nearest(image)] = dict(zip(WANTED, label.astype(int), strict=True))
    numbers = set(range(1, 20)) - {6}  # one was removed, one contradicts itself
    assert found == {number: {name: values(number)[name] for name in WANTED} for number in numbers}


def nearest(image: np.ndarray) -> int:
    """The number of the image whose central square of 178 pixels this is."""

    def difference(number: int) -> float:
        square = makers.pixels(number, 218, 178)[20:198]
        return float(np.abs(square.mean((0, 1)) / 127.5 - 1 - image.mean((0, 1))).max())

    number = min(range(1, 21), key=difference)
    assert difference(number) < 0.01
    return number


def test_attributes_are_counted_and_exclude_each_other(pair: tuple[Path, Path]) -> None:
    info = DatasetInfo.load(pair[0])
    assert (info.attributes, info.exclusive, info.domains) == (WANTED, (HAIR,), ())
    both = {name: sum(p[name] for p in info.positives.values()) for name in WANTED}
    numbers = set(range(1, 20)) - {6}
    assert both == {name: sum(values(number)[name] for number in numbers) for name in WANTED}
    assert tuple(info.settings["attributes"]) == WANTED


def test_what_cannot_be_labelled_is_rejected_with_a_reason(pair: tuple[Path, Path]) -> None:
    lines = (pair[0] / "rejected.jsonl").read_text().splitlines()
    reasons = {line["file"]: line["reason"] for line in map(json.loads, lines)}
    assert reasons == {
        "000006.png": "Black_Hair and Blond_Hair are both true, at most one can be (--exclusive)",
        "unlisted.png": "no line of --attributes_file names it",
    }


def test_attributes_and_emotions_are_two_data_sets(pair: tuple[Path, Path]) -> None:
    """As training on both at once reads them: vectors of one, numbers of the other."""
    infos = [DatasetInfo.load(path) for path in pair]
    assert [len(info.attributes or info.domains) for info in infos] == [4, 3]
    assert infos[1].domains == ("angry", "happy", "neutral")
    assert (infos[1].attributes, infos[1].exclusive, infos[1].positives) == ((), (), {})
    shapes = []
    for path in pair:
        data = eval_dataset(path, "train", img_size=32, batch_size=2)
        x, y = next(data.as_numpy_iterator())
        shapes.append((x.shape, y.shape, str(y.dtype)))
    assert shapes == [((2, 32, 32, 3), (2, 4), "float32"), ((2, 32, 32, 3), (2,), "int32")]


def test_splits_may_be_given(tmp_path: Path) -> None:
    folder = celeba(tmp_path, 6)
    for split in ("train", "val"):
        (folder / split).mkdir()
    for path in sorted(folder.glob("*.png")):
        path.rename(folder / ("val" if path.stem > "000004" else "train") / path.name)
    source = FolderSource(PrepareDataConfig(**settings(folder)))
    assert (source.splits, source.total) == (("train", "val"), 6)
    found = {name.split: name.name for chunk in source.chunks() for name in source.read(chunk)}
    assert found == {"train": "train/000004.png", "val": "val/000006.png"}


def test_another_list_is_another_data_set(tmp_path: Path) -> None:
    folder = celeba(tmp_path, 2)
    listed = (folder / "list_attr_celeba.txt").rename(tmp_path / "list.txt")
    config = PrepareDataConfig(**settings(folder, attributes_file=str(listed)))
    before = FolderSource.cache_key(config)
    assert FolderSource.cache_key(config) == before
    listed.write_text(listed.read_text() + "\n")
    assert FolderSource.cache_key(config) != before


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        ({"attributes_file": ""}, "Found --attributes=Male,.* expected both or neither"),
        ({"attributes": ()}, "Found --attributes= and --attributes_file=.*expected both"),
        ({"attributes_file": "nowhere"}, "--attributes_file=nowhere is not a file"),
        ({"attributes": ("Male", "Blonde_Hair")}, "'Blonde_Hair' in .*such as Blond_Hair"),
        ({"attributes": ("Male", "Male")}, "expected each attribute once: .* of Male"),
        ({"attributes": ("Male", " Young")}, "without spaces around them .*correct ' Young'"),
        ({"attributes": ("Male", "")}, "correct ''"),
        ({"attributes": ("Male=1",)}, "correct 'Male=1'"),
        ({"exclusive": ("Male",)}, "at least two names in each group"),
        ({"exclusive": ("Male/Yung",)}, "'Yung' in --exclusive, .*such as Young"),
        ({"exclusive": ("Male/Young", "Male/Black_Hair")}, "each name once: .* of the Male"),
    ],
)
def test_unfit_settings_are_explained(
    tmp_path: Path, others: dict[str, object], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        check(celeba(tmp_path, 2), **others)


def test_exclusive_without_attributes_is_explained() -> None:
    with pytest.raises(UserError, match="Found --exclusive=Male/Young without attributes"):
        sources.validate(PrepareDataConfig(input_dir=".", exclusive=("Male/Young",)))


def test_folders_among_the_images_are_explained(tmp_path: Path) -> None:
    folder = celeba(tmp_path, 2)
    makers.folder(folder, {"more": 1})
    with pytest.raises(UserError, match="Found the folder .*more, expected only images beside"):
        check(folder)


def test_images_of_another_list_are_explained(tmp_path: Path) -> None:
    folder = celeba(tmp_path / "other", 2)
    images = makers.folder(tmp_path, {"images": 3}) / "images"
    with pytest.raises(UserError, match="none of the 3 images, such as 000.png, in .*list_attr"):
        check(folder, input_dir=str(images))


@pytest.mark.parametrize(
    ("exclusive", "attributes", "groups"),
    [
        ((), ("Male", "Gray_Hair", "Black_Hair"), (("Gray_Hair", "Black_Hair"),)),
        ((), ("Male", "Black_Hair"), ()),
        (("none",), ("Gray_Hair", "Black_Hair"), ()),
        (("b/a", "d/c"), ("a", "b", "c", "d"), (("a", "b"), ("c", "d"))),
    ],
)
def test_groups_are_colours_of_hair_unless_named(
    exclusive: tuple[str, ...], attributes: tuple[str, ...], groups: tuple[tuple[str, ...], ...]
) -> None:
    assert exclusive_groups(exclusive, attributes) == groups


def test_attributes_that_never_change_are_told(capfd: pytest.CaptureFixture[str]) -> None:
    warn_of_constants({"train": {"Bald": 0, "Male": 9, "Young": 3}}, {"train": {"all": 9}})
    assert capfd.readouterr().err.splitlines() == [
        "warning: Bald is true of none of the 9 train images",
        "warning: Male is true of all of the 9 train images",
    ]
