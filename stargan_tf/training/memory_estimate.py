"""How much memory training needs, estimated from the state and the graph of an iteration."""

from collections.abc import Mapping
from typing import NamedTuple

import tensorflow as tf

from stargan_tf.algorithms.algorithm import Algorithm
from stargan_tf.training.live_tensors import most_live_bytes, needed
from stargan_tf.training.state import TrainState
from stargan_tf.training.step import TrainStep

# How many iterations are searched for the one with most updates.
_ITERATIONS = 256
# Three numbers are fitted to measurements (docs/performance.md): what an operation of the graph
# takes, traced, optimised and loaded; what any training takes, such as threads' work space; and how
# much of the heap lies idle, as a share of the tensors in it.
_OPERATION_BYTES = 26_000
_RUNTIME_BYTES = 120_000_000
_IDLE_SHARE = 0.22


class MemoryEstimate(NamedTuple):
    """Bytes.

    Attributes:
      program: Python with TensorFlow, and the graph, once in a process.
      state: weights, their averages and Adam's moments, of each replica.
      iteration: feature maps and gradients at most, of each replica.
      replicas: how many train together.
    """

    program: int
    state: int
    iteration: int
    replicas: int

    @property
    def process(self) -> int:
        """All together, where the replicas are the CPU, or parts of it."""
        return self.program + self.replicas * (self.state + self.iteration)


def estimate_memory(
    state: TrainState,
    strategy: tf.distribute.Strategy,
    batch: Mapping[str, tf.TensorSpec],
    program: int,
) -> MemoryEstimate:
    """Traces an iteration, without running it.

    Takes no account of XLA, nor of what runs beside the iteration: input, samples, evaluation.

    Args:
      state: made within the strategy's scope.
      strategy: whose replicas train.
      batch: one replica's share of a batch, by the names of the draws.
      program: bytes that the process held before the state was made.
    """
    step = TrainStep(state, strategy, xla=False).compiled(_most_updates(state.algorithm))
    graph = step.get_concrete_function(dict(batch)).graph
    operations = needed(graph)
    replicas = strategy.num_replicas_in_sync
    of_one = operations
    if replicas > 1:  # all of them do the same
        first = strategy.extended.worker_devices[0]
        devices = ("", tf.DeviceSpec.from_string(first).to_string())
        of_one = [operation for operation in operations if operation.device in devices]
    return MemoryEstimate(
        program=program + _RUNTIME_BYTES + _OPERATION_BYTES * len(operations),
        state=state_bytes(state),
        iteration=int((1 + _IDLE_SHARE) * most_live_bytes(of_one)),
        replicas=replicas,
    )


def state_bytes(state: TrainState) -> int:
    """Bytes of the numbers that stay from iteration to iteration, all of them float32."""
    trained = sum(map(_trained_numbers, state.networks.values()))
    networks = (*state.networks.values(), *state.averages.values(), *state.pretrained.values())
    return 4 * (sum(network.count_params() for network in networks) + 2 * trained)  # two moments


def _trained_numbers(network: tf.Module) -> int:
    return sum(weight.shape.num_elements() for weight in network.trainable_variables)


def _most_updates(algorithm: Algorithm) -> tuple[str, ...]:
    return max(map(algorithm.updates_at, range(_ITERATIONS)), key=len)
