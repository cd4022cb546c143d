from pathlib import Path

from pipeline.history import History
from tests.pipeline.records import PIPELINE, new_store, record


def test_the_newest_execution_counts() -> None:
    store = new_store()
    history = History(store)
    assert history.latest(PIPELINE, "Pusher") is None
    record(store, "Pusher", key="pushed_model", uri="/models/1", pushed=1)
    record(store, "Trainer", key="model", uri="/pipeline/Trainer/model/2")
    number = record(store, "Pusher", "CACHED", "pushed_model", "/models/3", pushed=1, note="new")
    execution = history.latest(PIPELINE, "Pusher")
    assert (execution.proto.id, execution.node, execution.state) == (number, "Pusher", "CACHED")
    assert execution.uri("pushed_model") == Path("/models/3")
    assert execution.output_property("pushed_model", "pushed") == 1
    assert execution.output_property("pushed_model", "note") == "new"


def test_what_is_not_there_is_nothing() -> None:
    store = new_store()
    record(store, "AnomalyGate")
    execution = History(store).latest(PIPELINE, "AnomalyGate")
    assert execution.uri("examples") is None
    assert execution.output_property("blessing", "blessed") is None
    assert execution.setting("custom_config") is None
