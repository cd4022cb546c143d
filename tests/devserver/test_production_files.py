"""serving/: what TensorFlow Serving is started with, read as far as that goes without it."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from stargan_tf.config.serve import ServeConfig
from stargan_tf.devserver import metrics
from stargan_tf.devserver.settings import read_models
from tests.devserver.serving_messages import message_of
from tests.source_tree import ROOT

FOLDER = ROOT / "serving"
README = (FOLDER / "README.md").read_text()
COMPOSE = yaml.safe_load((FOLDER / "docker-compose.yaml").read_text())
SERVING = COMPOSE["services"]["serving"]
PROMETHEUS = COMPOSE["services"]["prometheus"]
# Flags of tensorflow_model_server 2.15 that the development server has not.
ONLY_REAL = {
    "model_config_file_poll_wait_seconds",
    "allow_version_labels_for_unavailable_models",
    "enable_batching",
    "batching_parameters_file",
    "monitoring_config_file",
}


def flags():
    return dict(argument.removeprefix("--").split("=") for argument in SERVING["command"])


def mounts(service):
    """Host path by path in the container; all are read-only."""
    found = {}
    for mount in service["volumes"]:
        host, inside, mode = mount.split(":")
        assert mode == "ro"
        found[inside] = (FOLDER / host).resolve()
    return found


def test_images_are_pinned():
    assert SERVING["image"] == "tensorflow/serving:2.15.1"
    for service in COMPOSE["services"].values():
        assert re.fullmatch(r"[\w/]+:v?\d+\.\d+\.\d+", service["image"])
        assert service["restart"] == "unless-stopped"


def test_the_version_is_that_of_the_library():
    assert "tensorflow-serving-api==2.15.1" in (ROOT / "requirements.txt").read_text()


def test_mounts_exist():
    assert mounts(SERVING)["/models"] == ROOT / "saved_models"
    for service in (SERVING, PROMETHEUS):
        for path in mounts(service).values():
            assert path.exists(), path


def test_flags_name_mounted_files_and_are_known():
    known = set(ServeConfig.__dataclass_fields__) | ONLY_REAL
    assert set(flags()) <= known
    files = {value for name, value in flags().items() if name.endswith("_file")}
    assert len(files) == 3
    # Of a file that is mounted alone, the container would go on with what it was at the start.
    folder = mounts(SERVING)["/config"]
    for file in files:
        assert (folder / Path(file).relative_to("/config")).is_file()
    assert flags()["enable_batching"] == "true"


def test_ports_are_those_of_the_development_server():
    defaults = ServeConfig()
    assert SERVING["ports"] == [
        f"127.0.0.1:{port}:{port}" for port in (defaults.port, defaults.rest_api_port)
    ]


def test_models(tmp_path):
    (tmp_path / "portraits_64").mkdir()
    (model,) = read_models(FOLDER / "models.config", tmp_path)
    assert model.name == "portraits_64"
    assert (model.latest, model.specific) == (2, ())
    assert model.labels == {"stable": 1}
    assert '"/models/portraits_64"' in (FOLDER / "models.config").read_text()


def test_batching():
    parameters = message_of("BatchingParameters", FOLDER / "batching.config")
    values = {field.name: value.value for field, value in parameters.ListFields()}
    assert values.pop("max_batch_size") == 16
    assert set(values) == {"batch_timeout_micros", "max_enqueued_batches", "num_batch_threads"}
    assert min(values.values()) > 0


def test_prometheus_asks_where_the_server_answers():
    config = yaml.safe_load((FOLDER / "prometheus.yaml").read_text())
    (job,) = config["scrape_configs"]
    monitoring = message_of("MonitoringConfig", FOLDER / "monitoring.config").prometheus_config
    assert monitoring.enable
    assert job["metrics_path"] == monitoring.path == metrics.PATH
    assert job["static_configs"] == [{"targets": ["serving:8501"]}]
    assert PROMETHEUS["profiles"] == ["monitoring"]
    assert list(mounts(PROMETHEUS).values()) == [FOLDER / "prometheus.yaml"]


@pytest.mark.parametrize(("model", "healthy"), [("portraits_64", True), ("other", False)])
def test_the_health_check_asks_a_server(client, model, healthy):
    """The very command, but for port and model; it needs nothing but bash and grep."""
    kind, program, option, script = SERVING["healthcheck"]["test"]
    assert (kind, program, option) == ("CMD", "bash", "-c")
    name = "echo" if healthy else "nobody"
    script = script.replace("8501", str(client.server.rest_port)).replace("portraits_64", name)
    result = subprocess.run([program, option, script], timeout=30, capture_output=True)
    assert (result.returncode == 0) == healthy


def test_the_health_check_fails_without_a_server():
    script = SERVING["healthcheck"]["test"][3].replace("8501", "1")
    assert subprocess.run(["bash", "-c", script], capture_output=True).returncode != 0


def test_the_readmes_commands_for_the_development_server_are_right():
    text = README.replace("\\\n", " ")
    commands = [line.strip() for line in text.splitlines() if "-m stargan_tf.serve" in line]
    assert commands
    for command in commands:
        arguments = [word for word in shlex.split(command) if word.startswith("--")]
        for argument in arguments:
            name, _, value = argument.removeprefix("--").partition("=")
            assert name in ServeConfig.__dataclass_fields__
            if name.endswith("_file"):
                assert (ROOT / value).is_file()
