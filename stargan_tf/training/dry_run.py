"""What a run would be and need, without running it."""

import dataclasses

from stargan_tf.training.memory_estimate import MemoryEstimate
from stargan_tf.training.state import TrainState

_GIB = 2**30


def describe(
    state: TrainState, domains: tuple[str, ...], input_speed: float, memory: MemoryEstimate
) -> str:
    """Returns the resolved settings, parameter counts, memory and input speed, as text.

    Args:
      state: fresh, of the run's algorithm.
      domains: names of the domains.
      input_speed: of the input alone, in examples per second.
      memory: that it needs.
    """
    each = f" in each of {memory.replicas} replicas" if memory.replicas > 1 else ""
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
    lines += [
        "Memory, estimated:",
        f"  Python, TensorFlow and the graph              {_gib(memory.program)}",
        f"  weights, averages, Adam's moments             {_gib(memory.state)}{each}",
        f"  feature maps and gradients, at most           {_gib(memory.iteration)}{each}",
        f"  process, training on CPUs                     {_gib(memory.process)}",
    ]
    iterations = input_speed / settings.batch_size
    lines.append(
        f"Input alone: {input_speed:.0f} examples/s, enough for {iterations:.1f} iterations/s."
    )
    return "\n".join(lines)


def _gib(number: int) -> str:
    return f"{number / _GIB:8.2f} GiB"
