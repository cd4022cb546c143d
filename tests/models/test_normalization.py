import math

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.compat import keras
from stargan_tf.models.blocks import AdaINResBlk
from stargan_tf.models.normalization import (
    EPSILON,
    AdaIN,
    InstanceNormalization,
    instance_normalize,
)
from tests.models.plain import normal, randomize


def expected_normalization(x):
    x = np.asarray(x).astype(np.float64)
    mean, variance = x.mean(axis=(1, 2), keepdims=True), x.var(axis=(1, 2), keepdims=True)
    return (x - mean) / np.sqrt(variance + 1e-5)


def test_instance_normalization_normalizes_each_channel_of_each_image():
    x = 3 * normal(7, 2, 6, 5, 4) + 2
    layer = InstanceNormalization()
    np.testing.assert_allclose(layer(x), expected_normalization(x), atol=1e-5)
    layer.scale.assign([1, 2, 3, 4])
    layer.shift.assign([4, 3, 2, 1])
    expected = expected_normalization(x) * [1, 2, 3, 4] + [4, 3, 2, 1]
    np.testing.assert_allclose(layer(x), expected, atol=1e-5)


def test_epsilon_of_instance_normalization():
    x = np.sqrt(1e-5) * expected_normalization(normal(8, 1, 4, 4, 1))  # variance 1e-5
    y = InstanceNormalization()(tf.constant(x, tf.float32)).numpy()
    assert y.std() == pytest.approx(math.sqrt(0.5), rel=1e-2)


def plainly_normalized(x, scale, shift):
    # Not by tf.nn.moments, which has no second derivative by way of the mean.
    centred = x - tf.reduce_mean(x, axis=[1, 2], keepdims=True)
    variance = tf.reduce_mean(centred**2, axis=[1, 2], keepdims=True)
    scale, shift = (tf.reshape(v, [-1, 1, 1, x.shape[-1]]) for v in (scale, shift))
    return centred * tf.math.rsqrt(variance + EPSILON) * scale + shift


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("rows", [(), (3,)], ids=["learned", "of styles"])
def test_gradients_of_normalisation(rows, compiled):
    """Of the values, and of the first gradients, against what TensorFlow makes of the formula."""
    rng = np.random.default_rng(0)
    x, up, along = (tf.constant(rng.normal(1, 2, [3, 4, 6, 5]), tf.float32) for _ in range(3))
    scale, shift = (tf.constant(rng.normal(size=(*rows, 5)), tf.float32) for _ in range(2))

    def gradients(normalize):
        inputs = (x, scale, shift)
        with tf.GradientTape() as outer:
            outer.watch(inputs)
            with tf.GradientTape() as inner:
                inner.watch(inputs)
                total = tf.reduce_sum(up * normalize(*inputs))
            first = inner.gradient(total, inputs)
            length = tf.reduce_sum(along * first[0]) + tf.reduce_sum(first[1] ** 2)
        return [*first, *outer.gradient(length, (x, scale))]

    if compiled:
        gradients = tf.function(gradients)
    expected = gradients(plainly_normalized)
    for found, right in zip(gradients(instance_normalize), expected, strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-4, atol=1e-5)


def test_bfloat16_features_are_normalized_with_float32_statistics():
    x = tf.cast(100 + normal(9, 2, 16, 16, 3), tf.bfloat16)  # in bfloat16, 100.3 is 100.5
    y = instance_normalize(x, tf.ones([3]), tf.zeros([3]))
    assert y.dtype == tf.bfloat16
    np.testing.assert_allclose(
        tf.cast(y, tf.float32),
        expected_normalization(tf.cast(x, tf.float32)),
        rtol=2**-7,
        atol=0.01,
    )


def test_float16_features_do_not_overflow():
    x = tf.cast(200 * tf.sign(normal(10, 2, 32, 32, 3)) + 300, tf.float16)
    y = instance_normalize(x, tf.ones([3]), tf.zeros([3]))
    assert y.dtype == tf.float16
    np.testing.assert_allclose(y, expected_normalization(x), atol=2e-3)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_normalization_weights_stay_float32(policy):
    dtype = keras.mixed_precision.Policy(policy).compute_dtype
    block = AdaINResBlk(4, 4, upsample=False, dtype=policy)
    layers = [InstanceNormalization(), block.norm1]
    x, s = tf.cast(normal(11, 1, 4, 4, 4), dtype), normal(12, 1, 3)
    assert layers[0](x).dtype == layers[1](x, s).dtype == dtype
    assert {w.dtype for layer in layers for w in layer.weights} == {tf.float32}


def test_adain_whose_style_says_nothing_is_plain_normalization():
    x = normal(13, 2, 4, 4, 3)
    layer = AdaIN(3)
    layer(x, tf.zeros([2, 5]))
    np.testing.assert_allclose(layer(x, tf.zeros([2, 5])), expected_normalization(x), atol=1e-5)
    layer.style_to_affine.kernel.assign(tf.zeros([5, 6]))
    np.testing.assert_allclose(layer(x, normal(14, 2, 5)), expected_normalization(x), atol=1e-5)


def test_adain_takes_gamma_then_beta_from_the_style():
    x, s = normal(15, 2, 4, 4, 3), normal(16, 2, 5)
    layer = AdaIN(3)
    layer(x, s)
    randomize(layer)
    affine = layer.style_to_affine(s).numpy()[:, None, None, :]
    gamma, beta = affine[..., :3], affine[..., 3:]
    expected = (1 + gamma) * expected_normalization(x) + beta
    np.testing.assert_allclose(layer(x, s), expected, atol=1e-5)
