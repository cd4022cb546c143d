import random
from pathlib import Path

import pytest

from stargan_tf.sampling.files import distinct_names, translation_name


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["x/a.jpg", "x/b.png"], ["a", "b"]),
        (["a.jpg", "a.png", "b.png"], ["a_jpg", "a_png", "b"]),
        (["A.jpg", "a.png"], ["A_jpg", "a_png"]),
        (["x/a.jpg", "y/a.jpg"], ["a_jpg", "a_jpg_2"]),
        (["a.jpg", "a.png", "a_jpg.png"], ["a_jpg", "a_png", "a_jpg_2"]),
        (["my.holiday.jpg"], ["my.holiday"]),
        (
            ["a.jpg", "a.png", "a_jpg.webp", "a_jpg_2.webp"],
            ["a_jpg", "a_png", "a_jpg_2", "a_jpg_2_2"],
        ),
    ],
)
def test_names_are_short_but_distinct(paths, expected):
    assert distinct_names([Path(path) for path in paths]) == expected


def test_names_of_any_files_are_distinct():
    """Names that look like those that are made up, in all their combinations."""
    draw = random.Random(0)
    stems = [
        a + b + c for a in "aAb" for b in ("", "_jpg", "_png") for c in ("", "_2", "_2_2", "_3")
    ]
    files = [f"{folder}/{s}.{e}" for folder in "xy" for s in stems for e in ("jpg", "png", "JPG")]
    for _ in range(2000):
        paths = [Path(file) for file in draw.sample(files, draw.randint(1, 12))]
        names = distinct_names(paths)
        assert len(names) == len({name.lower() for name in names}) == len(paths), paths
        assert distinct_names(paths) == names


LONG = ("x" * 255, "개" * 85, "a" * 200, "b" * 100, "é" * 127)


@pytest.mark.parametrize("source", ["a", *LONG], ids=range(6))
@pytest.mark.parametrize("domain", ["cat", *LONG], ids=range(6))
@pytest.mark.parametrize("style", ["seed7_0", *(f"ref_{name}" for name in LONG)], ids=range(6))
def test_names_of_translations_fit(tmp_path, source, domain, style):
    name = translation_name(source, domain, style, ".png")
    assert len(name.encode()) <= 255 and name.endswith(".png")
    whole = f"{source}__to_{domain}__{style}.png"
    assert (name == whole) == (len(whole.encode()) <= 255)
    (tmp_path / name).touch()
    others = {
        translation_name(*parts, ".png")
        for parts in (
            (source + "y", domain, style),
            (source, domain + "y", style),
            (source, domain, style + "y"),
        )
    }
    assert len(others | {name}) == 4
    for part in (source, domain, style):
        assert part in name or len(part.encode()) > 80, "what is short stays readable"
