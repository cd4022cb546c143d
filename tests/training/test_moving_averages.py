import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.training.moving_averages import average_decay, update_averages


@pytest.mark.parametrize("step", [0, 5, 100_000])
def test_published_decay_is_constant(step):
    assert float(average_decay(tf.constant(step), 0.999, warmup=False)) == pytest.approx(0.999)


@pytest.mark.parametrize(
    ("step", "decay"), [(0, 1 / 10), (8, 9 / 18), (90, 0.91), (8980, 8981 / 8990), (10**6, 0.999)]
)
def test_warm_up_forgets_the_initial_weights_quickly(step, decay):
    value = average_decay(tf.constant(step, tf.int64), 0.999, warmup=True)
    assert float(value) == pytest.approx(decay, rel=1e-6)


def test_every_device_updates_its_own_copy(two_replicas):
    with two_replicas.scope():
        averages = [tf.Variable([1.0, 2.0]), tf.Variable(3.0)]
        variables = [tf.Variable([3.0, -2.0]), tf.Variable(7.0)]

    @tf.function
    def update():
        update_averages(two_replicas, averages, variables, tf.constant(0.75))

    update()
    for index in range(2):
        first, second = (two_replicas.experimental_local_results(a)[index] for a in averages)
        np.testing.assert_allclose(first, [1.5, 1.0])
        np.testing.assert_allclose(second, 4.0)
    update()
    np.testing.assert_allclose(averages[1], 0.75 * 4 + 0.25 * 7)
    np.testing.assert_array_equal(variables[1], 7)


def test_averages_and_variables_must_match():
    with pytest.raises(ValueError):
        update_averages(tf.distribute.get_strategy(), [tf.Variable(1.0)], [], tf.constant(0.5))
