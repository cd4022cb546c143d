"""Our layers against those of tensorflow_addons."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_addons as tfa

from stargan_tf.models.normalization import InstanceNormalization


@pytest.mark.parametrize("affine", [False, True])
def test_instance_normalization(affine):
    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(1, 3, (2, 9, 7, 5)), tf.float32)
    ours, theirs = InstanceNormalization(), tfa.layers.InstanceNormalization(epsilon=1e-5)
    results = []
    for layer, scale, shift in ((ours, "scale", "shift"), (theirs, "gamma", "beta")):
        layer(x)
        if affine:
            getattr(layer, scale).assign(np.linspace(0.5, 2, 5))
            getattr(layer, shift).assign(np.linspace(-1, 1, 5))
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
            total = tf.reduce_sum(tf.sin(y))
        watched = [x, getattr(layer, scale), getattr(layer, shift)]
        results.append([y, *tape.gradient(total, watched)])
    for our, their in zip(*results, strict=True):
        np.testing.assert_allclose(our, their, atol=5e-5)
