"""Bodies: gzip data under a limit, and how much is worked on at once."""

import concurrent.futures
import gzip
import threading
import time
import tracemalloc

import pytest

from stargan_tf.devserver.bodies import Budget, decompressed
from stargan_tf.devserver.errors import ServingError

MIB = 2**20


def test_what_is_decompressed_has_a_limit_that_counts_every_member():
    two = gzip.compress(bytes(MIB)) * 2
    assert decompressed(two, 2 * MIB) == bytes(2 * MIB)
    with pytest.raises(ServingError, match="larger than 1 MiB"):
        decompressed(two, 2 * MIB - 1)


def test_a_bomb_takes_no_more_memory_than_the_limit():
    bomb = gzip.compress(bytes(1024 * MIB), compresslevel=1)
    assert len(bomb) < 8 * MIB
    tracemalloc.start()
    try:
        with pytest.raises(ServingError, match="larger than 16 MiB"):
            decompressed(bomb, 16 * MIB)
        assert tracemalloc.get_traced_memory()[1] < 40 * MIB
    finally:
        tracemalloc.stop()


def test_no_more_is_worked_on_at_once_than_the_budget_has():
    budget, lock = Budget(100), threading.Lock()
    now, most = 0, 0

    def work(size):
        nonlocal now, most
        with budget.hold(size, compressed=False):
            with lock:
                now += size
                most = max(most, now)
            time.sleep(0.001)
            with lock:
                now -= size

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(work, [60, 30, 1, 0, 100, 7] * 20))
    assert now == 0 and 60 <= most <= 100


def test_who_waits_too_long_is_told_and_nothing_is_lost():
    budget = Budget(100, patience=0.05)
    with budget.hold(60, compressed=False):
        with pytest.raises(ServingError, match="busy") as caught:
            with budget.hold(41, compressed=False):
                pass
        assert caught.value.http_status == 503  # at which clients try again
        with budget.hold(40, compressed=False):
            pass
    with pytest.raises(ZeroDivisionError), budget.hold(100, compressed=False):
        1 / 0  # noqa: B018
    with budget.hold(100, compressed=False):
        pass


def test_a_large_body_has_its_turn_however_many_small_ones_follow():
    budget, started = Budget(100), threading.Event()
    stopped = threading.Event()

    def small():
        while not stopped.is_set():
            with budget.hold(10, compressed=False):
                started.set()
                time.sleep(0.01)

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        others = [pool.submit(small) for _ in range(3)]  # at no moment nothing is held
        try:
            assert started.wait(30)
            with budget.hold(100, compressed=False):
                pass
        finally:
            stopped.set()
        for other in others:
            other.result(timeout=30)


def test_a_compressed_body_counts_as_what_it_may_become():
    budget = Budget(10_000, patience=0.05)
    with budget.hold(9, compressed=True):
        with pytest.raises(ServingError, match="busy"), budget.hold(1000, compressed=False):
            pass
    with budget.hold(10**9, compressed=True):  # one that is larger than all has it to itself
        pass
