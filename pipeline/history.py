"""Asks ML Metadata which execution made which artifact."""

from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2 as pb

from pipeline.metadata import executions_of

_INPUTS = (pb.Event.INPUT, pb.Event.DECLARED_INPUT)
_MADE = (pb.Event.OUTPUT, pb.Event.DECLARED_OUTPUT)
_FOUND = pb.Event.INTERNAL_OUTPUT  # what a resolver gives: another execution made it
_BROKEN_OFF = (pb.Execution.FAILED, pb.Execution.CANCELED)


class Execution(NamedTuple):
    """One execution of a node of the pipeline.

    Attributes:
      node: its name.
      proto: as ML Metadata keeps it.
      outputs: artifacts by key, those that a resolver found or the cache gave among them.
    """

    node: str
    proto: pb.Execution
    outputs: dict[str, pb.Artifact]

    @property
    def state(self) -> str:
        """Such as COMPLETE, CACHED, FAILED or RUNNING."""
        return pb.Execution.State.Name(self.proto.last_known_state)

    def setting(self, name: str) -> Any:
        """Returns a setting of the component, None when it has none of that name."""
        return value_of(self.proto, name)

    def uri(self, key: str) -> Path | None:
        """Returns the path of the output `key`, None when there is none."""
        return Path(self.outputs[key].uri) if key in self.outputs else None

    def output_property(self, key: str, name: str) -> Any:
        """Returns a property of the output `key`, None when there is none."""
        return value_of(self.outputs[key], name) if key in self.outputs else None

    def record(self) -> dict[str, Any]:
        """Returns the node, the state, when the execution ran and for how long."""
        started, ended = self.proto.create_time_since_epoch, self.proto.last_update_time_since_epoch
        return {
            "node": self.node,
            "execution": self.proto.id,
            "state": self.state,
            "started": _time(started),
            "seconds": (ended - started) / 1000,
        }


class History:
    """Answers which execution made an artifact, and of what."""

    def __init__(self, store: mlmd.MetadataStore) -> None:
        """Asks nothing yet.

        Args:
          store: the metadata of the pipeline.
        """
        self._store = store

    def pushed(self) -> dict[str, pb.Artifact]:
        """Every model that was pushed, by its version, oldest first."""
        found = {
            value_of(artifact, "pushed_version"): artifact
            for artifact in self._store.get_artifacts_by_type("PushedModel")
            if value_of(artifact, "pushed") == 1
        }
        return dict(sorted(found.items(), key=lambda item: item[1].id))

    def latest(self, pipeline: str, node: str) -> Execution | None:
        """The newest execution of a node, None when it never ran."""
        protos = executions_of(self._store, pipeline, node)
        newest = max(protos, key=lambda proto: proto.id, default=None)
        return None if newest is None else self._execution(newest)

    def producer(self, artifact: pb.Artifact) -> Execution | None:
        """Returns the execution that made an artifact, not those that took it from the cache."""
        ids = self._executions_of(artifact, _MADE)
        made = [e for e in self._executions(ids) if e.proto.last_known_state != pb.Execution.CACHED]
        return min(made, key=lambda execution: execution.proto.id, default=None)

    def consumers(self, artifact: pb.Artifact) -> list[Execution]:
        """Returns the executions that have an artifact as input."""
        return self._executions(self._executions_of(artifact, _INPUTS))

    def inputs(self, execution: Execution) -> dict[str, pb.Artifact]:
        """Returns the input artifacts of an execution, by key."""
        return self._artifacts(execution.proto, _INPUTS)

    def same_run(self, execution: Execution) -> list[Execution]:
        """All executions of the run of the pipeline in which one took place."""
        return [self._execution(proto) for proto in self._beside(execution, "pipeline_run")]

    def earlier_attempts(self, execution: Execution) -> list[Execution]:
        """Executions of the same node and settings before this one that were broken off."""
        custom = execution.setting("custom_config")
        return [
            self._execution(proto)
            for proto in self._beside(execution, "node")
            if proto.id < execution.proto.id
            and proto.last_known_state in _BROKEN_OFF
            and value_of(proto, "custom_config") == custom
        ]

    def _beside(self, execution: Execution, kind: str) -> list[pb.Execution]:
        """The executions that share a context with one, oldest first."""
        found = [
            proto
            for context in self._store.get_contexts_by_execution(execution.proto.id)
            if context.type == kind
            for proto in self._store.get_executions_by_context(context.id)
        ]
        return sorted(found, key=lambda proto: proto.id)

    def _executions_of(self, artifact: pb.Artifact, kinds: tuple[int, ...]) -> list[int]:
        events = self._store.get_events_by_artifact_ids([artifact.id])
        return [event.execution_id for event in events if event.type in kinds]

    def _executions(self, ids: list[int]) -> list[Execution]:
        protos = self._store.get_executions_by_id(sorted(set(ids)))
        return [self._execution(proto) for proto in protos]

    def _artifacts(self, proto: pb.Execution, kinds: tuple[int, ...]) -> dict[str, pb.Artifact]:
        keys = {
            event.artifact_id: event.path.steps[0].key
            for event in self._store.get_events_by_execution_ids([proto.id])
            if event.type in kinds and event.path.steps
        }
        return {keys[a.id]: a for a in self._store.get_artifacts_by_id(list(keys))}

    def _execution(self, proto: pb.Execution) -> Execution:
        contexts = self._store.get_contexts_by_execution(proto.id)
        names = [context.name for context in contexts if context.type == "node"]
        node = names[0].rpartition(".")[2] if names else proto.type
        return Execution(node, proto, self._artifacts(proto, (*_MADE, _FOUND)))


def value_of(described: pb.Execution | pb.Artifact, name: str) -> Any:
    """A custom property of an execution or an artifact; None when there is none."""
    properties = described.custom_properties
    if name not in properties:  # reading would add an empty one
        return None
    value = properties[name]
    return getattr(value, value.WhichOneof("value"))


def _time(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    return moment.isoformat(sep=" ", timespec="seconds")
