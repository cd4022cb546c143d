"""The memory of training, in a process of its own, so that nothing else counts."""

import multiprocessing
from typing import Any

from stargan_tf import process_memory
from stargan_tf.config.train import TrainConfig

_ITERATIONS = 3


def training_memory_apart(settings: TrainConfig, num_labels: int) -> dict[str, Any]:
    """Runs `training_memory` in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(training_memory, (settings, num_labels))


def training_memory(settings: TrainConfig, num_labels: int) -> dict[str, Any]:
    """Trains a few iterations on drawn images, and reads what the process held.

    Args:
      settings: of the run.
      num_labels: K.

    Returns:
      Bytes: `program_bytes` with TensorFlow imported and nothing made, `state_bytes` with networks,
      averages and optimizers, `peak_bytes` at most while training, `device_peak_bytes` on GPUs
      (None without), and `estimated_bytes`, what `train --dry_run` estimates for the process.
    """
    # Imported here: the process that asks needs none of it.
    import tensorflow as tf

    from stargan_tf.algorithms.registry import make_algorithm
    from stargan_tf.benchmarking.inputs import drawn_batch
    from stargan_tf.benchmarking.memory import PeakMemory
    from stargan_tf.benchmarking.training import Training
    from stargan_tf.training.memory_estimate import estimate_memory
    from stargan_tf.training.runtime import make_strategy

    strategy = make_strategy(settings)
    algorithm = make_algorithm(settings, num_labels)
    rows = settings.batch_size // strategy.num_replicas_in_sync
    batch = drawn_batch(algorithm.draws(), settings.img_size, num_labels, rows)
    program = process_memory.held()
    peak = PeakMemory()
    training = Training(algorithm, strategy, [batch] * strategy.num_replicas_in_sync)
    state = process_memory.held()
    for work in training.iteration_works():
        for _ in range(_ITERATIONS):
            work.run()
    found = peak.read()
    # Linux counts late, so that the peak that it tells can lie below what it told before.
    most = None if found.host is None else max(found.host, state)
    # After the peak was read: it traces an iteration once more.
    specs = {name: tf.TensorSpec(value.shape, value.dtype) for name, value in batch.items()}
    estimate = estimate_memory(training.state, strategy, specs, program)
    return {
        "program_bytes": program,
        "state_bytes": state,
        "peak_bytes": most,
        "device_peak_bytes": found.device,
        "estimated_bytes": estimate.process,
    }
