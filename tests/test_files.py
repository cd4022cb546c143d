import pytest

from stargan_tf.errors import UserError
from stargan_tf.files import folder_written_whole, read_json, write_text, written_whole


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


@pytest.mark.parametrize("text", ["{", "[1]", "", "\xff"])
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
