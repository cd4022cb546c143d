"""Layers computed as they are written down, and numbers to compute with."""

import math

import numpy as np
import tensorflow as tf


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
