"""Executions as TFX records them."""

from pathlib import Path
from typing import Any

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2 as pb

PIPELINE = "stargan"


def new_store() -> mlmd.MetadataStore:
    connection = pb.ConnectionConfig()
    connection.fake_database.SetInParent()
    return mlmd.MetadataStore(connection)


def record(
    store: mlmd.MetadataStore,
    node: str,
    state: str = "COMPLETE",
    key: str = "",
    uri: Path | str = "",
    **properties: Any,
) -> int:
    """Adds an execution with one output, or none; returns its ID."""
    kind = store.put_execution_type(pb.ExecutionType(name=node))
    execution = pb.Execution(type_id=kind, last_known_state=pb.Execution.State.Value(state))
    context_type = store.put_context_type(pb.ContextType(name="node"))
    context = pb.Context(type_id=context_type, name=f"{PIPELINE}.{node}")
    outputs = []
    if key:
        artifact = pb.Artifact(
            type_id=store.put_artifact_type(pb.ArtifactType(name=f"{node}.{key}")), uri=str(uri)
        )
        for name, value in properties.items():
            field = "int_value" if isinstance(value, int) else "string_value"
            setattr(artifact.custom_properties[name], field, value)
        event = pb.Event(type=pb.Event.OUTPUT)
        event.path.steps.add().key = key
        outputs.append((artifact, event))
    number, _, _ = store.put_execution(
        execution, outputs, [context], reuse_context_if_already_exist=True
    )
    return number
