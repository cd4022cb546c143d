import pytest

from stargan_tf.training.dry_run import activation_bytes, describe, weight_bytes
from tests.training import tiny
from tests.training.tiny import CONFIG


@pytest.fixture(scope="module")
def state():
    return tiny.fresh_state()


def test_weights_are_counted_with_gradients_moments_and_averages(state):
    averaged = sum(network.count_params() for network in state.averages.values())
    trained = averaged + state.networks["discriminator"].count_params()
    assert weight_bytes(state) == 4 * (4 * trained + averaged)


def test_feature_maps_are_many_times_the_images(state):
    images = 4 * CONFIG.batch_size * CONFIG.img_size**2 * 3
    assert 20 * images < activation_bytes(state) < 1000 * images


def test_description(state):
    text = describe(state, ("cat", "dog", "wild"), input_speed=50.0)
    assert "  batch_size = 4\n" in text
    assert "Domains: cat, dog, wild" in text
    for network in tiny.networks(state).values():
        (line,) = (line for line in text.splitlines() if line.startswith(f"  {network.name} "))
        assert line.endswith(f" {network.count_params():,}")
    assert text.endswith("Input alone: 50 examples/s, enough for 12.5 iterations/s.")
