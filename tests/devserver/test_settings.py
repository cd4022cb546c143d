"""TensorFlow Serving's configuration files."""

import pytest

from stargan_tf.devserver.discovery import ModelSettings
from stargan_tf.devserver.settings import read_models
from stargan_tf.errors import UserError


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "some.config"
        path.write_text(text)
        return path

    return write


def model(text="", name="m", base_path="/models/m", more=""):
    config = f'config {{ name: "{name}" base_path: "{base_path}" {text} }}'
    return f"model_config_list {{ {config} {more} }}"


def refusal(read, *arguments):
    with pytest.raises(UserError) as caught:
        read(*arguments)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("", {}),
        ("model_version_policy { latest { num_versions: 3 } }", {"latest": 3}),
        ("model_version_policy { latest { } }", {}),
        ("model_version_policy { all { } }", {"latest": 0}),
        (
            "model_version_policy { specific { versions: 4 versions: 2 } }",
            {"specific": (4, 2)},
        ),
    ],
)
def test_policies(write, tmp_path, text, settings):
    (tmp_path / "m").mkdir()
    expected = ModelSettings("m", tmp_path / "m", **settings)
    assert read_models(write(model(text)), tmp_path) == [expected]


def test_labels_and_several_models(write, tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "here").mkdir()
    labels = 'model_platform: "tensorflow" version_labels { key: "stable" value: 2 }'
    other = f'config {{ name: "n" base_path: "{tmp_path / "here"}" }}'
    path = write(model(labels, more=other))
    assert read_models(path, tmp_path) == [
        ModelSettings("m", tmp_path / "m", labels={"stable": 2}),
        ModelSettings("n", tmp_path / "here"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no models"),
        ("model_config_list {\n config {\n  nam: 'x'\n }\n}", "line 3 is no ModelServerConfig"),
        ("model_config_list {\n config {", "line 2"),
        (model(name=""), "''"),
        (model(base_path=""), "''"),
        (model(more='config { name: "m" base_path: "/models/m" }'), "of its own"),
        (model("model_platform: 'other'"), "'other'"),
        (model("model_version_policy { specific { } }"), "specific"),
        (model(base_path="/models/lost"), "lost is a folder"),
        ("model_config_list: 5", "line 1"),
    ],
)
def test_bad_model_files(write, tmp_path, text, words):
    (tmp_path / "m").mkdir()
    path = write(text)
    sentence = refusal(read_models, path, tmp_path)
    assert words in sentence and str(path) in sentence and "\n" not in sentence


def test_files_that_cannot_be_read(tmp_path):
    assert "cannot be read" in refusal(read_models, tmp_path / "missing", tmp_path)
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in refusal(read_models, binary, tmp_path)
