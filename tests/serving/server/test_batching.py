"""Merging requests, splitting results, and keeping the bad ones apart."""

import concurrent.futures
import threading
import time

import grpc
import numpy as np
import pytest

from stargan_tf.serving.server.batching import Batcher
from stargan_tf.serving.server.config_files import BatchingParameters
from stargan_tf.serving.server.status import ServingError
from tests.serving.server.fakes import FakeServable
from tests.waiting import until

LONG = 20_000_000  # microseconds: nothing is run because of its time


@pytest.fixture
def make():
    batchers = []

    def make(**parameters):
        batchers.append(Batcher(BatchingParameters(**parameters) if parameters else None))
        return batchers[-1]

    yield make
    for batcher in batchers:
        batcher.stop()


@pytest.fixture
def pool():
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        yield pool


def rows(*values):
    return {"x": np.array(values, np.float64)}


def waiting(batcher, count):
    """Whether so many requests wait in the queues."""
    batches = [batch for queue in list(batcher._queues.values()) for batch in queue]
    return sum(len(batch.tasks) for batch in batches) == count


def test_without_parameters_nothing_is_merged(make, pool):
    servable, batcher = FakeServable(), make()
    futures = [pool.submit(batcher.run, servable, "s", rows(i, -0.0)) for i in range(20)]
    for i, future in enumerate(futures):
        np.testing.assert_array_equal(future.result(30)["y"], [2 * i, 0])
    assert servable.batches == [2] * 20


def test_concurrent_requests_are_merged_and_split(make, pool):
    servable, batcher = FakeServable(), make(max_batch_size=6, batch_timeout_micros=LONG)
    futures = []
    for i, count in enumerate((1, 2, 3)):
        futures.append(pool.submit(batcher.run, servable, "s", rows(*[10 * i + 1] * count)))
        if i < 2:
            until(lambda i=i: waiting(batcher, i + 1))
    for i, count in enumerate((1, 2, 3)):
        np.testing.assert_array_equal(futures[i].result(30)["y"], [20 * i + 2] * count)
    assert servable.batches == [6]


def test_a_batch_is_never_larger_than_allowed(make, pool):
    servable, batcher = FakeServable(), make(max_batch_size=4, batch_timeout_micros=1000)
    futures = [pool.submit(batcher.run, servable, "s", rows(i, i, i)) for i in range(10)]
    for i, future in enumerate(futures):
        np.testing.assert_array_equal(future.result(30)["y"], [2 * i] * 3)
    assert servable.batches == [3] * 10


def test_a_batch_runs_when_its_time_is_over(make, pool):
    servable, batcher = FakeServable(), make(max_batch_size=100, batch_timeout_micros=50_000)
    start = time.monotonic()
    futures = [pool.submit(batcher.run, servable, "s", rows(i)) for i in range(3)]
    for future in futures:
        future.result(30)
    assert 0.04 < time.monotonic() - start < 10
    assert sum(servable.batches) == 3


def test_what_comes_while_all_threads_are_busy_is_merged(make, pool):
    gate = threading.Event()
    servable = FakeServable(wait=gate)
    batcher = make(max_batch_size=100, num_batch_threads=1)
    first = pool.submit(batcher.run, servable, "s", rows(0))
    until(lambda: servable.batches == [1])
    others = [pool.submit(batcher.run, servable, "s", rows(i)) for i in range(1, 9)]
    until(lambda: waiting(batcher, 8))
    gate.set()
    for i, future in enumerate([first, *others]):
        assert future.result(30)["y"].tolist() == [2 * i]
    assert servable.batches == [1, 8]


def test_only_requests_of_a_kind_are_merged(make, pool):
    one, two = FakeServable(), FakeServable()
    batcher = make(max_batch_size=100, batch_timeout_micros=30_000)
    wide = {"x": np.ones((1, 3))}
    futures = [
        pool.submit(batcher.run, *what)
        for what in [
            (one, "s", rows(1)),
            (one, "t", rows(1)),
            (two, "s", rows(1)),
            (one, "s", wide),
        ]
    ]
    for future in futures:
        future.result(30)
    assert one.batches == [1, 1, 1] and two.batches == [1]
    assert not batcher._queues, "queues that are empty go away"


def test_a_bad_request_fails_alone(make, pool):
    servable, batcher = FakeServable(), make(max_batch_size=5, batch_timeout_micros=LONG)
    futures = {}
    for i, values in enumerate([(1, 2), (3, -4), (5,)]):
        futures[values] = pool.submit(batcher.run, servable, "s", rows(*values))
        until(lambda i=i: waiting(batcher, i + 1) or i == 2)
    np.testing.assert_array_equal(futures[1, 2].result(30)["y"], [2, 4])
    np.testing.assert_array_equal(futures[5,].result(30)["y"], [10])
    with pytest.raises(ServingError, match="row 1 is negative"):  # its own row, not the batch's
        futures[3, -4].result(30)
    assert servable.batches == [5, 2, 2, 1]


def test_outputs_without_a_row_for_each_are_not_split(make, pool):
    servable, batcher = FakeServable(), make(max_batch_size=3, batch_timeout_micros=LONG)
    futures = [pool.submit(batcher.run, servable, "scalar", rows(i)) for i in range(3)]
    assert [float(future.result(30)["y"]) for future in futures] == [0, 1, 2]
    assert servable.batches == [3, 1, 1, 1]

    batcher = make(max_batch_size=2, batch_timeout_micros=LONG)
    futures = [pool.submit(batcher.run, servable, "three rows", rows(i)) for i in range(2)]
    assert [len(future.result(30)["y"]) for future in futures] == [3, 3]


def test_inputs_without_common_rows_are_run_alone(make):
    servable, batcher = FakeServable(), make(max_batch_size=2, batch_timeout_micros=LONG)
    scalar = {"x": np.float64(4)}
    assert batcher.run(servable, "s", scalar)["y"] == 8
    uneven = {"x": np.ones(3), "z": np.ones(2)}
    assert batcher.run(servable, "s", uneven)["y"].tolist() == [2, 2, 2]
    assert batcher.run(servable, "s", rows())["y"].tolist() == []


def test_too_many_rows_are_refused(make):
    batcher = make(max_batch_size=2, batch_timeout_micros=0)
    with pytest.raises(ServingError, match="3 rows, expected at most 2") as caught:
        batcher.run(FakeServable(), "s", rows(1, 2, 3))
    assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT


def test_a_full_queue_refuses(make, pool):
    gate = threading.Event()
    servable = FakeServable(wait=gate)
    batcher = make(max_batch_size=1, max_enqueued_batches=2, num_batch_threads=1)
    futures = [pool.submit(batcher.run, servable, "s", rows(0))]
    until(lambda: servable.batches == [1])
    for i in (1, 2):
        futures.append(pool.submit(batcher.run, servable, "s", rows(i)))
        # Unmerged, since a batch holds one row.
        until(lambda i=i: sum(map(len, batcher._queues.values())) == i)
    with pytest.raises(ServingError, match="2 batches wait") as caught:
        batcher.run(servable, "s", rows(9))
    assert caught.value.code is grpc.StatusCode.UNAVAILABLE
    gate.set()
    assert [future.result(30)["y"].tolist() for future in futures] == [[0], [2], [4]]


def test_a_request_whose_deadline_passed_is_not_run(make, pool):
    gate = threading.Event()
    servable, batcher = FakeServable(wait=gate), make(num_batch_threads=1)
    busy = pool.submit(batcher.run, servable, "s", rows(0))
    until(lambda: servable.batches == [1])
    late = pool.submit(batcher.run, servable, "s", rows(1), time.monotonic() - 1)
    in_time = pool.submit(batcher.run, servable, "s", rows(2), time.monotonic() + 60)
    until(lambda: waiting(batcher, 2))
    gate.set()
    with pytest.raises(ServingError) as caught:
        late.result(30)
    assert caught.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert in_time.result(30)["y"].tolist() == [4] and busy.result(30)
    assert servable.batches == [1, 1]


def test_stopping_finishes_what_was_accepted(pool):
    servable = FakeServable()
    batcher = Batcher(BatchingParameters(max_batch_size=100, batch_timeout_micros=LONG))
    future = pool.submit(batcher.run, servable, "s", rows(3))
    until(lambda: waiting(batcher, 1))
    batcher.stop()
    assert future.result(30)["y"].tolist() == [6]
    with pytest.raises(ServingError, match="stopping"):
        batcher.run(servable, "s", rows(3))


def test_results_are_never_mixed_up(make, pool):
    servable = FakeServable()
    batcher = make(max_batch_size=8, batch_timeout_micros=200, max_enqueued_batches=100)

    def ask(i):
        values = [i + j / 8 for j in range(i % 4 + 1)]
        if i % 7 == 0:
            with pytest.raises(ServingError, match=f"row {i % 4} is negative"):
                batcher.run(servable, "s", rows(*values[:-1], -1))
        else:
            outputs = batcher.run(servable, "s", rows(*values))
            np.testing.assert_array_equal(outputs["y"], 2 * np.array(values))

    list(pool.map(ask, range(1000)))
    assert max(servable.batches) > 4, "nothing was merged"
