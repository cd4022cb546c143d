"""Every network forward, and backward to its weights and inputs."""

from collections.abc import Iterator, Mapping, Sequence

import tensorflow as tf

from stargan_tf.algorithms.algorithm import Networks
from stargan_tf.benchmarking.work import Traced, Work
from stargan_tf.compat import keras

_SEED = (0, 0)


def network_works(
    networks: Networks,
    specs: Mapping[str, Sequence[tf.TensorSpec]],
    num_labels: int,
) -> Iterator[Work]:
    """Works of one replica, by network.

    Args:
      networks: those that train or draw, by name.
      specs: what each network is called with, by name; those without are passed over.
      num_labels: K; inputs that are integers are drawn below it.
    """
    for name, inputs in specs.items():
        values = [_drawn(spec, num_labels) for spec in tf.nest.flatten(inputs)]
        arguments = tf.nest.pack_sequence_as(inputs, values)
        network, images = networks[name], int(values[0].shape[0])
        yield Traced(_forward(network), *arguments).work(f"{name} forward", images)
        if network.trainable_variables:
            what = f"{name} forward and backward"
            yield Traced(_backward(network), *arguments).work(what, images)


def _forward(network: keras.Model) -> tf.types.experimental.GenericFunction:
    return tf.function(lambda *inputs: network(*inputs), autograph=False)


def _backward(network: keras.Model) -> tf.types.experimental.GenericFunction:
    """The gradients of a weighted sum of all outputs."""

    def gradients(*inputs: tf.Tensor) -> tuple:
        watched = [value for value in tf.nest.flatten(inputs) if value.dtype.is_floating]
        with tf.GradientTape() as tape:
            tape.watch(watched)
            outputs = tf.nest.flatten(network(*inputs))
            total = tf.add_n([_weighted_sum(output) for output in outputs])
        # The total as well: else the last layer need not run forward.
        return total, tape.gradient(total, [network.trainable_variables, watched])

    return tf.function(gradients, autograph=False)


def _weighted_sum(output: tf.Tensor) -> tf.Tensor:
    """By weights of no pattern: gradients that are all ones might be folded away."""
    weights = tf.random.stateless_normal(output.shape, _SEED, dtype=tf.float32)
    return tf.reduce_sum(tf.cast(output, tf.float32) * weights)


def _drawn(spec: tf.TensorSpec, num_labels: int) -> tf.Tensor:
    """Random values: labels, images, masks and codes are told apart by their shapes and types."""
    if spec.dtype.is_integer:
        return tf.random.stateless_uniform(spec.shape, _SEED, 0, num_labels, spec.dtype)
    if spec.shape.rank == 4:
        low = 0 if spec.shape[-1] == 1 else -1
        return tf.random.stateless_uniform(spec.shape, _SEED, low, 1, spec.dtype)
    return tf.random.stateless_normal(spec.shape, _SEED, dtype=spec.dtype)
