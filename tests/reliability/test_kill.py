import signal

import pytest

from tests.reliability.kill import trial


@pytest.mark.slow
@pytest.mark.e2e
def test_a_broken_run_equals_an_unbroken_one(tmp_path):
    """Bit by bit; `python -m tests.reliability kill` does it more often."""
    kinds = [signal.SIGKILL, signal.SIGTERM, signal.SIGKILL]
    result = trial(tmp_path, kinds, seed=3)
    assert len(result.phases) == len(kinds)
    assert result.differences == []
