"""Which versions of a model are seen and chosen."""

import pytest

from stargan_tf.devserver import discovery
from stargan_tf.devserver.discovery import ModelSettings, find_models, find_versions


def test_versions_are_folders_with_whole_numbers(tmp_path):
    for name in ("1", "20", "007", ".3.partial", "3.5", "-4", "tflite", "²", "9" * 30):
        (tmp_path / name).mkdir()
    (tmp_path / "5").write_text("a file")
    assert find_versions(tmp_path) == {
        1: tmp_path / "1",
        7: tmp_path / "007",
        20: tmp_path / "20",
    }


@pytest.mark.parametrize(
    ("settings", "chosen"),
    [
        ({}, {9}),
        ({"latest": 2}, {5, 9}),
        ({"latest": 7}, {1, 5, 9}),
        ({"latest": 0}, {1, 5, 9}),
        ({"specific": (1, 6)}, {1}),
    ],
)
def test_policies(tmp_path, settings, chosen):
    model = ModelSettings("m", tmp_path, **settings)
    assert model.choose({5, 1, 9}) == chosen
    assert model.choose(set()) == set()


def test_a_folder_that_cannot_be_read_hides_no_other(tmp_path, monkeypatch):
    """Such as lost+found of a disk."""
    for name in ("a/1", "lost+found/1"):
        (tmp_path / name).mkdir(parents=True)

    def closed(path):
        if path.name == "lost+found":
            raise PermissionError(path)
        return find_versions(path)

    monkeypatch.setattr(discovery, "find_versions", closed)
    assert [model.name for model in find_models(tmp_path)] == ["a"]


def test_models_are_folders_with_versions(tmp_path):
    for name in ("b/1", "a/2", "empty", "notes/tflite", ".hidden/1"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "README.md").write_text("no model")
    assert [(m.name, m.base_path) for m in find_models(tmp_path)] == [
        ("a", tmp_path / "a"),
        ("b", tmp_path / "b"),
    ]
