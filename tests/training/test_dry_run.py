import pytest

from stargan_tf.training.dry_run import describe
from stargan_tf.training.memory_estimate import MemoryEstimate, state_bytes
from tests.training import tiny

MIB = 2**20


@pytest.fixture(scope="module")
def state():
    return tiny.fresh_state()


def test_state_is_weights_with_moments_and_averages(state):
    averaged = sum(network.count_params() for network in state.averages.values())
    trained = averaged + state.networks["discriminator"].count_params()
    assert state_bytes(state) == 4 * (3 * trained + averaged)


def test_description(state):
    memory = MemoryEstimate(program=1024 * MIB, state=512 * MIB, iteration=256 * MIB, replicas=2)
    text = describe(state, ("cat", "dog", "wild"), 50.0, memory)
    assert "  batch_size = 4\n" in text
    assert "Domains: cat, dog, wild" in text
    for network in tiny.networks(state).values():
        (line,) = (line for line in text.splitlines() if line.startswith(f"  {network.name} "))
        assert line.endswith(f" {network.count_params():,}")
    assert "0.25 GiB in each of 2 replicas\n" in text
    assert "process, training on CPUs                         2.50 GiB\n" in text
    assert text.endswith("Input alone: 50 examples/s, enough for 12.5 iterations/s.")
