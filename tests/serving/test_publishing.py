import pytest

from stargan_tf.errors import UserError
from stargan_tf.serving.publishing import next_version, versions, written_beside


def test_versions_are_whole_numbers_alone(tmp_path):
    for name in ("1", "12", "3", "tflite", ".4.partial.x", "x5", "-6", "７"):
        (tmp_path / name).mkdir()
    (tmp_path / "99").write_text("a file")
    assert versions(tmp_path) == [1, 3, 12]
    assert versions(tmp_path / "missing") == []


def test_next_version_counts_both_formats(tmp_path):
    assert next_version(tmp_path / "new") == 1
    (tmp_path / "2").mkdir()
    assert next_version(tmp_path) == 3
    (tmp_path / "tflite" / "5").mkdir(parents=True)
    assert next_version(tmp_path) == 6


def test_folder_appears_whole(tmp_path):
    with written_beside(tmp_path / "model" / "1") as partial:
        (partial / "a").write_text("a")
        assert not (tmp_path / "model" / "1").exists()
        assert versions(tmp_path / "model") == []
    assert (tmp_path / "model" / "1" / "a").read_text() == "a"
    assert (tmp_path / "model" / "1").stat().st_mode & 0o777 == 0o755
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["1"]


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
def test_nothing_stays_of_a_failure(tmp_path, kind):
    with pytest.raises(kind), written_beside(tmp_path / "1") as partial:
        (partial / "a").write_text("a")
        raise kind
    assert not list(tmp_path.iterdir())


def test_somebody_was_faster(tmp_path):
    with pytest.raises(UserError, match="written by another export meanwhile"):
        with written_beside(tmp_path / "1") as partial:
            (partial / "a").write_text("ours")
            (tmp_path / "1").mkdir()
            (tmp_path / "1" / "b").write_text("theirs")
    assert [path.name for path in tmp_path.rglob("*")] == ["1", "b"]
