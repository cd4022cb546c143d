import time

import pytest

from stargan_tf.serving.client import retries
from stargan_tf.serving.client.errors import (
    DeadlineError,
    InvalidRequestError,
    NotFoundError,
    ServingError,
    UnavailableError,
)
from stargan_tf.serving.client.retries import pause, with_retries


class Call:
    """Raises some errors, then answers; takes down what time it was given."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.times = []

    def __call__(self, timeout):
        self.times.append(timeout)
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.002)


def test_an_unavailable_server_is_asked_again():
    call = Call(UnavailableError("1"), UnavailableError("2"))
    assert with_retries(call, 5.0, retries=2) == "answer"
    assert len(call.times) == 3
    assert 5.0 >= call.times[0] > call.times[1] > call.times[2] > 4.0


def test_the_number_of_tries_is_limited():
    call = Call(*(UnavailableError(str(number)) for number in range(9)))
    with pytest.raises(UnavailableError, match="3"):
        with_retries(call, 5.0, retries=3)
    assert len(call.times) == 4


@pytest.mark.parametrize("kind", [InvalidRequestError, NotFoundError, DeadlineError, ServingError])
def test_other_errors_are_final(kind):
    call = Call(kind("no"))
    with pytest.raises(kind):
        with_retries(call, 5.0, retries=5)
    assert len(call.times) == 1


def test_the_reason_of_a_refusal_outlives_a_try_without_time_for_an_answer():
    call = Call(UnavailableError("the queue is full"), DeadlineError("0.001 s"))
    with pytest.raises(UnavailableError, match="the queue is full"):
        with_retries(call, 5.0, retries=5)
    assert len(call.times) == 2


def test_a_pause_that_took_too_long_leaves_a_try_some_time(monkeypatch):
    monkeypatch.setattr(retries.time, "sleep", lambda _, sleep=time.sleep: sleep(0.2))
    call = Call(UnavailableError("x"), DeadlineError("late"))
    with pytest.raises(UnavailableError, match="x"):
        with_retries(call, 0.1, retries=5)
    assert len(call.times) == 2 and call.times[1] > 0


def test_the_deadline_is_one_for_all_tries(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.05)
    call = Call(*(UnavailableError("x") for _ in range(1000)))
    start = time.monotonic()
    with pytest.raises(UnavailableError):
        with_retries(call, 0.3, retries=1000)
    assert time.monotonic() - start < 2
    assert len(call.times) >= 2
    assert all(given > 0 for given in call.times)


def test_pauses_double_and_differ(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.1)
    for tried in range(12):
        longest = min(0.1 * 2**tried, retries.LONGEST_PAUSE)
        pauses = [pause(tried) for _ in range(20)]
        assert all(longest / 2 <= p <= longest for p in pauses)
        assert len(set(pauses)) > 1
