import pytest
from tensorflow.tsl.profiler.protobuf.xplane_pb2 import XSpace

from tests.training.fakes import Training


@pytest.fixture
def training(tmp_path):
    return lambda **settings: Training(tmp_path / "run", save_every=1, **settings)


def traces(run):
    """What TensorBoard's profiler reads: a folder for each trace, with a file for each host."""
    return sorted((run.run.logs / "plugins" / "profile").glob("*/*.xplane.pb"))


def steps_in(trace):
    """The numbers of the iterations that a trace tells of."""
    space = XSpace.FromString(trace.read_bytes())
    return {
        stat.int64_value
        for plane in space.planes
        for line in plane.lines
        for event in line.events
        for stat in event.stats
        if plane.event_metadata[event.metadata_id].name == "train"
        if plane.stat_metadata[stat.metadata_id].name == "step_num"
    }


@pytest.mark.parametrize(
    ("profile_steps", "recorded"), [("2:4", {2, 3}), ("4:9", {4, 5}), ("0:1", {0})]
)
def test_the_iterations_of_the_range_are_recorded(training, profile_steps, recorded):
    run = training(profile_steps=profile_steps)
    run()
    (trace,) = traces(run)
    assert steps_in(trace) == recorded


@pytest.mark.parametrize("profile_steps", ["", "6:9"])
def test_nothing_is_recorded_outside_of_it(training, profile_steps):
    run = training(profile_steps=profile_steps)
    run()
    assert traces(run) == []


def test_a_run_that_goes_on_after_the_range_records_nothing(training):
    run = training(profile_steps="2:4")
    run.state.step.assign(4)
    run()
    assert traces(run) == []


def test_a_run_that_goes_on_within_the_range_records_the_rest(training):
    run = training(profile_steps="2:4")
    run.state.step.assign(3)
    run()
    (trace,) = traces(run)
    assert steps_in(trace) == {3}


def test_a_failure_within_the_range_leaves_what_was_recorded(training):
    run = training(profile_steps="1:5")

    def fail():
        raise RuntimeError("a device is gone")

    run.step.events[3] = fail
    with pytest.raises(RuntimeError, match="a device is gone"):
        run()
    assert [steps_in(trace) for trace in traces(run)] == [{1, 2}]
    run.step.events.clear()
    run()  # the next trace can begin
    assert steps_in(traces(run)[-1]) == {3, 4}
