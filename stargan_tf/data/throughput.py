"""How fast the input is on its own."""

import itertools
import time

import tensorflow as tf


def measure_throughput(dataset: tf.data.Dataset, *, batches: int = 20, warmup: int = 4) -> float:
    """Measures an input pipeline with nothing else running.

    Args:
      dataset: of batches; `train_dataset` or `eval_dataset`.
      batches: to measure; fewer if the dataset ends.
      warmup: batches to take first, while buffers and threads build up.

    Returns:
      Examples per second, to compare with those that training consumes. An example
      of `train_dataset` is three images, all of which are counted in its time.
    """
    iterator = iter(dataset)
    for _ in itertools.islice(iterator, warmup):
        pass
    examples = 0
    start = time.perf_counter()
    for batch in itertools.islice(iterator, batches):
        examples += int(tf.shape(tf.nest.flatten(batch)[0])[0])
    return examples / (time.perf_counter() - start)
