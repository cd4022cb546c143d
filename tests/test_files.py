import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stargan_tf.errors import UserError
from stargan_tf.files import (
    check_can_write,
    folder_written_whole,
    read_json,
    short_name,
    write_text,
    written_whole,
)


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


def test_text_is_written_whole(tmp_path):
    path = tmp_path / "config.json"
    path.write_text("old")
    write_text(path, "new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_could_not_be_written_stays_as_it_was(tmp_path):
    path = tmp_path / "config.json"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "new \ud800")
    assert path.read_text() == "old"


@pytest.mark.parametrize(
    "text", ["{", "[1]", "", "\xff", "[" * 100_000, '{"a": "\\ud800"}'], ids=range(6)
)
def test_a_file_that_holds_no_json_object_is_explained(tmp_path, text):
    path = tmp_path / "config.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UserError, match="config.json .*: restore it or start anew"):
        read_json(path)


def test_json_is_read_as_utf_8(tmp_path):
    write_text(tmp_path / "a.json", '{"name": "Ünal"}')
    assert read_json(tmp_path / "a.json") == {"name": "Ünal"}


def test_folder_appears_whole(tmp_path):
    with folder_written_whole(tmp_path / "model" / "1") as partial:
        (partial / "a").write_text("a")
        assert not (tmp_path / "model" / "1").exists()
        assert [path.name[0] for path in (tmp_path / "model").iterdir()] == ["."]
    assert (tmp_path / "model" / "1" / "a").read_text() == "a"
    assert (tmp_path / "model" / "1").stat().st_mode & 0o777 == 0o755
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["1"]


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
def test_nothing_stays_of_a_failure(tmp_path, kind):
    with pytest.raises(kind), folder_written_whole(tmp_path / "1") as partial:
        (partial / "a").write_text("a")
        raise kind
    assert not list(tmp_path.iterdir())


def test_nothing_stays_of_an_empty_folder(tmp_path):
    with folder_written_whole(tmp_path / "1"):
        pass
    assert not list(tmp_path.iterdir())


def test_somebody_was_faster(tmp_path):
    with pytest.raises(UserError, match="written by another process meanwhile"):
        with folder_written_whole(tmp_path / "1") as partial:
            (partial / "a").write_text("ours")
            (tmp_path / "1").mkdir()
            (tmp_path / "1" / "b").write_text("theirs")
    assert [path.name for path in tmp_path.rglob("*")] == ["1", "b"]


LONG = ["x" * 255, "x" * 251 + ".png", "개" * 83 + ".jpeg", "." + "x" * 254, "é.e" * 63]


@pytest.mark.parametrize("name", LONG, ids=range(5))
def test_every_legal_name_can_be_written(tmp_path, name):
    write_text(tmp_path / name, "whole")
    with folder_written_whole(tmp_path / "folders" / name) as partial:
        (partial / "a").touch()
    assert [path.name for path in (tmp_path / "folders").iterdir()] == [name]
    assert (tmp_path / name).read_text() == "whole"


@pytest.mark.parametrize("name", ["x" * 256, "개" * 200, "x" * 1000], ids=range(3))
@pytest.mark.parametrize("most", [16, 100, 255])
def test_names_are_cut_to_fit_and_stay_distinct(name, most):
    cut, other = short_name(name, most), short_name(name + "y", most)
    assert len(cut.encode()) <= most and len(other.encode()) <= most and cut != other
    assert name.startswith(cut[:-11]) and short_name(name, most) == cut
    assert short_name(name, len(name.encode())) == name


@pytest.mark.parametrize("name", ["a.png", "new/deep/a.png", "x" * 255], ids=range(3))
def test_checking_makes_nothing(tmp_path, name):
    check_can_write("out", tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_what_exists_may_be_written_again(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path / "file", tmp_path, "file", "new", "./new/x", "link"):
        check_can_write("out", path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/proc/a.png", "No such file or directory"),  # where not even root can write
        ("/proc/self/a/b.png", "No such file or directory"),
        ("x" * 256, "File name too long"),
        ("new/" + "개" * 86 + "/a.png", "File name too long"),
        ("file/a.png", "Not a directory"),
        ("file/new/a.png", "Not a directory"),
        ("loop/a.png", "Too many levels of symbolic links"),
    ],
    ids=range(7),
)
def test_where_nothing_can_be_written(tmp_path, monkeypatch, path, reason):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UserError) as error:
        check_can_write("out", path)
    assert str(error.value).startswith(f"--out={path} cannot be written ({reason})")


# Bytes that are no text come from the system as halves of characters.
CHARACTERS = st.characters(exclude_characters="/\0", exclude_categories=["Cs"])
FILE_NAME = st.text(CHARACTERS | st.sampled_from("\udc80\udcff"), max_size=300)


@given(FILE_NAME | FILE_NAME.map(lambda name: name * 9), st.integers(16, 300))
def test_any_name_is_made_to_fit(name, most_bytes):
    short = short_name(name, most_bytes)
    assert len(os.fsencode(short)) <= most_bytes
    assert (short == name) == (len(os.fsencode(name)) <= most_bytes)
    assert short_name(short, most_bytes) == short


@given(FILE_NAME, FILE_NAME, st.integers(0, 300))
def test_names_that_differ_in_their_ends_still_differ(first, second, length):
    names = {"x" * length + name for name in (first, second)}
    assert len({short_name(name, 40) for name in names}) == len(names)
