"""Runs that come to no good end, with TFX's own runner and metadata."""

import dataclasses
import io
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
from tfx import v1 as tfx
from tfx.dsl.components.base.base_node import BaseNode

from pipeline import local_run, run_local
from pipeline.config import PipelineConfig
from pipeline.history import Execution, History
from pipeline.local_run import (
    copy_named_by_hash,
    run,
    with_infrastructure,
)
from pipeline.metadata import connection_config, open_store
from pipeline.options import Options
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.errors import UserError
from stargan_tf.locks import LOCK, exclusive_lock
from tests.pipeline import nodes


@pytest.fixture
def config(tmp_path: Path) -> PipelineConfig:
    return PipelineConfig(pipeline_root=str(tmp_path / "root"), infrastructure="canary")


@pytest.fixture
def console() -> io.StringIO:
    return io.StringIO()


def start(
    config: PipelineConfig,
    node: BaseNode,
    console: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> int:
    """Runs a pipeline of one component."""

    def create(
        config: PipelineConfig, *parts: object, metadata: object, schema_file: Path
    ) -> tfx.dsl.Pipeline:
        return tfx.dsl.Pipeline(
            pipeline_name=config.pipeline_name,
            pipeline_root=config.pipeline_root,
            components=[node],
            metadata_connection_config=metadata,
        )

    monkeypatch.setattr(local_run, "create_pipeline", create)
    return run(Options(config, PrepareDataConfig(), StarGANv2Settings()), console, Path("the.log"))


def latest(config: PipelineConfig, node: str) -> Execution:
    store = open_store(connection_config(config))
    return History(store).latest(config.pipeline_name, node)


def test_a_failure_is_one_sentence(
    config: PipelineConfig, console: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError) as raised:
        start(config, nodes.Broken(), console, monkeypatch)
    assert str(raised.value) == "Found nothing to eat. Everything is in the.log."
    assert console.getvalue().split()[::3] == ["Broken", "failed"]
    assert latest(config, "Broken").state == "FAILED"


def test_an_interrupt_leaves_nothing_half_done(
    config: PipelineConfig, console: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert start(config, nodes.Interrupted(), console, monkeypatch) == 128 + signal.SIGTERM
    line, last = console.getvalue().splitlines()
    assert line.split()[::3] == ["Interrupted", "stopped"]
    assert last == "Interrupted: the same command goes on from here."
    assert latest(config, "Interrupted").state == "CANCELED"
    assert not list(Path(config.pipeline_root).glob("Interrupted/model/*"))


def test_an_edited_schema_has_another_name(tmp_path: Path) -> None:
    schema = tmp_path / "schema.pbtxt"
    schema.write_text("feature {}")
    first = copy_named_by_hash(schema, tmp_path / "kept")
    assert copy_named_by_hash(schema, tmp_path / "kept") == first
    assert first.read_text() == "feature {}"
    schema.write_text("feature { }")
    second = copy_named_by_hash(schema, tmp_path / "kept")
    assert second != first and second.read_text() == "feature { }"


def test_only_one_run_at_a_time(
    config: PipelineConfig, console: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(config.pipeline_root)
    with exclusive_lock(root / LOCK, root, "run", "choose another"):
        with pytest.raises(UserError, match="another run at work in .*--pipeline_root"):
            start(config, nodes.Broken(), console, monkeypatch)
        assert [path.name for path in root.iterdir()] == [LOCK]


@pytest.mark.parametrize(
    ("kind", "answers", "chosen"),
    [
        ("auto", True, "docker"),
        ("auto", False, "canary"),
        ("canary", True, "canary"),
        ("docker", True, "docker"),
    ],
)
def test_docker_is_taken_where_it_answers(
    monkeypatch: pytest.MonkeyPatch, kind: str, answers: bool, chosen: str
) -> None:
    monkeypatch.setattr(local_run, "docker_answers", lambda: answers)
    monkeypatch.setattr(local_run, "missing_image", lambda tag: "")
    config = with_infrastructure(PipelineConfig(infrastructure=kind))
    assert config == PipelineConfig(infrastructure=chosen)


def test_docker_that_was_asked_for_must_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_run, "docker_answers", lambda: False)
    with pytest.raises(UserError, match="no Docker daemon answers"):
        with_infrastructure(PipelineConfig(infrastructure="docker"))


def test_an_image_that_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_run, "docker_answers", lambda: True)
    monkeypatch.setattr(local_run, "missing_image", lambda tag: "no route to host")
    assert with_infrastructure(PipelineConfig()).infrastructure == "canary"
    with pytest.raises(UserError, match=r"no image tensorflow/serving:2.15.1 \(no route to host\)"):
        with_infrastructure(PipelineConfig(infrastructure="docker"))


def parsed(monkeypatch: pytest.MonkeyPatch, config: PipelineConfig) -> None:
    """As if a command line had said this."""
    options = Options(config, PrepareDataConfig(), StarGANv2Settings())
    monkeypatch.setattr(run_local.options, "parse", lambda: options)
    monkeypatch.setattr(run_local.flags, "FLAGS", SimpleNamespace(verbose=True))
    monkeypatch.setattr(signal, "signal", lambda *handler: None)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_before_the_pipeline_runs(
    config: PipelineConfig,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
) -> None:
    """Such as while TFX is imported."""

    def interrupted(*arguments: object) -> int:
        raise KeyboardInterrupt(number)

    parsed(monkeypatch, config)
    monkeypatch.setattr(local_run, "run", interrupted)
    assert run_local.main([]) == 128 + number
    assert "Interrupted: the same command goes on from here." in capsys.readouterr().err


@pytest.mark.parametrize("name", ["pipeline_root", "push_dir"])
def test_buckets_are_no_folders(
    config: PipelineConfig, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    parsed(monkeypatch, dataclasses.replace(config, **{name: "gs://bucket/x"}))
    with pytest.raises(UserError, match=f"Found --{name}=gs://bucket/x, expected a folder of this"):
        run_local.main([])
