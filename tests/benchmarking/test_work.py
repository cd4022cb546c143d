import mmap

import pytest

from stargan_tf.benchmarking.work import Work, measure


def works(calls, *rows):
    """Works of each row in its variants, which say when they run."""

    def work(what, variant):
        def run():
            calls.append(f"{what}{variant}")
            return float(len(calls))

        return Work(what, run, variant=variant)

    return [[work(what, variant) for variant in range(variants)] for what, variants in rows]


def test_variants_take_turns_and_so_do_rows():
    calls = []
    measure(works(calls, ("a", 2), ("b", 1)), repeats=3, warm_up=1)
    assert calls[:3] == ["a0", "a1", "b0"]  # the warm-up
    rounds = [calls[start : start + 3] for start in (3, 6, 9)]
    assert rounds == [["a0", "a1", "b0"], ["a1", "a0", "b0"], ["a0", "a1", "b0"]]


def test_the_warm_up_does_not_count():
    calls = []
    ((one,),) = measure(works(calls, ("a", 1)), repeats=2, warm_up=3)
    assert one.warm_up == [1.0, 2.0, 3.0]
    assert one.seconds == [4.0, 5.0]


def test_tracing_is_a_part_of_the_first_run():
    work = Work("a", lambda: 1.0, tracing=5.0)
    ((one,),) = measure([[work]], repeats=1, warm_up=2)
    assert one.warm_up == [6.0, 1.0]


def test_each_run_makes_progress():
    ticks = []
    measure(works([], ("a", 2), ("b", 2)), 3, 2, progress=lambda: ticks.append(1))
    assert len(ticks) == 4 * (3 + 2)


def test_memory_is_that_of_the_last_run_of_the_warm_up():
    """What an earlier run held, as while compiling, does not count."""
    sizes = iter([200_000_000, 1, 1])

    def hold(size):
        # Pages of its own: a large process may have as many to spare.
        with mmap.mmap(-1, size) as pages:
            for start in range(0, size, mmap.PAGESIZE):
                pages[start] = 1
        return float(size)

    small, large = (
        measure([[work]], repeats=1, warm_up=2)[0][0].memory
        for work in (
            Work("a", lambda: hold(next(sizes))),
            Work("b", lambda: hold(200_000_000)),
        )
    )
    assert small.device is None and large.device is None
    if small.host is None:
        pytest.skip("the system does not tell")
    assert large.host - small.host > 100_000_000
