"""What a run would be and need, without running it."""

import dataclasses

import tensorflow as tf

from stargan_tf.compat import keras
from stargan_tf.training.state import TrainState

_GIB = 2**30


def describe(state: TrainState, domains: tuple[str, ...], input_speed: float) -> str:
    """Returns the resolved settings, parameter counts, memory and input speed, as text.

    Args:
      state: fresh, of the run's algorithm.
      domains: names of the domains.
      input_speed: of the input alone, in examples per second.
    """
    settings = state.algorithm.settings
    values = dataclasses.asdict(settings) | settings.shapes()
    lines = ["Settings:"]
    lines += [f"  {name} = {value}" for name, value in values.items()]
    lines += [f"Domains: {', '.join(domains)}", "Parameters:"]
    lines += [
        f"  {name:<16}{network.count_params():>12,}"
        for name, network in state.training_networks.items()
    ]
    total = sum(network.count_params() for network in state.training_networks.values())
    lines.append(f"  {'total':<16}{total:>12,}")
    weights, activations = weight_bytes(state), activation_bytes(state)
    lines += [
        "Memory of each replica, estimated:",
        f"  weights, averages, Adam's moments, gradients  {weights / _GIB:8.2f} GiB",
    ]
    if activations:
        lines.append(
            f"  feature maps of the largest update            {activations / _GIB:8.2f} GiB"
        )
    iterations = input_speed / settings.batch_size
    lines.append(
        f"Input alone: {input_speed:.0f} examples/s, enough for {iterations:.1f} iterations/s."
    )
    return "\n".join(lines)


def weight_bytes(state: TrainState) -> int:
    """Bytes of all float32 numbers that exist once per weight."""
    total = sum(network.count_params() for network in state.networks.values())
    averaged = sum(network.count_params() for network in state.averages.values())
    pretrained = sum(network.count_params() for network in state.pretrained.values())
    # The weight, its gradient and two moments; those that draw have averages as well.
    return 4 * (4 * total + averaged + pretrained)


def activation_bytes(state: TrainState) -> int:
    """Bytes of feature maps kept for the backward pass of the largest update.

    Counts every tensor that a forward pass makes; some are freed early, and
    workspaces come on top, so take it as a guide.
    """
    replicas = tf.distribute.get_strategy().num_replicas_in_sync  # of the scope it is called in
    algorithm = state.algorithm
    passes = algorithm.largest_update(algorithm.settings.batch_size // replicas)
    bytes_of = {
        name: _output_bytes(state.training_networks[name], *inputs)
        for name, inputs in dict(passes).items()
    }
    return sum(bytes_of[name] for name, _ in passes)


def _output_bytes(network: keras.Model, *inputs: tf.TensorSpec) -> int:
    graph = tf.function(network, autograph=False).get_concrete_function(*inputs).graph
    return sum(
        output.shape.num_elements() * output.dtype.size
        for operation in graph.get_operations()
        for output in operation.outputs
        if output.shape.is_fully_defined() and output.dtype.is_floating
    )
