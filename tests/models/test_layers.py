import math

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.compat import keras
from stargan_tf.models.convolutions import Conv2D, DownsamplingConv2D, UpsamplingConv2D
from stargan_tf.models.layers import (
    PerDomainDense,
    average_pool,
    he_normal,
    leaky_relu,
    select_domain,
    upsample_nearest,
)
from stargan_tf.models.normalization import AdaIN
from tests.models.plain import normal, randomize, repeat


@pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16])
def test_gradients_of_leaky_relu(dtype):
    """The first, and that of the first by the image behind it, as R1 takes it."""
    x, up = (tf.cast(normal(seed, 4, 5), dtype) for seed in (0, 1))
    x = tf.concat([x, tf.zeros([4, 1], dtype)], 1)
    up = tf.concat([up, tf.ones([4, 1], dtype)], 1)
    slope = tf.where(x > 0, tf.ones_like(x), tf.cast(0.2, dtype))
    with tf.GradientTape() as outer:
        outer.watch((x, up))
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = leaky_relu(x)
            total = tf.reduce_sum(up * y)
        dx = inner.gradient(total, x)
        length = tf.reduce_sum(tf.square(dx))
    by_x, by_up = outer.gradient(length, (x, up))
    np.testing.assert_array_equal(y, slope * x)
    np.testing.assert_array_equal(dx, slope * up)
    np.testing.assert_array_equal(by_up, slope * (2 * dx))
    assert by_x is None or not np.any(by_x)


def test_resampling_without_convolution():
    x = normal(2, 2, 4, 6, 3)
    np.testing.assert_array_equal(upsample_nearest(x), repeat(x))
    np.testing.assert_allclose(average_pool(repeat(x)), x, atol=1e-6)


@pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16])
def test_the_gradient_of_upsampling_is_that_of_resizing(dtype):
    x, up = tf.cast(normal(2, 2, 4, 6, 3), dtype), tf.cast(normal(3, 2, 8, 12, 3), dtype)
    gradients = []
    for upsample in (upsample_nearest, lambda x: tf.image.resize(x, [8, 12], method="nearest")):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = upsample(x)
        gradients.append(tf.cast(tape.gradient(y, x, up), tf.float32))
    assert np.abs(gradients[1]).max() > 1
    tolerance = 1e-6 if dtype == tf.float32 else 2**-5  # bfloat16 rounds each sum
    np.testing.assert_allclose(*gradients, atol=tolerance)


def test_leaky_relu_slope():
    np.testing.assert_allclose(leaky_relu(tf.constant([-1.0, 0.0, 2.0])), [-0.2, 0, 2], rtol=1e-6)


@pytest.mark.parametrize(
    ("layer", "inputs", "fan_in"),
    [
        (Conv2D(64), [tf.zeros([1, 4, 4, 32])], 9 * 32),
        (Conv2D(512, 1, use_bias=False), [tf.zeros([1, 4, 4, 64])], 64),
        (DownsamplingConv2D(64), [tf.zeros([1, 4, 4, 32])], 9 * 32),
        (UpsamplingConv2D(64), [tf.zeros([1, 4, 4, 32])], 9 * 32),
        (keras.layers.Dense(512, kernel_initializer=he_normal()), [tf.zeros([1, 64])], 64),
        (PerDomainDense(7, 64), [tf.zeros([1, 64])], 64),
        (PerDomainDense(7, 64), [tf.zeros([1, 7, 64])], 64),
        (AdaIN(256), [tf.zeros([1, 4, 4, 256]), tf.zeros([1, 64])], 64),
    ],
)
def test_initial_weights_are_untruncated_he_normal(layer, inputs, fan_in):
    keras.utils.set_random_seed(1)
    layer(*inputs)
    kernels = [w.numpy() for w in layer.weights if "kernel" in w.name]
    assert len(kernels) == 1
    normalized = kernels[0] / math.sqrt(2 / fan_in)
    assert abs(normalized.mean()) < 5 / math.sqrt(normalized.size)
    assert abs(normalized.std() - 1) < 5 / math.sqrt(2 * normalized.size)
    # Truncated at two deviations, none would lie beyond 2.3.
    assert abs(np.mean(np.abs(normalized) > 2.5) - 0.0124) < 0.004
    assert all(not w.numpy().any() for w in layer.weights if "bias" in w.name)


@pytest.mark.parametrize("own_inputs", [False, True])
def test_per_domain_dense_is_one_independent_layer_per_domain(own_inputs):
    x = normal(6, 5, 3, 4) if own_inputs else normal(6, 5, 4)
    layer = PerDomainDense(3, 2)
    layer(x)
    randomize(layer)
    y = layer(x).numpy()
    for k in range(3):
        own = x[:, k] if own_inputs else x
        np.testing.assert_allclose(y[:, k], own @ layer.kernel[k] + layer.bias[k], atol=1e-5)


def test_select_domain_takes_each_examples_row():
    x = tf.reshape(tf.range(12.0), [2, 3, 2])
    np.testing.assert_array_equal(select_domain(x, tf.constant([2, 0])), [[4, 5], [6, 7]])
