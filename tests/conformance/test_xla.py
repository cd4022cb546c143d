"""Networks compiled by XLA against TensorFlow's own graphs: images and gradients."""

import numpy as np
import tensorflow as tf

from tests.models.registry import built, each_network

# Of the largest number of its kind. Some gradients are 0 but for rounding, such as those of biases
# that an instance normalisation takes away again: of themselves they cannot be compared.
TOLERANCE = 1e-5


def gradients_of(entry, network):
    """A function from inputs to outputs and the gradients of all weights and float inputs."""

    def run(*inputs):
        with tf.GradientTape() as tape:
            watched = [x for x in inputs if x.dtype.is_floating]
            tape.watch(watched)
            outputs = entry.call(network, *inputs)
            # Every output has a weight of its own, so that none cancels another.
            weights = np.sin(np.arange(np.prod(outputs.shape))).reshape(outputs.shape)
            total = tf.reduce_sum(outputs * weights.astype(np.float32))
        return outputs, tape.gradient(total, [*network.trainable_variables, *watched])

    return run


def difference(expected, found):
    """The largest between lists of arrays, over the largest number expected."""
    gaps = [np.abs(a - b).max() for a, b in zip(expected, found, strict=True)]
    return max(gaps) / max(np.abs(a).max() for a in expected)


def compare(entry, network, run):
    outputs, gradients = tf.function(run, autograph=False)(*entry.inputs)
    compiled = tf.function(run, autograph=False, jit_compile=True)
    found_outputs, found_gradients = compiled(*entry.inputs)
    assert difference([outputs.numpy()], [found_outputs.numpy()]) < TOLERANCE
    both = zip(gradients, found_gradients, strict=True)
    there = [(a.numpy(), b.numpy()) for a, b in both if a is not None]
    assert len(there) >= len(network.trainable_variables)
    assert difference(*zip(*there, strict=True)) < TOLERANCE


@each_network
def test_xla_gives_the_same_images_and_gradients(entry):
    network = built(entry)
    compare(entry, network, gradients_of(entry, network))
