from pathlib import Path

import pytest

from pipeline.config import PipelineConfig
from pipeline.metadata import cancel_running, connection_config, latest_execution, open_store
from stargan_tf.errors import UserError
from tests.pipeline.records import PIPELINE, new_store, record

MYSQL = PipelineConfig(mysql="me@db.example.org:3307/mlmd")


def test_sqlite_lies_in_the_pipeline_root(tmp_path: Path) -> None:
    connection = connection_config(PipelineConfig(pipeline_root=str(tmp_path / "root")))
    assert connection.sqlite.filename_uri == str(tmp_path / "root" / "metadata.db")
    open_store(connection)
    assert (tmp_path / "root" / "metadata.db").exists()


def test_mysql_gets_its_password_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STARGAN_TF_MYSQL_PASSWORD", "secret")
    mysql = connection_config(MYSQL).mysql
    assert (mysql.host, mysql.port, mysql.database) == ("db.example.org", 3307, "mlmd")
    assert (mysql.user, mysql.password) == ("me", "secret")


def test_mysql_without_a_password_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STARGAN_TF_MYSQL_PASSWORD", raising=False)
    with pytest.raises(UserError, match="no STARGAN_TF_MYSQL_PASSWORD in the environment"):
        connection_config(MYSQL)


def test_metadata_that_is_none_is_explained(tmp_path: Path) -> None:
    (tmp_path / "metadata.db").write_text("no database\n" * 100)
    connection = connection_config(PipelineConfig(pipeline_root=str(tmp_path)))
    with pytest.raises(UserError, match=f"metadata at {tmp_path}/metadata.db cannot be opened"):
        open_store(connection)


def test_the_newest_execution_counts() -> None:
    store = new_store()
    assert latest_execution(store, PIPELINE, "Pusher") is None
    record(store, "Pusher", key="pushed_model", uri="/models/1", pushed=1)
    record(store, "Trainer", key="model", uri="/root/Trainer/model/2")
    number = record(store, "Pusher", "CACHED", "pushed_model", "/models/3", pushed=1, note="new")
    execution = latest_execution(store, PIPELINE, "Pusher")
    assert (execution.number, execution.state) == (number, "CACHED")
    assert execution.uri("pushed_model") == Path("/models/3")
    assert execution.number_property("pushed_model", "pushed") == 1
    assert execution.text_property("pushed_model", "note") == "new"


def test_what_is_not_there_is_nothing() -> None:
    store = new_store()
    record(store, "AnomalyGate")
    execution = latest_execution(store, PIPELINE, "AnomalyGate")
    assert execution.uri("examples") is None
    assert execution.number_property("blessing", "blessed") == 0
    assert execution.text_property("blessing", "reasons") == ""


def test_an_interrupt_cancels_what_was_running() -> None:
    store = new_store()
    record(store, "Trainer", "FAILED")
    number = record(store, "Trainer", "RUNNING")
    assert cancel_running(store, PIPELINE, "Trainer") == [number]
    assert latest_execution(store, PIPELINE, "Trainer").state == "CANCELED"
    assert cancel_running(store, PIPELINE, "Trainer") == []
    assert cancel_running(store, PIPELINE, "Pusher") == []
