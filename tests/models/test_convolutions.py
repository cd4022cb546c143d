import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.models.convolutions import DownsamplingConv2D, UpsamplingConv2D, WholeMapConv2D
from tests.models.plain import conv, normal, randomize, repeat


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
