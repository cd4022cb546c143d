import os

import pytest

from stargan_tf.serving.client import ImageError
from stargan_tf.serving.client.files import distinct_names, files_of, write_whole


def test_a_file_or_the_visible_files_of_a_folder(tmp_path):
    for name in ("b.jpg", "a.png", ".hidden.png", "Thumbs.db", "desktop.ini", "._a.png"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    assert files_of(tmp_path) == [tmp_path / "a.png", tmp_path / "b.jpg"]
    assert files_of(tmp_path / "a.png") == [tmp_path / "a.png"]
    with pytest.raises(ImageError, match="no files directly in"):
        files_of(tmp_path / "folder")


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["a.png", "b.jpg"], ["a", "b"]),
        (["a.jpg", "a.png", "b.c.png"], ["a_jpg", "a_png", "b.c"]),
        (["A.png", "a.jpg"], ["A_png", "a_jpg"]),
        (["x/a.png", "y/a.png"], ["a_png", "a_png_2"]),
        (
            ["a.png", "a.jpg", "a_png.gif", "a_png_2.gif"],
            ["a_png", "a_jpg", "a_png_2", "a_png_2_2"],
        ),
    ],
)
def test_names_are_distinct(tmp_path, files, names):
    assert distinct_names([tmp_path / file for file in files]) == names


def test_files_are_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "new" / "a.png"
    write_whole(path, b"first")

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, b"second")
    assert path.read_bytes() == b"first"
    assert list(path.parent.iterdir()) == [path]
