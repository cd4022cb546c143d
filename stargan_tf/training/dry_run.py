"""What a run would be and need, without running it."""

import dataclasses

import tensorflow as tf

from stargan_tf.config.train import TrainConfig
from stargan_tf.training.state import TrainState

_GIB = 2**30


def describe(
    config: TrainConfig, domains: tuple[str, ...], state: TrainState, input_speed: float
) -> str:
    """Returns the resolved settings, parameter counts, memory and input speed, as text.

    Args:
      config: of the run.
      domains: names of the domains.
      state: a fresh state of that config.
      input_speed: of the input alone, in examples per second.
    """
    config = dataclasses.replace(config, base_channels=config.first_layer_channels)
    lines = ["Settings:"]
    lines += [f"  {name} = {value}" for name, value in dataclasses.asdict(config).items()]
    lines += [f"Domains: {', '.join(domains)}", "Parameters:"]
    networks = (*state.networks.networks(), state.discriminator)
    lines += [f"  {network.name:<16}{network.count_params():>12,}" for network in networks]
    total = sum(network.count_params() for network in networks)
    lines.append(f"  {'total':<16}{total:>12,}")
    weights, activations = weight_bytes(state), activation_bytes(config, state)
    lines += [
        "Memory of each replica, estimated:",
        f"  weights, averages, Adam's moments, gradients  {weights / _GIB:8.2f} GiB",
        f"  feature maps of the generator's update        {activations / _GIB:8.2f} GiB",
    ]
    iterations = input_speed / config.batch_size
    lines.append(
        f"Input alone: {input_speed:.0f} examples/s, enough for {iterations:.1f} iterations/s."
    )
    return "\n".join(lines)


def weight_bytes(state: TrainState) -> int:
    """Bytes of all float32 numbers that exist once per weight."""
    translation = sum(network.count_params() for network in state.networks.networks())
    total = translation + state.discriminator.count_params()
    # The weight, its gradient and two moments; G, F and E have averages as well.
    return 4 * (4 * total + translation)


def activation_bytes(config: TrainConfig, state: TrainState) -> int:
    """Bytes of feature maps kept for the backward pass of the largest update, G's.

    Counts every tensor that a forward pass makes; some are freed early, and
    workspaces come on top, so take it as a guide.
    """
    replicas = tf.distribute.get_strategy().num_replicas_in_sync  # of the scope it is called in
    batch = config.batch_size // replicas
    images = tf.TensorSpec([batch, config.img_size, config.img_size, 3])
    styles = tf.TensorSpec([batch, config.style_dim])
    domains = tf.TensorSpec([batch], tf.int32)
    generator = _output_bytes(state.networks.generator, images, styles)
    encoder = _output_bytes(state.networks.style_encoder, images, domains)
    discriminator = _output_bytes(state.discriminator, images, domains)
    # x_fake and x_rec; E of x_fake and of x_real; D of x_fake.
    return 2 * generator + 2 * encoder + discriminator


def _output_bytes(network: tf.keras.Model, *inputs: tf.TensorSpec) -> int:
    graph = tf.function(network).get_concrete_function(*inputs).graph
    return sum(
        output.shape.num_elements() * output.dtype.size
        for operation in graph.get_operations()
        for output in operation.outputs
        if output.shape.is_fully_defined() and output.dtype.is_floating
    )
