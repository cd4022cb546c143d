import threading
import time

import pytest

from stargan_tf.serving.client.parallel import in_parallel
from tests.waiting import until


def test_every_item_is_worked_on_once():
    assert sorted(in_parallel(lambda x: x * x, range(100), 7)) == [x * x for x in range(100)]
    assert list(in_parallel(lambda x: x, [], 3)) == []


def test_as_many_at_once_as_asked_for():
    barrier = threading.Barrier(3, timeout=5)
    assert len(list(in_parallel(lambda x: barrier.wait(), range(9), 3))) == 9


def test_an_error_is_raised_here_and_ends_the_work():
    begun = []

    def work(number):
        begun.append(number)
        if number == 3:
            raise ValueError("three")
        return number

    with pytest.raises(ValueError, match="three"):
        list(in_parallel(work, range(10_000), 2))
    count = len(begun)
    assert count < 100
    time.sleep(0.05)
    assert len(begun) <= count + 2


def test_errors_of_the_items_are_raised_too():
    with pytest.raises(ZeroDivisionError):
        list(in_parallel(lambda x: x, (1 // x for x in (1, 0)), 2))


def test_only_a_few_results_are_held():
    begun = []
    results = in_parallel(begun.append, range(1000), 2)
    next(results)
    time.sleep(0.05)
    assert len(begun) <= 10
    results.close()


def test_leaving_does_not_wait_for_slow_work():
    release = threading.Event()
    threads = threading.active_count()
    results = in_parallel(lambda x: release.wait(30) if x else x, range(5), 3)
    start = time.monotonic()
    assert next(results) == 0
    results.close()
    assert time.monotonic() - start < 5
    release.set()
    until(lambda: threading.active_count() <= threads)
