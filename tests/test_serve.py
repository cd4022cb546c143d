"""python -m stargan_tf.serve, as a user runs it."""

import contextlib
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import grpc
import pytest
import requests
from tensorflow_serving.apis import prediction_service_pb2_grpc

from tests.devserver import stand_ins
from tests.devserver.requests_of import echo_request, echoes
from tests.waiting import until

COMMAND = [sys.executable, "-m", "stargan_tf.serve"]
FREE = ["--port=0", "--rest_api_port=0"]


def run(*arguments):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=60
    )


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    stand_ins.export(root, 1)
    stand_ins.export(root, 2)
    return root


class Process:
    """The command, once it answers."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line.strip())
            if line.startswith("REST on "):
                break
        assert self.lines and self.lines[-1].startswith("REST on "), self.process.stderr.read()
        self.grpc = re.fullmatch(r"gRPC on (127\.0\.0\.1:\d+)", self.lines[-2])[1]
        self.rest = re.fullmatch(r"REST on (http://127\.0\.0\.1:\d+)", self.lines[-1])[1]

    def get(self, path):
        return requests.get(self.rest + path, timeout=30)

    def stop(self, kind=signal.SIGTERM):
        self.process.send_signal(kind)
        output, error = self.process.communicate(timeout=30)
        return self.process.returncode, output, error


@contextlib.contextmanager
def served(*arguments):
    process = Process(*arguments)
    try:
        yield process
    finally:
        if process.process.poll() is None:
            process.process.kill()
            process.process.communicate()


def assert_error(result, *words):
    """One sentence on stderr, and no success."""
    assert result.returncode == 1
    assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1, result.stderr
    for word in words:
        assert str(word) in result.stderr


def test_help_is_quick_and_teaches():
    start = time.monotonic()
    result = run("--help")
    assert result.returncode == 0
    assert time.monotonic() - start < 3  # TensorFlow alone takes longer
    for flag in ("models_dir", "port", "rest_api_port", "model_config_file", "host"):
        assert f"--{flag}" in result.stdout
    help_text = " ".join(result.stdout.split())
    assert "looked up as NAME in --models_dir" in help_text


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop(models, kind):
    with served(f"--models_dir={models}", *FREE) as process:
        assert "for development" in process.lines[0] and "TensorFlow Serving" in process.lines[0]
        assert re.fullmatch(
            r"echo version 2: 3 signatures, loaded .* in \d+\.\d s\.", process.lines[1]
        )
        assert process.get("/v1/models/echo").ok
        with grpc.insecure_channel(process.grpc) as channel:
            stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            response = stub.Predict(echo_request("a"), timeout=30)
        assert list(response.outputs["text_bytes"].string_val) == echoes(2, "a")
        status, output, error = process.stop(kind)
    assert status == 0 and error == ""
    assert output.startswith("Stopping")


def takes_signals(task):
    status = (task / "status").read_text(encoding="utf-8")
    return int(re.search(r"^SigBlk:\s*(\w+)", status, re.MULTILINE)[1], 16) == 0


@pytest.mark.slow
@pytest.mark.e2e
def test_a_signal_that_another_thread_takes_stops_it(models):
    with served(f"--models_dir={models}", *FREE) as process:
        leader = process.process.pid
        tasks = [task for task in Path(f"/proc/{leader}/task").iterdir() if takes_signals(task)]
        other = max(int(task.name) for task in tasks)
        assert other != leader
        assert ctypes.CDLL(None).tgkill(leader, other, signal.SIGINT) == 0
        output, _ = process.process.communicate(timeout=30)
    assert process.process.returncode == 0 and output.startswith("Stopping")


@pytest.mark.slow
@pytest.mark.e2e
def test_new_models_and_versions_are_found(models, tmp_path):
    shutil.copytree(models / "echo" / "1", tmp_path / "echo" / "1")
    with served(f"--models_dir={tmp_path}", *FREE) as process:
        shutil.copytree(models / "echo" / "2", tmp_path / "echo" / ".2")
        (tmp_path / "echo" / ".2").rename(tmp_path / "echo" / "2")
        shutil.copytree(models / "echo" / "1", tmp_path / "other" / ".1")
        (tmp_path / "other" / ".1").rename(tmp_path / "other" / "1")
        for path, version in (("echo", "2"), ("other", "1")):
            until(lambda path=path: process.get(f"/v1/models/{path}/metadata").ok)
            until(
                lambda path=path, version=version: process.get(
                    f"/v1/models/{path}/metadata"
                ).json()["model_spec"]["version"]
                == version
            )
        (tmp_path / "echo" / "3").mkdir()
        until(lambda: "3" in process.get("/v1/models/echo").text)
        status, output, error = process.stop()
    assert status == 0
    assert "echo version 1 was unloaded" in output
    assert "warning: echo version 3 failed" in error and error.count("\n") == 1


@pytest.mark.e2e
def test_with_the_model_config_file_of_tensorflow_serving(models, tmp_path):
    config = tmp_path / "models.config"
    entry = (
        'name: "echo" base_path: "/models/echo" model_version_policy { latest { num_versions: 2 } }'
    )
    label = 'version_labels { key: "stable" value: 1 }'
    config.write_text(f"model_config_list {{ config {{ {entry} {label} }} }}")
    with served(
        f"--models_dir={models}",
        f"--model_config_file={config}",
        *FREE,
    ) as process:
        spec = process.get("/v1/models/echo/labels/stable/metadata").json()["model_spec"]
        assert spec["version"] == "1"
        assert process.get("/monitoring/prometheus/metrics").ok
        config.write_text("model_config_list { config { nam")
        config.write_text(f"model_config_list {{ config {{ {entry} }} }}")
        until(lambda: process.get("/v1/models/echo/labels/stable").status_code == 400)
        assert process.get("/v1/models/echo").ok
        assert process.stop()[0] == 0


@pytest.mark.e2e
def test_one_model_under_a_name_of_its_own(models):
    base_path = models / "echo"
    with served("--model_name=mine", f"--model_base_path={base_path}", *FREE) as process:
        assert process.get("/v1/models/mine").ok
        assert process.get("/v1/models/echo").status_code == 404


@pytest.mark.e2e
def test_nothing_can_be_loaded(tmp_path):
    (tmp_path / "m" / "1").mkdir(parents=True)
    result = run(f"--models_dir={tmp_path}", *FREE)
    assert result.returncode == 1
    warning, error = result.stderr.splitlines()
    assert warning.startswith("warning: m version 1 failed") and "saved_model.pb" in warning
    assert error.startswith("error: None of the models could be loaded (m)")


def test_mistakes_are_found_without_loading_anything(models, tmp_path):
    bad = tmp_path / "bad.config"
    bad.write_text("model_config_list {\n  config {\n    nam: 'x'\n  }\n}\n")
    (tmp_path / "empty").mkdir()
    for arguments, words in (
        ([f"--models_dir={tmp_path / 'missing'}"], "does not exist"),
        ([f"--models_dir={tmp_path / 'empty'}"], "holds no models"),
        ([f"--models_dir={models}", "--model_name=other"], "other"),
        ([f"--models_dir={models}", f"--model_config_file={bad}"], f"{bad} line 3"),
        ([f"--models_dir={models}", "--port=99999"], "--port=99999"),
        ([f"--models_dir={models}", "--host=no.such.host.invalid", *FREE], "no.such.host.invalid"),
    ):
        start = time.monotonic()
        assert_error(run(*arguments), words)
        assert time.monotonic() - start < 3


@pytest.mark.parametrize("flag", ["port", "rest_api_port"])
def test_a_port_that_is_taken(models, flag):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        other = "rest_api_port" if flag == "port" else "port"
        result = run(f"--models_dir={models}", f"--{flag}={port}", f"--{other}=0")
    assert_error(result, f"--{flag}={port}", "in use")


@pytest.mark.e2e
def test_it_can_be_stopped_while_it_starts(models):
    process = subprocess.Popen(
        [*COMMAND, f"--models_dir={models}", *FREE],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert "for development" in process.stdout.readline()
    process.terminate()
    output, error = process.communicate(timeout=30)
    assert process.returncode == 0 and error == ""
    assert output.startswith("Stopping") and "gRPC on" not in output


# As when the signal comes while a package that is imported makes a class from text.
STOPPED_IN_CODE_FROM_TEXT = """
import os, signal
from stargan_tf import flags, serve
from stargan_tf.config.serve import ServeConfig

def say(line):
    if "for development" in line:
        exec("os.kill(os.getpid(), signal.SIGTERM)\\nfor _ in range(10_000): pass")

serve.say = say
flags.define(ServeConfig)
flags.run(serve.main)
"""


@pytest.mark.e2e
def test_it_can_be_stopped_within_code_that_python_runs_from_text(models, tmp_path):
    (tmp_path / "stopped.py").write_text(STOPPED_IN_CODE_FROM_TEXT)
    result = subprocess.run(
        [sys.executable, "-m", "stopped", f"--models_dir={models}"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.returncode, result.stderr) == (0, "")
