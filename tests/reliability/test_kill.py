import signal

import pytest

from tests.reliability.kill import trial


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.parametrize(("kind", "times"), [(signal.SIGKILL, 3), (signal.SIGTERM, 1)])
def test_a_broken_run_equals_an_unbroken_one(tmp_path, kind, times):
    """Bit by bit; `python -m tests.reliability kill` does it more often."""
    result = trial(tmp_path, times, kind, seed=times)
    assert len(result.phases) == times
    assert result.differences == []
