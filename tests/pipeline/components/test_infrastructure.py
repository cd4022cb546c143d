import os
from pathlib import Path

import pytest
from tfx import v1 as tfx

from pipeline.components.infrastructure import (
    docker_answers,
    infrastructure_check,
    missing_image,
)

MODEL = tfx.dsl.Channel(type=tfx.types.standard_artifacts.Model)
EXAMPLES = tfx.dsl.Channel(type=tfx.types.standard_artifacts.Examples)


@pytest.mark.parametrize(("status", "answers"), [(0, True), (1, False)])
def test_docker_answers_when_its_daemon_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, answers: bool
) -> None:
    docker = tmp_path / "docker"
    docker.write_text(f"#!/bin/sh\nexit {status}\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert docker_answers() == answers


def test_without_docker_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not docker_answers()


@pytest.mark.parametrize(
    ("inspect", "pull", "said"), [(0, 1, ""), (1, 0, ""), (1, 1, "no route to host")]
)
def test_the_image_is_fetched_before_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inspect: int, pull: int, said: str
) -> None:
    docker = tmp_path / "docker"
    docker.write_text(
        f'#!/bin/sh\n[ "$1" = image ] && exit {inspect}\n'
        f'[ "$2" = tensorflow/serving:9.9.9 ] || exit 7\necho no route to host. >&2\nexit {pull}\n'
    )
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert missing_image("9.9.9") == said


def test_the_canary_gets_images_to_ask_with() -> None:
    check = infrastructure_check("canary", MODEL, EXAMPLES, "2.15.1")
    assert set(check.inputs) == {"model", "examples"}
    assert check.outputs["blessing"].type is tfx.types.standard_artifacts.InfraBlessing


def test_docker_starts_the_image_that_was_named() -> None:
    check = infrastructure_check("docker", MODEL, EXAMPLES, "9.9.9")
    assert isinstance(check, tfx.components.InfraValidator)
    assert '"tags": [\n      "9.9.9"' in check.exec_properties["serving_spec"]
    assert "local_docker" in check.exec_properties["serving_spec"]
    assert check.outputs["blessing"].type is tfx.types.standard_artifacts.InfraBlessing
