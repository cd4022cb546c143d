import math

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.compat import keras
from stargan_tf.models.blocks import AdaINResBlk, ResBlk
from stargan_tf.models.convolutions import (
    Conv2D,
    DownsamplingConv2D,
    UpsamplingConv2D,
    WholeMapConv2D,
)
from stargan_tf.models.generator import high_pass
from stargan_tf.models.layers import (
    PerDomainDense,
    average_pool,
    he_normal,
    leaky_relu,
    select_domain,
    upsample_nearest,
)
from stargan_tf.models.normalization import (
    EPSILON,
    AdaIN,
    InstanceNormalization,
    instance_normalize,
)


def normal(seed, *shape):
    return tf.constant(np.random.default_rng(seed).standard_normal(shape), tf.float32)


def randomize(layer):
    """Biases and scales that matter; freshly made ones are 0 and 1."""
    for seed, weight in enumerate(layer.weights):
        weight.assign(normal(100 + seed, *weight.shape) / math.sqrt(weight.shape[0]))


def repeat(x):
    return tf.repeat(tf.repeat(x, 2, axis=1), 2, axis=2)


def conv(layer, x):
    x = tf.nn.conv2d(x, layer.kernel, 1, "SAME")
    return x + layer.bias if layer.use_bias else x


def pooled_conv(layer, x):
    return tf.nn.avg_pool2d(conv(layer, x), 2, 2, "VALID")


def upsampled_conv(layer, x):
    return conv(layer, repeat(x))


@pytest.mark.parametrize(
    ("layer", "plain"),
    [
        (DownsamplingConv2D(6), pooled_conv),
        (UpsamplingConv2D(6), upsampled_conv),
        (DownsamplingConv2D(6, use_bias=False), pooled_conv),
        (UpsamplingConv2D(6, use_bias=False), upsampled_conv),
    ],
)
def test_resampling_convolution_is_the_plain_one_in_values_and_gradients(layer, plain):
    x = normal(0, 2, 8, 12, 5)
    layer(x)
    randomize(layer)
    weights = [x, *layer.trainable_variables]
    results = []
    for function in (layer, lambda x: plain(layer, x)):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
            total = tf.reduce_mean(y * normal(1, *y.shape))
        results.append([y, *tape.gradient(total, weights)])
    for ours, expected in zip(*results, strict=True):
        np.testing.assert_allclose(ours, expected, atol=1e-5)


@pytest.mark.parametrize("use_bias", [True, False])
def test_a_product_over_the_whole_map_is_the_convolution_that_it_folds_to(use_bias):
    x = normal(0, 3, 4, 4, 5)
    layer = WholeMapConv2D(6, 4, use_bias=use_bias)
    layer(x)
    randomize(layer)
    results = []
    for _ in range(2):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
            total = tf.reduce_mean(y * normal(1, *y.shape))
        results.append([y, *tape.gradient(total, [x, *layer.trainable_variables])])
        layer.fold()
    for product, convolution in zip(*results, strict=True):
        assert product.shape == convolution.shape
        np.testing.assert_allclose(product, convolution, atol=1e-5)


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


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("downsample", [False, True])
@pytest.mark.parametrize("dim_out", [4, 7])
def test_resblk_computes_what_the_paper_writes(normalize, downsample, dim_out):
    x = normal(3, 2, 8, 8, 4)
    block = ResBlk(4, dim_out, normalize=normalize, downsample=downsample)
    block(x)
    randomize(block)

    def norm(layer, x):
        return layer(x) if normalize else x

    residual = conv(block.conv1, leaky_relu(norm(block.norm1, x)))
    residual = average_pool(residual) if downsample else residual
    residual = conv(block.conv2, leaky_relu(norm(block.norm2, residual)))
    shortcut = conv(block.conv1x1, x) if dim_out != 4 else x
    shortcut = average_pool(shortcut) if downsample else shortcut
    np.testing.assert_allclose(block(x), (residual + shortcut) / math.sqrt(2), atol=1e-5)
    assert (block.conv1x1 is None) == (dim_out == 4)
    assert block.conv1.filters == 4


@pytest.mark.parametrize("shortcut", [False, True])
@pytest.mark.parametrize("upsample", [False, True])
@pytest.mark.parametrize("dim_out", [4, 7])
def test_adain_resblk_computes_what_the_paper_writes(shortcut, upsample, dim_out):
    x, s = normal(4, 2, 4, 4, 4), normal(5, 2, 3)
    block = AdaINResBlk(4, dim_out, upsample=upsample, shortcut=shortcut)
    block(x, s)
    randomize(block)

    residual = leaky_relu(block.norm1(x, s))
    residual = conv(block.conv1, repeat(residual) if upsample else residual)
    expected = conv(block.conv2, leaky_relu(block.norm2(residual, s)))
    if shortcut:
        beside = repeat(x) if upsample else x
        beside = conv(block.conv1x1, beside) if dim_out != 4 else beside
        expected = (expected + beside) / math.sqrt(2)
    np.testing.assert_allclose(block(x, s), expected, atol=2e-5)


def test_unused_shortcut_is_counted_but_not_trained():
    block = AdaINResBlk(4, 7, upsample=True, shortcut=False)
    block(normal(4, 2, 4, 4, 4), normal(5, 2, 3))
    assert [w.shape.as_list() for w in block.non_trainable_weights] == [[1, 1, 4, 7]]


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


def test_high_pass_drops_the_flat_and_keeps_the_details():
    flat = tf.ones([1, 5, 5, 2])
    np.testing.assert_allclose(high_pass(flat, 1.0)[:, 1:4, 1:4], 0, atol=1e-6)
    dot = np.zeros([1, 5, 5, 2], np.float32)
    dot[0, 2, 2, 1] = 1
    expected = np.zeros([1, 5, 5, 2])
    expected[0, 1:4, 1:4, 1] = -0.5
    expected[0, 2, 2, 1] = 4
    np.testing.assert_allclose(high_pass(tf.constant(dot), 2.0), expected, atol=1e-6)
