from pathlib import Path

import pytest

from stargan_tf.sampling.files import distinct_names, written_whole


def test_a_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "new" / "file.png"
    with written_whole(path) as temporary:
        temporary.write_text("contents")
        assert temporary.suffix == ".png" and not path.exists()
    assert path.read_text() == "contents"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_unfinished_file_leaves_nothing(tmp_path, error):
    path = tmp_path / "file.png"
    path.write_text("before")
    with pytest.raises(error), written_whole(path) as temporary:
        temporary.write_text("half")
        raise error
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["x/a.jpg", "x/b.png"], ["a", "b"]),
        (["a.jpg", "a.png", "b.png"], ["a_jpg", "a_png", "b"]),
        (["A.jpg", "a.png"], ["A_jpg", "a_png"]),
        (["x/a.jpg", "y/a.jpg"], ["a_jpg", "a_jpg_2"]),
        (["a.jpg", "a.png", "a_jpg.png"], ["a_jpg", "a_png", "a_jpg_2"]),
        (["my.holiday.jpg"], ["my.holiday"]),
    ],
)
def test_names_are_short_but_distinct(paths, expected):
    assert distinct_names([Path(path) for path in paths]) == expected
