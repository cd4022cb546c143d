import numpy as np
import tensorflow as tf

from stargan_tf.models.layers import leaky_relu
from stargan_tf.models.normalization import instance_normalize
from stargan_tf.models.own_gradients import without_gradients
from tests.models.graphs import with_own_gradient


def compute(x):
    scale = tf.ones([x.shape[-1]])
    return leaky_relu(instance_normalize(x, scale, 0.5 * scale))


def trace(x):
    return tf.function(compute).get_concrete_function(tf.TensorSpec(x.shape, x.dtype))


def test_graphs_that_nobody_trains_are_of_plain_operations():
    x = np.random.default_rng(0).standard_normal([2, 4, 4, 3]).astype(np.float32)
    trained = trace(x)
    with without_gradients():
        plain = trace(x)
    assert len(with_own_gradient(trained.graph)) == 2
    assert not with_own_gradient(plain.graph)
    np.testing.assert_array_equal(trained(x), plain(x))


def test_they_are_wanted_again_afterwards():
    x = np.zeros([1, 4, 4, 3], np.float32)
    with without_gradients(), without_gradients():
        pass
    assert with_own_gradient(trace(x).graph)
    with without_gradients():
        with without_gradients():
            pass
        assert not with_own_gradient(trace(x).graph)
