"""ML Metadata: where it is kept, and how a stopped run is noted in it."""

import os
from pathlib import Path

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2 as pb
from tfx import v1 as tfx

from pipeline.config import PipelineConfig
from stargan_tf.config.settings import check
from stargan_tf.errors import UserError, disk_full

PASSWORD_VARIABLE = "STARGAN_TF_MYSQL_PASSWORD"
SQLITE_FILE = "metadata.db"


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
      UserError: it cannot be opened, or there is no room on the disk.
    """
    try:
        return mlmd.MetadataStore(connection)
    except Exception as error:  # whatever the database's library says
        where = connection.mysql.host or connection.sqlite.filename_uri
        if full := disk_full(error, where):
            raise full from error
        reason = " ".join(str(error).split())
        raise UserError(
            f"The metadata at {where} cannot be opened ({reason}): check that the server runs, "
            "the database exists and the password is right, or that the file is whole."
        ) from error


def executions_of(store: mlmd.MetadataStore, pipeline: str, node: str) -> list[pb.Execution]:
    """All executions of a node, in no order."""
    context = store.get_context_by_type_and_name("node", f"{pipeline}.{node}")
    return store.get_executions_by_context(context.id) if context else []


def cancel_running(store: mlmd.MetadataStore, pipeline: str, node: str) -> list[int]:
    """Notes that executions which still count as running were cancelled; returns their IDs."""
    running = [
        execution
        for execution in executions_of(store, pipeline, node)
        if execution.last_known_state == pb.Execution.RUNNING
    ]
    for execution in running:
        execution.last_known_state = pb.Execution.CANCELED
    if running:
        store.put_executions(running)
    return [execution.id for execution in running]
