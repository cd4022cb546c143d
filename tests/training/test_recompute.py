"""What is computed again in the backward pass: the same numbers, of fewer maps at once."""

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.models.blocks import ResBlk
from stargan_tf.models.label_generator import LabelGenerator
from stargan_tf.models.own_gradients import recomputing
from stargan_tf.training.live_tensors import most_live_bytes, needed


def assert_same(found, expected):
    """Up to rounding, relative to the largest number of all: some gradients are rounding alone."""
    most = max(np.abs(value).max() for value in expected.values())
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-6 * most, err_msg=name)


class Blocks:
    """Three blocks in a row, and functions of graphs with gradients of them."""

    def __init__(self):
        self.blocks = [ResBlk(3, 3, normalize=True, downsample=False) for _ in range(3)]
        for block in self.blocks:
            block(tf.zeros([1, 8, 8, 3]))
        self.weights = sum((block.trainable_variables for block in self.blocks), [])

    def __call__(self, x):
        for block in self.blocks:
            x = block(x)
        return tf.reduce_sum(tf.square(x))

    def gradients(self, x):
        with tf.GradientTape() as tape:
            y = self(x)
        return tape.gradient(y, self.weights)

    def gradients_of_gradients(self, x):
        with tf.GradientTape() as outer:
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = self(x)
            penalty = tf.reduce_sum(tf.square(tape.gradient(y, x)))
        return outer.gradient(penalty, self.weights)


@pytest.fixture(scope="module")
def blocks():
    return Blocks()


def traced(function, wanted):
    compiled = tf.function(function, autograph=False)
    with recomputing(wanted):
        return compiled.get_concrete_function(tf.TensorSpec([4, 16, 16, 3]))


@pytest.mark.parametrize("function", ["gradients", "gradients_of_gradients"])
def test_graphs_find_the_same(blocks, function):
    """Gradients of gradients too, though passes of R1 are left as they are: those of a new loss."""
    x = tf.random.stateless_normal([4, 16, 16, 3], [1, 2])
    found, expected = (
        {str(number): g.numpy() for number, g in enumerate(graph(x))}
        for graph in (traced(getattr(blocks, function), wanted) for wanted in (True, False))
    )
    assert_same(found, expected)


def test_graphs_keep_fewer_maps(blocks):
    kept, again = (
        most_live_bytes(needed(traced(blocks.gradients, wanted).graph)) for wanted in (False, True)
    )
    assert again < 0.7 * kept


def test_stages_of_the_label_generator():
    G = LabelGenerator(16, base_channels=4, num_blocks=1, num_labels=2)
    G.make_weights()
    x, c = tf.random.stateless_normal([2, 16, 16, 3], [1, 2]), tf.constant([[1.0, 0.0], [0.5, 1.0]])

    def found(wanted):
        with recomputing(wanted), tf.GradientTape() as tape:
            y = G(x, c)
            loss = tf.reduce_sum(tf.square(y))
        gradients = tape.gradient(loss, G.trainable_variables)
        return {str(number): value.numpy() for number, value in enumerate([y, *gradients])}

    assert_same(found(True), found(False))
