"""ML Metadata: where it is kept, and what it says about the latest execution of a node."""

import os
from pathlib import Path
from typing import NamedTuple

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2 as pb
from tfx import v1 as tfx

from pipeline.config import PipelineConfig
from stargan_tf.config.settings import check
from stargan_tf.errors import UserError

PASSWORD_VARIABLE = "STARGAN_TF_MYSQL_PASSWORD"
SQLITE_FILE = "metadata.db"
_OUTPUTS = (pb.Event.OUTPUT, pb.Event.DECLARED_OUTPUT, pb.Event.INTERNAL_OUTPUT)


class Execution(NamedTuple):
    """One execution of a node.

    Attributes:
      number: its ID.
      state: such as COMPLETE, CACHED, FAILED or RUNNING.
      outputs: artifacts by key.
    """

    number: int
    state: str
    outputs: dict[str, list[pb.Artifact]]

    def uri(self, key: str) -> Path | None:
        """Where the output `key` lies, None when there is none."""
        artifacts = self.outputs.get(key)
        return Path(artifacts[0].uri) if artifacts else None

    def number_property(self, key: str, name: str) -> int:
        """An integer property of the output `key`; 0 when there is none."""
        artifacts = self.outputs.get(key)
        return artifacts[0].custom_properties[name].int_value if artifacts else 0

    def text_property(self, key: str, name: str) -> str:
        """A property of the output `key` that is text; empty when there is none."""
        artifacts = self.outputs.get(key)
        return artifacts[0].custom_properties[name].string_value if artifacts else ""


def connection_config(config: PipelineConfig) -> pb.ConnectionConfig:
    """Says where the metadata is kept: in the pipeline root, or on a MySQL server.

    Raises:
      UserError: a server is named, but no password.
    """
    server = config.mysql_server
    if server is None:
        file = Path(config.pipeline_root).absolute() / SQLITE_FILE
        return tfx.orchestration.metadata.sqlite_metadata_connection_config(str(file))
    password = os.environ.get(PASSWORD_VARIABLE)
    check(
        password is not None,
        f"Found --mysql but no {PASSWORD_VARIABLE} in the environment, expected the password of "
        f"{server.user} there: set it (an empty one is fine if the server takes it).",
    )
    return tfx.orchestration.metadata.mysql_metadata_connection_config(
        server.host, server.port, server.database, server.user, password
    )


def open_store(connection: pb.ConnectionConfig) -> mlmd.MetadataStore:
    """Opens the metadata, creating it if need be.

    Raises:
      UserError: it cannot be opened.
    """
    try:
        return mlmd.MetadataStore(connection)
    except Exception as error:  # whatever the database's library says
        where = connection.mysql.host or connection.sqlite.filename_uri
        reason = " ".join(str(error).split())
        raise UserError(
            f"The metadata at {where} cannot be opened ({reason}): check that the server runs, "
            "the database exists and the password is right, or that the file is whole."
        ) from error


def latest_execution(store: mlmd.MetadataStore, pipeline: str, node: str) -> Execution | None:
    """The newest execution of a node, None when it never ran."""
    context = store.get_context_by_type_and_name("node", f"{pipeline}.{node}")
    executions = store.get_executions_by_context(context.id) if context else []
    if not executions:
        return None
    newest = max(executions, key=lambda execution: execution.id)
    state = pb.Execution.State.Name(newest.last_known_state)
    return Execution(newest.id, state, _outputs(store, newest.id))


def cancel_running(store: mlmd.MetadataStore, pipeline: str, node: str) -> list[int]:
    """Notes that executions which still count as running were cancelled; returns their IDs."""
    context = store.get_context_by_type_and_name("node", f"{pipeline}.{node}")
    executions = store.get_executions_by_context(context.id) if context else []
    running = [e for e in executions if e.last_known_state == pb.Execution.RUNNING]
    for execution in running:
        execution.last_known_state = pb.Execution.CANCELED
    if running:
        store.put_executions(running)
    return [execution.id for execution in running]


def _outputs(store: mlmd.MetadataStore, execution: int) -> dict[str, list[pb.Artifact]]:
    keys = {
        event.artifact_id: event.path.steps[0].key
        for event in store.get_events_by_execution_ids([execution])
        if event.type in _OUTPUTS and event.path.steps
    }
    outputs: dict[str, list[pb.Artifact]] = {}
    for artifact in store.get_artifacts_by_id(list(keys)):
        outputs.setdefault(keys[artifact.id], []).append(artifact)
    return outputs
