import os

import pytest

from stargan_tf.sampling import files as sampling_files
from stargan_tf.serving.client import ImageError
from stargan_tf.serving.client.files import distinct_names, files_of, translation_name, write_whole
from stargan_tf.serving.client.images import load_image


def test_a_file_or_the_visible_files_of_a_folder(tmp_path):
    for name in ("b.jpg", "a.png", ".hidden.png", "Thumbs.db", "desktop.ini", "._a.png"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    assert files_of(tmp_path) == [tmp_path / "a.png", tmp_path / "b.jpg"]
    assert files_of(tmp_path / "a.png") == [tmp_path / "a.png"]
    with pytest.raises(ImageError, match="no files directly in"):
        files_of(tmp_path / "folder")


def test_what_is_no_file_is_there_to_be_rejected(tmp_path):
    link, pipe = tmp_path / "link.png", tmp_path / "pipe.png"
    link.symlink_to("nowhere.png")
    os.mkfifo(pipe)
    assert files_of(tmp_path) == [link, pipe]
    for path, reason in ((link, "No such file"), (pipe, "not a file")):
        with pytest.raises(ImageError, match=f"{path.name} cannot be used .{reason}"):
            load_image(path)
    with pytest.raises(OSError):
        files_of(link)


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


@pytest.mark.parametrize("name", ["x" * 255, "x" * 251 + ".png", "개" * 83 + ".jpeg"], ids=range(3))
def test_every_legal_name_can_be_written(tmp_path, name):
    write_whole(tmp_path / name, b"whole")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_both_copies_name_alike():
    """The client cannot import the other; files of both may lie in one folder."""
    for source in ("a", *LONG):
        for style in ("seed7_0", "ref_" + "y" * 250):
            parts = (source, "dog", style, ".png")
            assert translation_name(*parts) == sampling_files.translation_name(*parts)
