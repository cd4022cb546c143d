"""The lists of attributes: CelebA's text, CSV, and what can be wrong with them."""

from pathlib import Path

import pytest

from stargan_tf.data.sources.attribute_file import AttributeFile
from stargan_tf.errors import UserError

TEXT = """3
Black_Hair Blond_Hair Male
a.jpg  1 -1  1
b.jpg -1  1 -1
c.jpg -1 -1  1
"""
CSV = "image_id,Black_Hair,Blond_Hair,Male\na.jpg,1,-1,1\nb.jpg,-1,1,-1\nc.jpg,-1,-1,1\n"
VALUES = {"a.jpg": (1, 1), "b.jpg": (0, 0), "c.jpg": (1, 0)}  # Male, Black_Hair


def read(folder: Path, text: str, *wanted: str) -> AttributeFile:
    path = folder / "list.txt"
    path.write_bytes(text.encode())
    return AttributeFile(path, wanted or ("Male", "Black_Hair"))


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("-1", "0"),
        TEXT + "\n\n",
        CSV,
        "\ufeff" + CSV.replace("\n", "\r\n"),
        CSV.replace("-1", "0"),
        CSV.replace("a.jpg", '"a.jpg"'),
        CSV + ",,\n",
    ],
)
def test_text_and_csv_say_the_same(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text).match(["a.jpg", "b.jpg", "c.jpg"]) == VALUES


def test_names_with_spaces_and_signs_are_read(tmp_path: Path) -> None:
    text = TEXT.replace("a.jpg", "my 1 a.jpg").replace("b.jpg", "Zoe\u0308.jpg")
    found = read(tmp_path, text).match(["my 1 a.jpg", "Zo\u00eb.jpg", "c.jpg"])
    assert list(found.values()) == list(VALUES.values())


def test_another_ending_is_found_where_it_is_clear(tmp_path: Path) -> None:
    """CelebA's PNG archive goes with names in .jpg."""
    listed = read(tmp_path, TEXT.replace("c.jpg", "b.png"))
    assert listed.match(["a.png", "b.png", "b.webp"]) == {"a.png": (1, 1), "b.png": (1, 0)} | {
        "b.webp": ()
    }


def test_lines_without_images_are_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert read(tmp_path, TEXT).match(["b.jpg", "x.jpg"]) == {"b.jpg": (0, 0), "x.jpg": ()}
    assert "warning: not used: 2 lines of" in capfd.readouterr().err


def test_a_list_of_other_images_is_explained(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="none of the 2 images, such as x.jpg, .* lists a.jpg"):
        read(tmp_path, TEXT).match(["x.jpg", "y.jpg"])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Found  in the first line of .*expected the number of images"),
        ("3\n", "Found 3 in the first line"),
        ("a;b\n1;2\n", "Found a;b in the first line"),
        (TEXT.replace("3", "4", 1), "Found 3 images in .*, whose first line says 4"),
        (TEXT.replace("b.jpg -1  1 -1\n", ""), "Found 2 images in .*, whose first line says 3"),
        (TEXT.replace("b.jpg -1", "b.jpg"), "Found 2 values in line 4 of .*, expected 3"),
        (TEXT.replace("b.jpg -1", "b.jpg -1 1"), "Found 4 values in line 4 of .*, expected 3"),
        (CSV.replace("b.jpg,-1", "b.jpg"), "Found 2 values in line 3 of .*, expected 3"),
        (TEXT.replace("b.jpg -1  1 -1", "b.jpg -1  1 2"), "Found the value '2' of Male in line 4"),
        (CSV.replace("b.jpg,-1,1,-1", "b.jpg,-1,1,"), "Found the value '' of Male in line 3"),
        (TEXT.replace("b.jpg", "a.jpg"), "Found a second line for a.jpg in .*, line 4"),
        (TEXT.replace("Blond", "Black"), "Found an attribute twice in the header"),
        ("0\nBlack_Hair Male\n", "Found no images in"),
        ("image_id,Black_Hair,Male\n", "Found no images in"),
        ("image_id,Black_Hair,Male\na.jpg,1," + "1" * 140_000, "is not CSV after line"),
        ("image_id,Black_Hair," + "M" * 140_000, "The header of .* is not CSV"),
    ],
    ids=range(16),
)
def test_damaged_lists_are_explained(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        read(tmp_path, text)


def test_what_is_no_text_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(b"3\n\xff\xfe\x00")
    with pytest.raises(UserError, match="is not text, .*--attributes_file"):
        AttributeFile(path, ("Male",))


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("Blonde_Hair", "'Blonde_Hair' in --attributes, .*such as Blond_Hair"),
        ("male", "'male' in --attributes, .*such as Male"),
        ("Moustache", "which are Black_Hair, Blond_Hair, Male: correct"),
    ],
)
def test_an_unknown_attribute_is_explained(tmp_path: Path, wanted: str, sentence: str) -> None:
    for text in (TEXT, CSV):
        with pytest.raises(UserError, match=sentence):
            read(tmp_path, text, wanted)
