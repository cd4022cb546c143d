from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2 as pb

from pipeline.config import PipelineConfig
from pipeline.metadata import cancel_running, connection_config, executions_of, open_store
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


def test_an_interrupt_cancels_what_was_running() -> None:
    store = new_store()
    record(store, "Trainer", "FAILED")
    number = record(store, "Trainer", "RUNNING")
    assert cancel_running(store, PIPELINE, "Trainer") == [number]
    states = {each.last_known_state for each in executions_of(store, PIPELINE, "Trainer")}
    assert states == {pb.Execution.FAILED, pb.Execution.CANCELED}
    assert cancel_running(store, PIPELINE, "Trainer") == []
    assert cancel_running(store, PIPELINE, "Pusher") == []
