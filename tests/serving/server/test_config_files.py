"""TensorFlow Serving's configuration files."""

import pytest

from stargan_tf.errors import UserError
from stargan_tf.serving.server.config_files import (
    BatchingParameters,
    read_batching,
    read_models,
    read_monitoring,
)
from stargan_tf.serving.server.versions import ModelSettings, Policy


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
    ("text", "policy"),
    [
        ("", Policy()),
        ("model_version_policy { latest { num_versions: 3 } }", Policy(latest=3)),
        ("model_version_policy { latest { } }", Policy()),
        ("model_version_policy { all { } }", Policy(latest=0)),
        (
            "model_version_policy { specific { versions: 4 versions: 2 } }",
            Policy(specific=(4, 2)),
        ),
    ],
)
def test_policies(write, tmp_path, text, policy):
    (tmp_path / "m").mkdir()
    assert read_models(write(model(text)), tmp_path) == [ModelSettings("m", tmp_path / "m", policy)]


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


def test_batching(write):
    path = write(
        "max_batch_size { value: 16 }  # rows\nbatch_timeout_micros { value: 0 }\n"
        "max_enqueued_batches { value: 7 }\nnum_batch_threads { value: 3 }\n"
        "allowed_batch_sizes: 8\nallowed_batch_sizes: 16\npad_variable_length_inputs: true\n"
        'thread_pool_name { value: "x" }\nenable_large_batch_splitting { value: true }'
    )
    parameters, unused = read_batching(path)
    assert parameters == BatchingParameters(16, 0, 7, 3)
    assert unused == [
        "thread_pool_name",
        "allowed_batch_sizes",
        "pad_variable_length_inputs",
        "enable_large_batch_splitting",
    ]
    assert read_batching(write("")) == (BatchingParameters(), [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("max_batch_size: 16", "line 1 is no BatchingParameters"),
        ("max_batch_size { value: 1 }\n\nmax_bach_size { value: 16 }", "line 3"),
        ("max_batch_size { value: 0 }", "max_batch_size { value: 0 }, expected at least 1"),
        ("num_batch_threads { value: -1 }", "at least 1"),
        ("batch_timeout_micros { value: -1 }", "at least 0"),
        ("max_batch_size { value: 'x' }", "line 1"),
    ],
)
def test_bad_batching_files(write, text, words):
    sentence = refusal(read_batching, write(text))
    assert words in sentence and "\n" not in sentence


def test_monitoring(write):
    assert read_monitoring(write("")) is None
    assert read_monitoring(write("prometheus_config { enable: false path: '/m' }")) is None
    default = "/monitoring/prometheus/metrics"
    assert read_monitoring(write("prometheus_config { enable: true }")) == default
    assert read_monitoring(write("prometheus_config { enable: true path: '/m' }")) == "/m"
    assert "starts with /" in refusal(read_monitoring, write("prometheus_config { path: 'm' }"))
    assert "line 1" in refusal(read_monitoring, write("prometheus { }"))


def test_files_that_cannot_be_read(tmp_path):
    assert "cannot be read" in refusal(read_batching, tmp_path / "missing")
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in refusal(read_batching, binary)
